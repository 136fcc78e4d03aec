"""Stripe's API key and webhook secrets: from the environment, or from Secrets Manager where a
rolled secret is noticed without a deployment."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.settings import Misconfigured, without_blanks
from adapters.signatures import is_signed

# An attacker's bad signatures must not become calls to Secrets Manager.
REFRESH_EVERY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class StripeCredentials:
    """What Stripe gave us to call it, and to know its deliveries by.

    `refused` says why the secret that should hold them is not used: then there are none, so that
    no delivery verifies.
    """

    api_key: str = field(default="", repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    refused: str | None = None


class StripeKeyring:
    """The credentials as they are now. `read(anew)` gives them, from the source when `anew`."""

    def __init__(
        self,
        read: Callable[[bool], StripeCredentials],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._clock = clock
        self._refreshed_at = float("-inf")

    @property
    def credentials(self) -> StripeCredentials:
        return self._read(False)

    @property
    def api_key(self) -> str:
        """Raises Misconfigured when the secret that should hold it is refused."""
        known = self.credentials
        if known.refused is not None:
            raise Misconfigured(known.refused)
        return known.api_key

    def is_signed(self, body: bytes, header: str) -> bool:
        """Whether any current webhook secret signed `body`.

        A signature that does not verify may be made with a secret rolled a moment ago, so the
        source is asked once more, at most once a minute.
        """
        known = self.credentials.webhook_secrets
        if is_signed(body, header, known):
            return True
        if self._clock() - self._refreshed_at < REFRESH_EVERY_SECONDS:
            return False
        self._refreshed_at = self._clock()
        newer = self._read(True).webhook_secrets
        return newer != known and is_signed(body, header, newer)


def credentials_of(secret: Mapping[str, Any] | None) -> StripeCredentials:
    """Reads the secret `{"api_key": "...", "webhook_secrets": ["whsec_..."]}`, None when it is no
    JSON object. One string is one webhook secret; what is missing is not there; anything else is
    refused as a whole."""
    if secret is None:
        return StripeCredentials(refused="the Stripe secret must be a JSON object")
    api_key, given = secret.get("api_key"), secret.get("webhook_secrets")
    if not isinstance(api_key, str | None):
        return StripeCredentials(refused="api_key in the Stripe secret must be a string")
    texts = [given] if isinstance(given, str) else [] if given is None else given
    if not isinstance(texts, list) or not all(_is_filled(text) for text in texts):
        return StripeCredentials(
            refused="webhook_secrets in the Stripe secret must be a string, or a list of strings,"
            " none of them empty"
        )
    return StripeCredentials(without_blanks(api_key or ""), tuple(map(without_blanks, texts)))


def _is_filled(text: object) -> bool:
    return isinstance(text, str) and without_blanks(text) != ""
