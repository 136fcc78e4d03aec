"""Is this body signed by Stripe, now, with one of our secrets?

https://docs.stripe.com/webhooks#verify-manually
"""

import re
import time
from collections.abc import Sequence

from stripe import SignatureVerificationError, WebhookSignature

TOLERANCE_SECONDS = 300


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
