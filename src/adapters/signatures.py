"""Is this body signed by Stripe, now, with one of our secrets?

https://docs.stripe.com/webhooks#verify-manually
"""

import time
from collections.abc import Sequence

from stripe import SignatureVerificationError, WebhookSignature

TOLERANCE_SECONDS = 300


def is_signed(body: bytes, header: str, secrets: Sequence[str]) -> bool:
    """True when any of `secrets` made a signature in `header` over exactly these bytes, at most
    five minutes ago or ahead. No secrets: nothing is signed.
    """
    if not header.isascii() or _seconds_ahead(header) > TOLERANCE_SECONDS:
        return False
    return any(_verifies(body, header, secret) for secret in secrets)


def _verifies(body: bytes, header: str, secret: str) -> bool:
    try:
        WebhookSignature.verify_header(body, header, secret, TOLERANCE_SECONDS)
    except (SignatureVerificationError, UnicodeDecodeError):
        return False
    return True


def _seconds_ahead(header: str) -> float:
    """The stripe package refuses old timestamps only; one from the future would stay valid until
    then. A header without a timestamp is left to the package, which refuses it."""
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name == "t" and value.strip().isdecimal():
            return int(value) - time.time()
    return 0.0
