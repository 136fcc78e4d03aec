"""What became of a charge's money: how much was captured, given back, and is in dispute.

Open and lost disputes count, won ones and inquiries do not.

Statuses: https://docs.stripe.com/api/disputes/object#dispute_object-status
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.stripe_objects import NOTHING, amount, expanded, listed, text, whole

OPEN = frozenset(("needs_response", "under_review"))
# An inquiry (warning_*) withdraws nothing until it becomes a dispute.
HARMLESS = frozenset(("won", "warning_needs_response", "warning_under_review", "warning_closed"))


@dataclass(frozen=True, slots=True)
class Disputed:
    """The amount in open or lost disputes, in minor units of the charge's currency (None: it
    cannot be read), and whether any of them is open."""

    amount_minor: int | None
    is_open: bool

    @property
    def takes_any(self) -> bool:
        return self.amount_minor != 0


def disputed_of(
    disputes: Sequence[Mapping[str, Any]], charge: Mapping[str, Any] = NOTHING
) -> Disputed:
    """Adds up what the disputes of one `charge` have taken away of it."""
    counted = [dispute for dispute in disputes if counts(dispute)]
    amounts = [disputed_minor(dispute, charge) for dispute in counted]
    known = [each for each in amounts if each is not None]
    return Disputed(
        sum(known) if len(known) == len(amounts) else None,
        any(text(dispute.get("status")) in OPEN for dispute in counted),
    )


def captured_minor(charge: Mapping[str, Any]) -> int | None:
    """What was taken of a charge: of a reservation, the part that was captured."""
    captured = charge.get("amount_captured")
    return amount(captured if captured not in (None, 0) else charge.get("amount"))


def refunded_minor(charge: Mapping[str, Any]) -> int | None:
    """What was given back of a charge's captured part: Stripe counts the rest of a reservation,
    which was never taken, as refunded too, once no more of it can be captured. 0 for a charge that
    is not there."""
    said = charge.get("amount_refunded")
    refunded = 0 if said is None or charge.get("captured") is False else amount(said)
    captured, reserved = captured_minor(charge), amount(charge.get("amount"))
    if refunded is None or captured is None or reserved is None:
        return refunded
    released = max(reserved - captured, 0)
    if released and charge.get("refunded") is True:
        return captured
    return refunded - released if refunded >= released else refunded


def counts(dispute: Mapping[str, Any]) -> bool:
    status = text(dispute.get("status"))
    if status in OPEN or status == "lost":
        return True
    # "prevented", or a status yet to be invented: what the bank moved decides.
    return status not in HARMLESS and sum(moved_minor(dispute)) < 0


def moved_minor(dispute: Mapping[str, Any]) -> list[int]:
    """What the bank has moved in the account's own currency, both ways."""
    return [
        whole(moved.get("amount")) or 0 for moved in listed(dispute.get("balance_transactions"))
    ]


def disputed_minor(dispute: Mapping[str, Any], charge: Mapping[str, Any]) -> int | None:
    disputed, currency = amount(dispute.get("amount")), charge.get("currency")
    if disputed is None or currency in (None, dispute.get("currency")):
        return disputed
    return share_minor(dispute, charge)


def share_minor(dispute: Mapping[str, Any], charge: Mapping[str, Any]) -> int | None:
    """The part of a charge that a dispute in another currency stands for: as much of it as of
    what the charge was settled for. All of it, while that cannot be compared.
    """
    charged, settled = captured_minor(charge), expanded(charge.get("balance_transaction"))
    settled_minor, currency = amount(settled.get("amount")), settled.get("currency")
    withdrawn = (
        amount(dispute.get("amount"))
        if dispute.get("currency") == currency
        else -sum(each for each in moved_minor(dispute) if each < 0)
    )
    if charged is None or not settled_minor or not withdrawn:
        return charged
    # Rounded half up, in integers.
    return min(charged, (2 * charged * withdrawn + settled_minor) // (2 * settled_minor))
