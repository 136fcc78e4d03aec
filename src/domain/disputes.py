"""How much of a charge is in dispute: open and lost disputes count, won ones and inquiries do not.

Statuses: https://docs.stripe.com/api/disputes/object#dispute_object-status
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OPEN = frozenset(("needs_response", "under_review"))
# An inquiry (warning_*) withdraws nothing until it becomes a dispute.
HARMLESS = frozenset(("won", "warning_needs_response", "warning_under_review", "warning_closed"))


@dataclass(frozen=True, slots=True)
class Disputed:
    """The amount in open or lost disputes, in minor units, and whether any of them is open."""

    amount_minor: int
    is_open: bool


def disputed_of(disputes: Sequence[Mapping[str, Any]]) -> Disputed:
    """Adds up what the disputes of one charge have taken away."""
    counted = [dispute for dispute in disputes if _counts(dispute)]
    return Disputed(
        sum(int(dispute["amount"]) for dispute in counted),
        any(dispute.get("status") in OPEN for dispute in counted),
    )


def _counts(dispute: Mapping[str, Any]) -> bool:
    status = dispute.get("status")
    if status in OPEN or status == "lost":
        return True
    # "prevented", or a status yet to be invented: what the bank moved decides.
    return status not in HARMLESS and _net_minor(dispute) < 0


def _net_minor(dispute: Mapping[str, Any]) -> int:
    return sum(int(moved["amount"]) for moved in dispute.get("balance_transactions") or ())
