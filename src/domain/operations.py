"""What an operator may ask for, read from a request with every mistake named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.stripe_objects import text

# A balance is a bigint; an adjustment near its limit is a slip of the hand.
LARGEST_DELTA = 10**15


@dataclass(frozen=True, slots=True)
class OperationRefused:
    """Why an operation was not done; `code` is for programs, `message` says what to do."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who asks, why, and under which id; the same id twice is done once."""

    operation: str
    actor: str
    note: str | None
    request_id: str

    @property
    def event_id(self) -> str:
        """Operations are remembered beside Stripe's events, under an id none of those has."""
        return f"operation:{self.request_id}"

    @property
    def event_type(self) -> str:
        return f"operation.{self.operation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvePayment:
    """Release a held payment; None accepts what Stripe said."""

    signed: Signed
    payment_id: str
    user_id: str | None
    package_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustCredits:
    """Add `delta` credits (negative: take) to a user's balance."""

    signed: Signed
    user_id: str
    delta: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayEvent:
    """Go through the five steps again for the purchase of an event."""

    signed: Signed
    replayed_event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseUser:
    """Remove a person's data and keep every amount."""

    signed: Signed
    user_id: str


@dataclass(frozen=True, slots=True)
class Doctor:
    """Look whether Stripe, database and code fit together. Nothing is written, so nobody signs.

    `url` is where Stripe must deliver, None for what the deployment says.
    """

    url: str | None


Operation = ResolvePayment | AdjustCredits | ReplayEvent | EraseUser


class _Mistake(Exception):
    """A field is missing or makes no sense. Never leaves this module."""


def read_operation(request: object) -> Operation | Doctor | OperationRefused:
    """Reads `{"operation", ..., "actor", "note", "request_id"}`, or `{"operation": "doctor"}`."""
    if not isinstance(request, Mapping):
        return OperationRefused("bad_request", "the request must be a JSON object")
    name = request.get("operation")
    if not isinstance(name, str) or name not in {*_READERS, DOCTOR}:
        known = ", ".join([*_READERS, DOCTOR])
        return OperationRefused("unknown_operation", f"operation must be one of {known}")
    try:
        if name == DOCTOR:
            _check_fields(request, {"operation", "url"})
            return Doctor(_optional(request, "url"))
        reader, fields = _READERS[name]
        _check_fields(request, fields | _COMMON_FIELDS)
        return reader(request, _signed(name, request))
    except _Mistake as mistake:
        return OperationRefused("bad_request", str(mistake))


DOCTOR = "doctor"
_COMMON_FIELDS = {"operation", "actor", "note", "request_id"}


def _check_fields(request: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(str(field) for field in request.keys() - known)
    if unknown:
        raise _Mistake(f"{request['operation']} has no field {', '.join(unknown)}")


def _signed(name: str, request: Mapping[str, Any]) -> Signed:
    return Signed(
        operation=name,
        actor=_required(request, "actor"),
        note=_optional(request, "note"),
        request_id=_required(request, "request_id"),
    )


def _required(request: Mapping[str, Any], field: str) -> str:
    value = _optional(request, field)
    if value is None:
        raise _Mistake(f"{field} is missing: a string that is not empty")
    return value


def _optional(request: Mapping[str, Any], field: str) -> str | None:
    value = request.get(field)
    if value is not None and not isinstance(value, str):
        raise _Mistake(f"{field} must be a string")
    if value is not None and ("\0" in value or not value.isprintable() or len(value) > 1000):
        raise _Mistake(f"{field} must be at most 1000 printable characters")
    return text(value and value.strip())


def _delta(request: Mapping[str, Any]) -> int:
    delta = request.get("delta")
    if not isinstance(delta, int) or isinstance(delta, bool) or delta == 0:
        raise _Mistake("delta must be a whole number of credits other than 0")
    if abs(delta) > LARGEST_DELTA:
        raise _Mistake(f"delta must lie between -{LARGEST_DELTA} and {LARGEST_DELTA}")
    return delta


def _resolve_payment(request: Mapping[str, Any], signed: Signed) -> ResolvePayment:
    return ResolvePayment(
        signed=signed,
        payment_id=_required(request, "payment_id"),
        user_id=_optional(request, "user_id"),
        package_id=_optional(request, "package_id"),
    )


def _adjust_credits(request: Mapping[str, Any], signed: Signed) -> AdjustCredits:
    return AdjustCredits(
        signed=signed, user_id=_required(request, "user_id"), delta=_delta(request)
    )


def _replay_event(request: Mapping[str, Any], signed: Signed) -> ReplayEvent:
    return ReplayEvent(signed=signed, replayed_event_id=_required(request, "event_id"))


def _erase_user(request: Mapping[str, Any], signed: Signed) -> EraseUser:
    return EraseUser(signed=signed, user_id=_required(request, "user_id"))


_Reader = Callable[[Mapping[str, Any], Signed], Operation]
_READERS: Mapping[str, tuple[_Reader, set[str]]] = {
    "resolve_payment": (_resolve_payment, {"payment_id", "user_id", "package_id"}),
    "adjust_credits": (_adjust_credits, {"user_id", "delta"}),
    "replay_event": (_replay_event, {"event_id"}),
    "erase_user": (_erase_user, {"user_id"}),
}
