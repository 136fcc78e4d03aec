"""Does what an operator asked for: a decision about a payment goes through the five steps, the
rest is one statement each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from domain.converge import Outcome, TryLater, Verdict
from domain.events import Hint, Origin, Reference, ReferenceKind, Resolution, Signed, identify
from domain.stripe_objects import RetrievedEvent, StripeRefused, StripeUnreachable
from operations.books import Books, NamedPayment
from operations.requests import (
    AdjustCredits,
    DismissPayment,
    ErasePayment,
    EraseUser,
    Operation,
    OperationRefused,
    ReplayEvent,
    ResolvePayment,
)

# What `identify` says of events that are not ours, for a person.
_NOT_OURS = {
    "event type": "events of its type change no purchase",
    "livemode": "it is of the other livemode",
    "connected account": "it is a connected account's",
    "session mode": "its session is no one-time payment",
    "no payment intent": "it involves no payment intent",
}


@dataclass(frozen=True, slots=True)
class Done:
    """The operation is done: `outcome` is recorded, unchanged, or duplicate (done before)."""

    signed: Signed
    outcome: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desk:
    """What operations work with. `event` asks Stripe for an event, None when it has none."""

    books: Books
    converge: Callable[[Hint], Outcome | TryLater]
    event: Callable[[str], RetrievedEvent]
    livemode: bool


def operate(operation: Operation, desk: Desk) -> Done | OperationRefused:
    """Does the operation once, whatever is sent again."""
    match operation:
        case ResolvePayment():
            return _done_before(operation.signed, desk.books) or _resolve(operation, desk)
        case ReplayEvent():
            return _done_before(operation.signed, desk.books) or _replay(operation, desk)
        case AdjustCredits():
            return _adjust(operation, desk.books)
        case EraseUser():
            return _erase_user(operation, desk.books)
        case ErasePayment():
            return _erase_payment(operation, desk.books)
        case DismissPayment():
            return _dismiss(operation, desk.books)


def _done_before(signed: Signed, books: Books) -> Done | OperationRefused | None:
    """The answer to a request id that was used before, None for a new one."""
    before = books.find_event(signed.event_id, signed.asked.get("user_id"))
    if before is None:
        return None
    if not before.is_repeated_by(signed):
        return OperationRefused(
            "request_id_reused", f"request_id {signed.request_id!r} was used for something else"
        )
    return _nothing_to_do("it was ignored") if before.was_ignored else Done(signed, "duplicate")


def _resolve(operation: ResolvePayment, desk: Desk) -> Done | OperationRefused:
    found = desk.books.find_payment(operation.payment_id, operation.package_id)
    if found is None:
        return _unknown_payment(operation.payment_id)
    refused = _why_not_resolved(operation, found)
    if refused is not None:
        # The same request may have been done since it was looked for.
        return _done_before(operation.signed, desk.books) or refused
    resolution = Resolution(user_id=operation.user_id, package_id=operation.package_id)
    hint = replace(_hint_of_session(operation.signed, found.session_id), resolution=resolution)
    return _converged(hint, operation.signed, desk)


def _why_not_resolved(operation: ResolvePayment, found: NamedPayment) -> OperationRefused | None:
    if found.held_reason is None:
        return _not_held(operation.payment_id)
    if operation.package_id is not None and not found.package_is_known:
        return OperationRefused("unknown_package", f"there is no package {operation.package_id!r}")
    if operation.user_id is None and found.user_id is None:
        return OperationRefused("user_required", "the payment names nobody: say who, as user_id")
    return None


def _unknown_payment(payment_id: str) -> OperationRefused:
    return OperationRefused("unknown_payment", f"there is no payment {payment_id!r}")


def _unknown_user(user_id: str) -> OperationRefused:
    return OperationRefused("unknown_user", f"there is no user {user_id!r}")


def _not_held(payment_id: str) -> OperationRefused:
    return OperationRefused("not_held", f"{payment_id} is not held")


def _adjust(operation: AdjustCredits, books: Books) -> Done | OperationRefused:
    balance = books.adjust(operation)
    if balance is None:
        return _done_before(operation.signed, books) or _unknown_user(operation.user_id)
    details = {"user_id": operation.user_id, "delta": operation.delta, "balance": balance}
    return Done(operation.signed, "recorded", details)


def _dismiss(operation: DismissPayment, books: Books) -> Done | OperationRefused:
    payment_id = books.dismiss(operation)
    if payment_id is None:
        return _not_done_to_payment(operation, books, _not_held(operation.payment_id))
    return Done(operation.signed, "recorded", {"payment_id": payment_id})


def _erase_user(operation: EraseUser, books: Books) -> Done | OperationRefused:
    payments = books.erase_user(operation)
    if payments is None:
        return _done_before(operation.signed, books) or _unknown_user(operation.user_id)
    return Done(operation.signed, "recorded", {"payments": payments})


def _erase_payment(operation: ErasePayment, books: Books) -> Done | OperationRefused:
    payments = books.erase_payment(operation)
    if payments is None:
        why = f"{operation.payment_id} has a user: send erase_user with the user_id instead"
        return _not_done_to_payment(operation, books, OperationRefused("has_user", why))
    return Done(operation.signed, "recorded", {"payments": payments})


def _not_done_to_payment(
    operation: DismissPayment | ErasePayment, books: Books, refused: OperationRefused
) -> Done | OperationRefused:
    """Why nothing was written; `refused` when the payment is there and the request is new."""
    if before := _done_before(operation.signed, books):
        return before
    is_there = books.find_payment(operation.payment_id, None) is not None
    return refused if is_there else _unknown_payment(operation.payment_id)


def _replay(operation: ReplayEvent, desk: Desk) -> Done | OperationRefused:
    hint = _hint_of_event(operation, desk)
    return _converged(hint, operation.signed, desk) if isinstance(hint, Hint) else hint


def _hint_of_event(operation: ReplayEvent, desk: Desk) -> Hint | OperationRefused:
    """The event again, under the request's id. Stripe keeps events for 30 days
    (https://docs.stripe.com/api/events); after that what we remember leads to the session."""
    signed, event = operation.signed, desk.event(operation.replayed_event_id)
    if isinstance(event, StripeUnreachable | StripeRefused):
        return OperationRefused("not_done", event.why)
    if event is None:
        return _hint_from_memory(operation, desk.books)
    identified = identify(event, Origin.OPERATIONS, desk.livemode)
    if not isinstance(identified, Hint):
        return _nothing_to_do(identified.reason)
    return replace(
        identified,
        event_id=signed.event_id,
        event_type=signed.event_type,
        snapshot=None,
        signed=signed,
    )


def _hint_from_memory(operation: ReplayEvent, books: Books) -> Hint | OperationRefused:
    remembered = books.find_event(operation.replayed_event_id)
    if remembered is None or remembered.session_id is None:
        return OperationRefused(
            "unknown_event", f"neither Stripe nor the till knows {operation.replayed_event_id!r}"
        )
    return _hint_of_session(operation.signed, remembered.session_id)


def _hint_of_session(signed: Signed, session_id: str) -> Hint:
    return Hint(
        event_id=signed.event_id,
        event_type=signed.event_type,
        origin=Origin.OPERATIONS,
        reference=Reference(ReferenceKind.CHECKOUT_SESSION, session_id),
        signed=signed,
    )


def _nothing_to_do(reason: str) -> OperationRefused:
    why = _NOT_OURS.get(reason, reason)
    return OperationRefused("not_ours", f"nothing is to be done for this event: {why}")


def _converged(hint: Hint, signed: Signed, desk: Desk) -> Done | OperationRefused:
    outcome = desk.converge(hint)
    if isinstance(outcome, TryLater):
        return _not_written(outcome)
    if outcome.verdict is Verdict.DUPLICATE:
        # Somebody sent the same request id at the same time.
        return _done_before(signed, desk.books) or Done(signed, "duplicate")
    if outcome.verdict is Verdict.IGNORED:
        return _nothing_to_do(outcome.reason or "it was ignored")
    delta = outcome.write.entry.delta if outcome.write and outcome.write.entry else 0
    return Done(signed, outcome.verdict, {"payment_id": outcome.payment_id, "delta": delta})


def _not_written(outcome: TryLater) -> OperationRefused:
    if outcome.is_gone:
        return OperationRefused(
            "gone",
            f"Stripe does not have what this is about, or has it in another account"
            f" ({outcome.why}): nothing was written, and nothing can be",
        )
    return OperationRefused("not_done", f"{outcome.why}; nothing was written")
