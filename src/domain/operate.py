"""Does what an operator asked for: a decision about a payment goes through the five steps, the
rest is one statement each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from domain.converge import Outcome, StripeRefused, StripeUnreachable, TryLater
from domain.events import Hint, Reference, ReferenceKind, Resolution, Source, identify
from domain.operations import (
    AdjustCredits,
    EraseUser,
    Operation,
    OperationRefused,
    ReplayEvent,
    ResolvePayment,
    Signed,
)


@dataclass(frozen=True, slots=True)
class Done:
    """The operation is done: `outcome` is recorded, unchanged, or duplicate (done before)."""

    signed: Signed
    outcome: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RememberedEvent:
    """What is known of an event or request done before."""

    event_type: str
    object_id: str | None
    session_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentToResolve:
    """The payment an operator names, as it stands; `session_id` None when there is none."""

    done_before: RememberedEvent | None
    session_id: str | None
    user_id: str | None
    held_reason: str | None
    package_is_known: bool


class Books(Protocol):
    """The database side of operations. Writes give None when the request was done before."""

    def find_payment(self, operation: ResolvePayment) -> PaymentToResolve: ...

    def find_event(self, event_id: str) -> RememberedEvent | None: ...

    def adjust(self, operation: AdjustCredits) -> int | None:
        """The new balance; None also when the user is not known and may not be made."""

    def erase(self, operation: EraseUser) -> int | None:
        """How many payments were erased."""


EventOfStripe = Mapping[str, Any] | StripeUnreachable | StripeRefused | None


@dataclass(frozen=True, slots=True)
class Desk:
    """What operations work with. `event` asks Stripe for an event, None when it has none."""

    books: Books
    converge: Callable[[Hint], Outcome | TryLater]
    event: Callable[[str], EventOfStripe]
    livemode: bool


def operate(operation: Operation, desk: Desk) -> Done | OperationRefused:
    """Does the operation once, whatever is sent again."""
    match operation:
        case ResolvePayment():
            return _resolve(operation, desk)
        case AdjustCredits():
            return _adjust(operation, desk.books)
        case ReplayEvent():
            return _replay(operation, desk)
        case EraseUser():
            return _erase(operation, desk.books)


def _resolve(operation: ResolvePayment, desk: Desk) -> Done | OperationRefused:
    found = desk.books.find_payment(operation)
    if found.done_before is not None:
        return _done_before(operation.signed, found.done_before, found.session_id)
    refused = _why_not_resolved(operation, found)
    if refused is not None or found.session_id is None:
        return refused or OperationRefused("unknown_payment", "there is no such payment")
    signed = operation.signed
    hint = Hint(
        event_id=signed.event_id,
        event_type=signed.event_type,
        source=Source.OPERATIONS,
        reference=Reference(ReferenceKind.CHECKOUT_SESSION, found.session_id),
        resolution=Resolution(
            user_id=operation.user_id,
            package_id=operation.package_id,
            actor=signed.actor,
            note=signed.note,
        ),
    )
    return _converged(signed, desk.converge(hint))


def _why_not_resolved(
    operation: ResolvePayment, found: PaymentToResolve
) -> OperationRefused | None:
    if found.session_id is None:
        return OperationRefused("unknown_payment", f"there is no payment {operation.payment_id}")
    if found.held_reason is None:
        return OperationRefused("not_held", f"{operation.payment_id} is not held")
    if operation.package_id is not None and not found.package_is_known:
        return OperationRefused("unknown_package", f"there is no package {operation.package_id}")
    if operation.user_id is None and found.user_id is None:
        return OperationRefused("user_required", "the payment names nobody: say who, as user_id")
    return None


def _adjust(operation: AdjustCredits, books: Books) -> Done | OperationRefused:
    balance = books.adjust(operation)
    details = {"user_id": operation.user_id, "delta": operation.delta}
    if balance is not None:
        return Done(operation.signed, "recorded", {**details, "balance": balance})
    before = books.find_event(operation.signed.event_id)
    if before is None:
        return OperationRefused("unknown_user", f"there is no user {operation.user_id}")
    return _done_before(operation.signed, before, operation.user_id)


def _replay(operation: ReplayEvent, desk: Desk) -> Done | OperationRefused:
    signed = operation.signed
    before = desk.books.find_event(signed.event_id)
    if before is not None:
        return _done_before(signed, before, before.object_id)
    hint = _hint_of(operation, desk)
    return _converged(signed, desk.converge(hint)) if isinstance(hint, Hint) else hint


def _hint_of(operation: ReplayEvent, desk: Desk) -> Hint | OperationRefused:
    """The event again, under the request's id. Stripe keeps events for 30 days
    (https://docs.stripe.com/api/events); after that what we remember leads to the session."""
    signed, event = operation.signed, desk.event(operation.replayed_event_id)
    if isinstance(event, StripeUnreachable | StripeRefused):
        return OperationRefused("not_done", event.why)
    if event is None:
        return _hint_from_memory(operation, desk.books)
    identified = identify(event, Source.OPERATIONS, desk.livemode)
    if not isinstance(identified, Hint):
        return OperationRefused("not_ours", f"nothing to do with this event: {identified.reason}")
    return replace(
        identified, event_id=signed.event_id, event_type=signed.event_type, snapshot=None
    )


def _hint_from_memory(operation: ReplayEvent, books: Books) -> Hint | OperationRefused:
    remembered = books.find_event(operation.replayed_event_id)
    if remembered is None or remembered.session_id is None:
        return OperationRefused(
            "unknown_event", f"neither Stripe nor the till knows {operation.replayed_event_id}"
        )
    return Hint(
        event_id=operation.signed.event_id,
        event_type=operation.signed.event_type,
        source=Source.OPERATIONS,
        reference=Reference(ReferenceKind.CHECKOUT_SESSION, remembered.session_id),
    )


def _erase(operation: EraseUser, books: Books) -> Done | OperationRefused:
    payments = books.erase(operation)
    if payments is not None:
        return Done(operation.signed, "recorded", {"payments": payments})
    before = books.find_event(operation.signed.event_id)
    # The request remembers the alias; to compare it with the person would keep the person.
    return _done_before(operation.signed, before, before.object_id if before else None)


def _converged(signed: Signed, outcome: Outcome | TryLater) -> Done | OperationRefused:
    if isinstance(outcome, TryLater):
        return OperationRefused("not_done", f"{outcome.why}; nothing was written")
    delta = outcome.write.entry.delta if outcome.write and outcome.write.entry else 0
    return Done(signed, outcome.verdict, {"payment_id": outcome.payment_id, "delta": delta})


def _done_before(
    signed: Signed, before: RememberedEvent | None, object_id: str | None
) -> Done | OperationRefused:
    if before is None or (before.event_type, before.object_id) != (signed.event_type, object_id):
        return OperationRefused(
            "request_id_reused", f"request_id {signed.request_id} was used for something else"
        )
    return Done(signed, "duplicate")
