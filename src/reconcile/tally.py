"""What a run has counted: objects looked at, deliveries missed, repairs and failures."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from domain.converge import Outcome, Verdict
from domain.payment import Payment
from reconcile.compare import Difference, changed_fields

# A Lambda's answer may have 6 MB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LISTED = 200


class Cause(StrEnum):
    """Why there was something to repair. The first two mean that a delivery was lost."""

    EVENT_NOT_DELIVERED = "event_not_delivered"
    NO_EVENT = "no_event"
    COMPLETED = "completed"
    TERMS_CHANGED = "terms_changed"

    @property
    def delivery_was_lost(self) -> bool:
        return self in (Cause.EVENT_NOT_DELIVERED, Cause.NO_EVENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A payment that was made to agree with Stripe. `delta` is in credits; `why` is a sentence
    without personal data."""

    event_id: str
    session_id: str
    payment_id: str | None
    payment_status: str
    delta: int
    cause: Cause
    why: str

    def as_json(self) -> dict[str, Any]:
        """`{"event_id", "session_id", "payment_id", "payment_status", "delta", "cause", "why"}`"""
        return {**asdict(self), "cause": str(self.cause)}


@dataclass(frozen=True, slots=True)
class Failure:
    """An object that could not be dealt with, and was passed by."""

    object_id: str
    why: str


@dataclass(slots=True)
class Tally:
    """The counts of one run. Only the first `LISTED` repairs are kept, for they may be the sales
    of years; failures all are, because nothing else remembers them."""

    checked: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    repairs: list[Repair] = field(default_factory=list)
    repairs_total: int = 0
    lost_deliveries: int = 0
    failures: list[Failure] = field(default_factory=list)

    def repaired(self, repair: Repair) -> None:
        self.repairs_total += 1
        self.lost_deliveries += repair.cause.delivery_was_lost
        if len(self.repairs) < LISTED:
            self.repairs.append(repair)


def repair_of_event(outcome: Outcome, event_type: str) -> Repair | None:
    """The repair that an event made which nobody delivered, if it made one."""
    why = f"The event {event_type} was not delivered."
    return repair_of(outcome, Cause.EVENT_NOT_DELIVERED, why)


def repair_of_difference(outcome: Outcome, found: Difference) -> Repair | None:
    """The repair of a payment that differed, if it still did when it was written."""
    before = found.found.stored.payment if found.found else None
    return repair_of(outcome, cause_of(before, found.payment), " ".join(found.sentences))


# What an event would have told.
_TOLD_BY_EVENTS = frozenset(
    (
        "payment_status",
        "amount_charged_minor",
        "amount_refunded_minor",
        "amount_disputed_minor",
        "stripe_payment_intent_id",
    )
)


def cause_of(before: Payment | None, after: Payment) -> Cause:
    """Why two payments of one session differ."""
    if before is None or _TOLD_BY_EVENTS.intersection(changed_fields(before, after)):
        return Cause.NO_EVENT
    if not before.enriched or before.amount_paid_cents is None:
        return Cause.COMPLETED
    return Cause.TERMS_CHANGED


def repair_of(outcome: Outcome, cause: Cause, why: str) -> Repair | None:
    write = outcome.write
    if outcome.verdict is not Verdict.RECORDED or write is None:
        return None
    held = outcome.held_reason is not None
    return Repair(
        event_id=outcome.event_id,
        session_id=write.payment.stripe_session_id,
        payment_id=outcome.payment_id or None,
        payment_status=str(write.payment.payment_status),
        delta=write.entry.delta if write.entry and not held else 0,
        cause=cause,
        why=why,
    )
