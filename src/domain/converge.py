"""The five steps: identify, find, retrieve, derive, record, until the row agrees with Stripe.

A record names the revision of the row that it was derived from. When somebody wrote meanwhile,
nothing is written and the steps start again from find, so that an older view of Stripe never
replaces a newer one. For the same reason a record that changes nothing still raises the revision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from domain.derive import derive
from domain.events import Hint, Reference, ReferenceKind
from domain.ledger import Entry, entry_for
from domain.packages import Package
from domain.payment import Payment, held_for_unknown_user
from domain.snapshot import payment_from_snapshot
from domain.stripe_objects import Purchase

# A race is lost only to a write that succeeded, so a few rounds outlast any burst of one
# purchase's events; past them Stripe delivers again.
ROUNDS = 5


class Verdict(StrEnum):
    """What came of an event whose work is done."""

    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class StandingPayment:
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
    standing: StandingPayment | None
    catalogue: Sequence[Package]
    user_is_still_unknown: bool = False

    @property
    def standing_payment(self) -> Payment | None:
        return None if self.standing is None else self.standing.payment


@dataclass(frozen=True, slots=True)
class NoCheckoutSession:
    """Stripe knows no Checkout session behind the reference."""


@dataclass(frozen=True, slots=True)
class StripeUnreachable:
    """Stripe gave no usable answer; `why` names the failure without personal data."""

    why: str


@dataclass(frozen=True, slots=True)
class StripeRefused:
    """Stripe will not serve the call (key, permission, unknown id) until somebody mends it;
    `about_object`: for what was asked about, not for the key."""

    why: str
    about_object: bool = False


Retrieved = Purchase | NoCheckoutSession | StripeUnreachable | StripeRefused


@dataclass(frozen=True, slots=True)
class Write:
    """One event's whole effect, to be written in one statement or not at all."""

    hint: Hint
    verdict: Verdict
    payment: Payment
    standing: StandingPayment | None
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a write came to in the database."""

    payment_id: str
    held_reason: str | None


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
    """Nothing was written; the same event may work later."""

    event_id: str
    why: str


class Till(Protocol):
    """The database side of the five steps."""

    def find(self, event_id: str, reference: Reference) -> Found: ...

    def record(self, write: Write) -> Recorded | None:
        """None when the row is no longer at the revision of `write.standing`."""

    def record_ignored(self, hint: Hint) -> None: ...


class Stripe(Protocol):
    """The Stripe side of the five steps."""

    def retrieve(self, reference: Reference) -> Retrieved: ...


def converge(hint: Hint, till: Till, stripe: Stripe) -> Outcome | TryLater:
    """Makes the payment that `hint` is about agree with Stripe, once."""
    reference = hint.reference
    for _ in range(ROUNDS):
        found = till.find(hint.event_id, reference)
        if found.event_is_known:
            return Outcome(
                verdict=Verdict.DUPLICATE,
                event_id=hint.event_id,
                payment_id=found.known_payment_id,
            )
        payment = _payment(hint, found, stripe.retrieve(reference))
        if not isinstance(payment, Payment):
            return _without_payment(hint, till, payment)
        if hint.resolution is not None and payment.held_reason is not None:
            return TryLater(hint.event_id, f"still held: {payment.held_reason}")
        outcome = _record(hint, till, found, payment)
        if outcome is not None:
            return outcome
        # Somebody else may have recorded the session by now, known by its id alone.
        reference = Reference(ReferenceKind.CHECKOUT_SESSION, payment.stripe_session_id)
    return TryLater(hint.event_id, "others kept writing to this payment")


def _payment(
    hint: Hint, found: Found, retrieved: Retrieved
) -> Payment | StripeUnreachable | StripeRefused | None:
    """The payment that must stand, None when it is not ours, or why that cannot be said now."""
    match retrieved:
        case NoCheckoutSession():
            return None
        case Purchase():
            return derive(retrieved, found.catalogue, found.standing_payment, hint.resolution)
        case StripeUnreachable() if found.standing is None:
            return payment_from_snapshot(hint, found.catalogue) or retrieved
    return retrieved


def _without_payment(
    hint: Hint, till: Till, failure: StripeUnreachable | StripeRefused | None
) -> Outcome | TryLater:
    if failure is not None:
        return TryLater(hint.event_id, failure.why)
    till.record_ignored(hint)
    return Outcome(
        verdict=Verdict.IGNORED, event_id=hint.event_id, reason="no purchase of a package"
    )


def _record(hint: Hint, till: Till, found: Found, payment: Payment) -> Outcome | None:
    before = found.standing_payment
    if found.user_is_still_unknown and hint.resolution is None:
        payment = held_for_unknown_user(payment)
    verdict = Verdict.UNCHANGED if payment == before else Verdict.RECORDED
    write = Write(hint, verdict, payment, found.standing, entry_for(payment, before))
    recorded = till.record(write)
    if recorded is None:
        return None
    return Outcome(
        verdict=verdict,
        event_id=hint.event_id,
        payment_id=recorded.payment_id,
        write=write,
        held_reason=recorded.held_reason,
    )
