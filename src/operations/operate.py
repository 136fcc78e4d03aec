"""Does what an operator asked for: a decision about a payment goes through the five steps, the
rest is one statement each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from domain.converge import Outcome, TryLater, Verdict
from domain.events import Hint, Origin, Reference, ReferenceKind, Resolution, Signed, identify
from domain.payment import PaymentStatus
from domain.requests import Refused
from domain.stripe_objects import RetrievedEvent, StripeRefused, StripeUnreachable
from operations.requests import (
    AdjustCredits,
    Decision,
    DismissPayment,
    ErasePayment,
    EraseUser,
    GrantCredits,
    MovePayment,
    Operation,
    ReplayEvent,
    ResolvePayment,
    SpendCredits,
    Statement,
)

# What `identify` says of events that are not ours, for a person.
NOT_OURS = {
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedEvent:
    """What is known of an event or request done before.

    `event_type` is None for a request id that a function for credits was called with; `asked` is
    None then, and for an event of Stripe's; in it a user who was erased since is None.
    `user_is_there`: whether the user that is asked for now has a row, or a payment.
    """

    event_type: str | None
    session_id: str | None
    was_ignored: bool
    asked: Mapping[str, Any] | None
    user_is_there: bool

    def is_repeated_by(self, signed: Signed) -> bool:
        """Whether this is the same request. One about a person who was erased no longer says who
        that was: it may have been whoever is not there, and nobody who is."""
        if self.event_type != signed.event_type:
            return False
        if "user_id" in signed.asked and not self.user_is_there:
            return self.asked in (signed.asked, {**signed.asked, "user_id": None})
        return self.asked == signed.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPayment:
    """The payment an operator names, as it stands; whether the package named with it is known.
    `enriched`: Stripe was asked about it."""

    session_id: str
    user_id: str | None
    held_reason: str | None
    package_is_known: bool
    payment_status: PaymentStatus = PaymentStatus.PAID
    enriched: bool = True


class OperationStore(Protocol):
    """The database side of operations."""

    def find_payment(
        self, payment_id: str, package_id: str | None = None
    ) -> NamedPayment | None: ...

    def find_event(self, event_id: str, user_id: str | None = None) -> RememberedEvent | None: ...

    def write(self, operation: Statement) -> Mapping[str, Any] | Refused | None:
        """Does it once and whole. What it came to, as the answer says it: of an adjustment
        `{"user_id", "delta", "balance"}`, of a grant or of spending `{"user_id", "amount",
        "balance", "available"}`, of an erasure `{"payments"}`, how many, of a dismissal
        `{"payment_id"}`, of a move `{"payment_id", "user_id", "delta"}`, of a repair
        `{"repaired"}`, how many lines of the totals. Refused is what a function for credits has
        refused. None when there was nothing to do: the request id was used, or what the request
        names is not as it must be."""


class Operations:
    """Does each request once, whatever is sent again. `event` asks Stripe for an event, None when
    it has none."""

    def __init__(
        self,
        store: OperationStore,
        converge: Callable[[Hint], Outcome | TryLater],
        event: Callable[[str], RetrievedEvent],
        livemode: bool,
    ) -> None:
        self._store = store
        self._converge = converge
        self._event = event
        self._livemode = livemode

    def do(self, operation: Operation) -> Done | Refused:
        """What came of the operation, or why nothing was written."""
        if isinstance(operation, ResolvePayment | ReplayEvent):
            return self._done_before(operation.signed) or self._decided(operation)
        written = self._store.write(operation)
        if isinstance(written, Refused):
            return written
        if written is not None:
            return Done(operation.signed, "recorded", written)
        return self._done_before(operation.signed) or self._why_not_written(operation)

    def _done_before(self, signed: Signed) -> Done | Refused | None:
        """The answer to a request id that was used before, None for a new one."""
        before = self._store.find_event(signed.event_id, signed.asked.get("user_id"))
        if before is None:
            return None
        if not before.is_repeated_by(signed):
            return id_reused(signed)
        return nothing_to_do("it was ignored") if before.was_ignored else Done(signed, "duplicate")

    def _why_not_written(self, operation: Statement) -> Done | Refused:
        """Why a request that nobody made before came to nothing."""
        match operation:
            case AdjustCredits(user_id=user_id) | EraseUser(user_id=user_id):
                return Refused("unknown_user", f"there is no user {user_id!r}")
            case DismissPayment(payment_id=payment_id) | ErasePayment(payment_id=payment_id):
                if self._store.find_payment(payment_id) is None:
                    return unknown_payment(payment_id)
                if isinstance(operation, DismissPayment):
                    return not_held(payment_id)
                why = f"{payment_id} has a user: send erase_user with the user_id instead"
                return Refused("has_user", why)
            case MovePayment(payment_id=payment_id, user_id=user_id):
                return not_moved(payment_id, user_id, self._store.find_payment(payment_id))
            case GrantCredits() | SpendCredits():
                return id_reused(operation.signed)
        # A repair comes to nothing only when it was done before.
        return Done(operation.signed, "duplicate")

    def _decided(self, operation: Decision) -> Done | Refused:
        signed = operation.signed
        if isinstance(operation, ResolvePayment):
            hint = self._resolution(operation)
        else:
            hint = self._replay(operation)
        if isinstance(hint, Refused):
            # The same request may have been done since it was looked for.
            return self._done_before(signed) or hint
        outcome = self._converge(hint)
        if isinstance(outcome, TryLater):
            # Not for ever where a function has just used the id.
            return self._done_before(signed) or not_written(outcome)
        if outcome.verdict is Verdict.DUPLICATE:
            # Somebody sent the same request id at the same time.
            return self._done_before(signed) or Done(signed, "duplicate")
        if outcome.verdict is Verdict.IGNORED:
            return nothing_to_do(outcome.reason or "it was ignored")
        delta = outcome.write.entry.delta if outcome.write and outcome.write.entry else 0
        return Done(signed, outcome.verdict, {"payment_id": outcome.payment_id, "delta": delta})

    def _resolution(self, operation: ResolvePayment) -> Hint | Refused:
        payment_id, package_id = operation.payment_id, operation.package_id
        found = self._store.find_payment(payment_id, package_id)
        if found is None:
            return unknown_payment(payment_id)
        if found.held_reason is None:
            return not_held(payment_id)
        if package_id is not None and not found.package_is_known:
            return Refused("unknown_package", f"there is no package {package_id!r}")
        if operation.user_id is None and found.user_id is None:
            return Refused("user_required", "the payment names nobody: say who, as user_id")
        resolution = Resolution(user_id=operation.user_id, package_id=package_id)
        return replace(hint_of(operation.signed, found.session_id), resolution=resolution)

    def _replay(self, operation: ReplayEvent) -> Hint | Refused:
        """The event again, under the request's id. Stripe keeps events for 30 days
        (https://docs.stripe.com/api/events); after that what we remember leads to the session."""
        signed, event_id = operation.signed, operation.replayed_event_id
        event = self._event(event_id)
        if isinstance(event, StripeUnreachable | StripeRefused):
            return Refused("not_done", event.why)
        if event is None:
            remembered = self._store.find_event(event_id)
            if remembered is None or remembered.session_id is None:
                why = f"neither Stripe nor the till knows {event_id!r}"
                return Refused("unknown_event", why)
            return hint_of(signed, remembered.session_id)
        identified = identify(event, Origin.OPERATIONS, self._livemode)
        if not isinstance(identified, Hint):
            return nothing_to_do(identified.reason)
        return replace(
            identified,
            event_id=signed.event_id,
            event_type=signed.event_type,
            snapshot=None,
            signed=signed,
        )


def hint_of(signed: Signed, session_id: str) -> Hint:
    """That an operator wants a session to be looked at."""
    return Hint(
        event_id=signed.event_id,
        event_type=signed.event_type,
        origin=Origin.OPERATIONS,
        reference=Reference(ReferenceKind.CHECKOUT_SESSION, session_id),
        signed=signed,
    )


def unknown_payment(payment_id: str) -> Refused:
    return Refused("unknown_payment", f"there is no payment {payment_id!r}")


def not_held(payment_id: str) -> Refused:
    return Refused("not_held", f"{payment_id} is not held")


def not_moved(payment_id: str, user_id: str, found: NamedPayment | None) -> Refused:
    """Why a payment is not made another user's."""
    if found is None:
        return unknown_payment(payment_id)
    if found.held_reason is not None:
        return Refused("held", f"{payment_id} is held: send resolve_payment with the user_id")
    if not found.payment_status.taken:
        why = f"{payment_id} is {found.payment_status}: only what was paid can be moved"
        return Refused("not_paid", why)
    if found.user_id == user_id:
        return Refused("same_user", f"{payment_id} belongs to {user_id!r} already")
    if found.enriched:
        return Refused("not_done", f"{payment_id} was just moved by somebody else: try again")
    why = f"Stripe was not asked about {payment_id} yet: run reconcile, or try again"
    return Refused("not_done", why)


def id_reused(signed: Signed) -> Refused:
    why = f"request_id {signed.request_id!r} was used for something else"
    return Refused("request_id_reused", why)


def nothing_to_do(reason: str) -> Refused:
    why = NOT_OURS.get(reason, reason)
    return Refused("not_ours", f"nothing is to be done for this event: {why}")


def not_written(outcome: TryLater) -> Refused:
    """Whether it may work later, or never will."""
    if outcome.is_gone:
        return Refused(
            "gone",
            "Stripe does not have what this is about, or has it in another account"
            f" ({outcome.why}): nothing was written, and nothing can be",
        )
    return Refused("not_done", f"{outcome.why}; nothing was written")
