"""The ledger entry that takes a payment from the credits it granted to those it entitles to."""

from dataclasses import dataclass
from enum import StrEnum

from domain.payment import Payment


class Reason(StrEnum):
    """Why an entry was made, in a word."""

    PURCHASE = "purchase"
    REFUND = "refund"
    DISPUTE = "dispute"
    REINSTATEMENT = "reinstatement"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True)
class Entry:
    """A change of a balance by `delta` credits, which is never 0."""

    delta: int
    reason: Reason


def entry_for(payment: Payment, before: Payment | None) -> Entry | None:
    """The one entry between the row `before` (None: no row) and `payment`, if one is due."""
    delta = payment.credits_granted - (before.credits_granted if before else 0)
    if delta == 0:
        return None
    if before is None:
        return Entry(delta, Reason.PURCHASE)
    return Entry(delta, _taken_back(payment, before) if delta < 0 else _given(payment, before))


def _taken_back(payment: Payment, before: Payment) -> Reason:
    if payment.amount_disputed_minor > before.amount_disputed_minor:
        return Reason.DISPUTE
    if payment.returned_minor > before.returned_minor:
        return Reason.REFUND
    return Reason.ADJUSTMENT


def _given(payment: Payment, before: Payment) -> Reason:
    if payment.returned_minor < before.returned_minor:
        return Reason.REINSTATEMENT
    return Reason.ADJUSTMENT if before.credits_granted else Reason.PURCHASE
