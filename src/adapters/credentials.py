"""Stripe's API key and webhook secrets, from the environment or from Secrets Manager where a rolled
secret is noticed without a deployment; and is this body signed with one of them?

https://docs.stripe.com/webhooks#verify-manually
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stripe import SignatureVerificationError, WebhookSignature

from adapters.settings import Misconfigured, without_blanks

# An attacker's bad signatures must not become calls to Secrets Manager.
REFRESH_EVERY_SECONDS = 60
TOLERANCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class StripeSecrets:
    """What Stripe gave us to call it, and to know its deliveries by.

    `refused` says why the secret that should hold them is not used: then there are none, so that
    no delivery verifies.
    """

    api_key: str = field(default="", repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    refused: str | None = None


class Credentials:
    """The credentials as they are now. `read(anew)` gives them, from the source when `anew`."""

    def __init__(
        self,
        read: Callable[[bool], StripeSecrets],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._clock = clock
        self._refreshed_at = float("-inf")

    @property
    def secrets(self) -> StripeSecrets:
        return self._read(False)

    @property
    def secrets_now(self) -> StripeSecrets:
        """Those that the source has at this moment, which are known from then on."""
        return self._read(True)

    @property
    def api_key(self) -> str:
        """Raises Misconfigured when the secret that should hold it is refused."""
        known = self.secrets
        if known.refused is not None:
            raise Misconfigured(known.refused)
        return known.api_key

    def is_signed(self, body: bytes, header: str) -> bool:
        """Whether any current webhook secret signed `body`.

        A signature that does not verify may be made with a secret rolled a moment ago, so the
        source is asked once more, at most once a minute.
        """
        known = self.secrets.webhook_secrets
        if is_signed(body, header, known):
            return True
        if self._clock() - self._refreshed_at < REFRESH_EVERY_SECONDS:
            return False
        self._refreshed_at = self._clock()
        newer = self._read(True).webhook_secrets
        return newer != known and is_signed(body, header, newer)


def secrets_of(secret: Mapping[str, Any] | None) -> StripeSecrets:
    """Reads the secret `{"api_key": "...", "webhook_secrets": ["whsec_..."]}`, None when it is no
    JSON object. One string is one webhook secret; what is missing is not there; anything else is
    refused as a whole."""
    if secret is None:
        return StripeSecrets(refused="the Stripe secret must be a JSON object")
    api_key, given = secret.get("api_key"), secret.get("webhook_secrets")
    if not isinstance(api_key, str | None):
        return StripeSecrets(refused="api_key in the Stripe secret must be a string")
    texts = [given] if isinstance(given, str) else [] if given is None else given
    if not isinstance(texts, list) or not all(_is_filled(text) for text in texts):
        return StripeSecrets(
            refused="webhook_secrets in the Stripe secret must be a string, or a list of strings,"
            " none of them empty"
        )
    return StripeSecrets(without_blanks(api_key or ""), tuple(map(without_blanks, texts)))


def _is_filled(text: object) -> bool:
    return isinstance(text, str) and without_blanks(text) != ""


def is_signed(body: bytes, header: str, secrets: Sequence[str]) -> bool:
    """True when any of `secrets` made a signature in `header` over exactly these bytes, at most
    five minutes ago or ahead. No secrets: nothing is signed.
    """
    timestamp = _timestamp(header)
    # The stripe package refuses old timestamps only; one from the future would stay valid.
    if timestamp is None or timestamp - time.time() > TOLERANCE_SECONDS:
        return False
    return any(_verifies(body, header, secret) for secret in secrets)


def _verifies(body: bytes, header: str, secret: str) -> bool:
    try:
        WebhookSignature.verify_header(body, header, secret, TOLERANCE_SECONDS)
    # A secret may have characters, too, that cannot be encoded.
    except (SignatureVerificationError, UnicodeError):
        return False
    return True


def _timestamp(header: str) -> int | None:
    """The timestamp that the package will take, if Stripe could have written it so. The package
    also takes "+5", "1_000" and other scripts' digits."""
    if not header.isascii():
        return None
    items = [item.split("=", 2) for item in header.split(",")]
    taken = next((item[1] for item in items if item[0] == "t" and len(item) > 1), "")
    return int(taken) if re.fullmatch("[0-9]{1,12}", taken) else None
