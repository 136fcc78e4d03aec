"""The five steps: identify, find, retrieve, derive, record, until the row agrees with Stripe.

A record names the revision of the row that it was derived from. When somebody wrote meanwhile,
nothing is written and the steps start again from find, so that an older view of Stripe never
replaces a newer one. For the same reason a record that changes nothing still raises the revision.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from domain.derive import derive, payment_from_snapshot
from domain.events import Hint, Origin, Reference, ReferenceKind, created_at
from domain.packages import USUAL_RULES, Package, Rules
from domain.payment import Entry, Payment, entry_for, held_as_unreadable, held_for_unknown_user
from domain.stripe_objects import (
    NoCheckoutSession,
    ObjectGone,
    Purchase,
    Retrieved,
    RetrievedEvent,
    StripeRefused,
    StripeUnreachable,
)

# A race is lost only to a write that succeeded, so a few rounds outlast any burst of one
# purchase's events; past them Stripe delivers again.
ROUNDS = 5

# Stripe may be a moment behind itself: only then is an object that it does not have gone.
GONE_AFTER_SECONDS = 3600


class Verdict(StrEnum):
    """What came of an event whose work is done."""

    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class StoredPayment:
    """The row as found: its id, the revision it is at, what it says, and whether the reports'
    totals have it."""

    payment_id: str
    revision: int
    payment: Payment
    is_counted: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """One read: was the event done before, the row if there is one, and what is for sale.

    `user_is_still_unknown`: the row is held for its user, rightly so. Whether a user is known is
    for the database to say; of a new payment it says so when it is recorded.
    """

    event_is_known: bool
    known_payment_id: str | None
    stored: StoredPayment | None
    packages: Sequence[Package]
    user_is_still_unknown: bool = False
    rules: Rules = USUAL_RULES

    @property
    def stored_payment(self) -> Payment | None:
        return None if self.stored is None else self.stored.payment

    @property
    def is_held(self) -> bool:
        return self.stored is not None and self.stored.payment.held_reason is not None


@dataclass(frozen=True, slots=True)
class Write:
    """One event's whole effect, to be written in one statement or not at all."""

    hint: Hint
    verdict: Verdict
    payment: Payment
    stored: StoredPayment | None
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a write came to in the database."""

    payment_id: str
    held_reason: str | None


@dataclass(frozen=True, slots=True)
class RowRefused:
    """The database will never store the row as it is; `why` names the failure only.
    `intent_is_taken`: the row of another session has the payment intent."""

    why: str
    intent_is_taken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The event is done; Stripe must not send it again."""

    verdict: Verdict
    event_id: str
    payment_id: str | None = None
    reason: str | None = None
    write: Write | None = None
    held_reason: str | None = None


@dataclass(frozen=True, slots=True)
class TryLater:
    """Nothing was written; the same event may work later, or not at all when what it is about
    `is_gone`."""

    event_id: str
    why: str
    is_gone: bool = False


class PaymentStore(Protocol):
    """The database side of the five steps."""

    def find(self, event_id: str, reference: Reference) -> Found: ...

    def record(self, write: Write) -> Recorded | RowRefused | None:
        """None when the row is no longer at the revision of `write.stored`."""

    def record_ignored(self, hint: Hint) -> None: ...


class Stripe(Protocol):
    """The Stripe side of the five steps."""

    def retrieve(self, reference: Reference) -> Retrieved: ...

    def event(self, event_id: str) -> RetrievedEvent: ...


def converge(
    hint: Hint, store: PaymentStore, stripe: Stripe, clock: Callable[[], float] = time.time
) -> Outcome | TryLater:
    """Makes the payment that `hint` is about agree with Stripe, once. `clock`: Unix seconds."""
    reference = hint.reference
    for _ in range(ROUNDS):
        found = store.find(hint.event_id, reference)
        if found.event_is_known:
            return Outcome(
                verdict=Verdict.DUPLICATE,
                event_id=hint.event_id,
                payment_id=found.known_payment_id,
            )
        if hint.resolution is not None and not found.is_held:
            return TryLater(hint.event_id, "somebody else has decided about the payment meanwhile")
        payment = payment_to_stand(hint, found, stripe.retrieve(reference))
        if isinstance(payment, ObjectGone):
            payment = whose(hint, stripe, clock)
        if not isinstance(payment, Payment):
            return without_payment(hint, store, payment)
        outcome = recorded(hint, store, found, payment)
        if isinstance(outcome, RowRefused):
            storable = held_as_unreadable(payment, with_intent=not outcome.intent_is_taken)
            outcome = recorded(hint, store, found, storable)
        if isinstance(outcome, RowRefused):
            return TryLater(hint.event_id, outcome.why)
        if outcome is not None:
            return outcome
        # Somebody else may have recorded the session by now, known by its id alone.
        reference = Reference(ReferenceKind.CHECKOUT_SESSION, payment.stripe_session_id)
    return TryLater(hint.event_id, "others kept writing to this payment")


Failure = StripeUnreachable | StripeRefused | ObjectGone


def payment_to_stand(hint: Hint, found: Found, retrieved: Retrieved) -> Payment | Failure | None:
    """The payment that must stand, None when it is not ours, or why that cannot be said now."""
    rules = replace(found.rules, installed_at=None) if hint.is_backfill else found.rules
    match retrieved:
        case NoCheckoutSession():
            return None
        case Purchase():
            stored = found.stored_payment
            return derive(retrieved, found.packages, stored, hint.resolution, rules=rules)
        case StripeUnreachable(answered=False) if found.stored is None:
            return payment_from_snapshot(hint, found.packages, rules) or retrieved
    return retrieved


def whose(hint: Hint, stripe: Stripe, clock: Callable[[], float]) -> Failure | None:
    """What an event is worth whose object Stripe does not have: nothing, if the event is this
    account's and Stripe had time to find the object."""
    if hint.origin is Origin.OPERATIONS:
        return ObjectGone()
    if hint.is_listed:
        return None
    event = stripe.event(hint.event_id)
    if isinstance(event, StripeUnreachable | StripeRefused):
        return event
    if event is None:
        return StripeRefused(
            "Stripe has neither the event nor its object: it is another account's, or the API key"
            " is; check STRIPE_API_KEY"
        )
    created = created_at(event.get("created"))
    if created is None or clock() - created.timestamp() < GONE_AFTER_SECONDS:
        return StripeRefused("Stripe does not have the event's object, or not yet")
    return None


def without_payment(hint: Hint, store: PaymentStore, failure: Failure | None) -> Outcome | TryLater:
    if failure is not None:
        return TryLater(hint.event_id, failure.why, isinstance(failure, ObjectGone))
    store.record_ignored(hint)
    return Outcome(
        verdict=Verdict.IGNORED, event_id=hint.event_id, reason="no purchase of a package"
    )


def recorded(
    hint: Hint, store: PaymentStore, found: Found, payment: Payment
) -> Outcome | TryLater | RowRefused | None:
    if hint.resolution is not None and payment.held_reason is not None:
        return TryLater(hint.event_id, f"still held: {payment.held_reason}")
    before = found.stored_payment
    if found.user_is_still_unknown and hint.resolution is None:
        payment = held_for_unknown_user(payment)
    verdict = Verdict.UNCHANGED if payment == before else Verdict.RECORDED
    write = Write(hint, verdict, payment, found.stored, entry_for(payment, before))
    written = store.record(write)
    if not isinstance(written, Recorded):
        return written
    return Outcome(
        verdict=verdict,
        event_id=hint.event_id,
        payment_id=written.payment_id,
        write=write,
        held_reason=written.held_reason,
    )
