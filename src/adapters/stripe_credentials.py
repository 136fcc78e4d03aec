"""Stripe's API key and webhook secrets: from the environment, or from Secrets Manager where a
rolled secret is noticed without a deployment."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.signatures import is_signed

# An attacker's bad signatures must not become calls to Secrets Manager.
REFRESH_EVERY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class StripeCredentials:
    """What Stripe gave us to call it, and to know its deliveries by."""

    api_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)


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
        return self.credentials.api_key

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


def credentials_of(secret: Mapping[str, Any]) -> StripeCredentials:
    """Reads the secret `{"api_key": "...", "webhook_secrets": ["whsec_..."]}`."""
    secrets = secret.get("webhook_secrets") or ()
    return StripeCredentials(
        api_key=str(secret.get("api_key") or ""),
        webhook_secrets=tuple(text for text in secrets if isinstance(text, str) and text.strip()),
    )
