"""What an operator may ask for, read from a request with every mistake named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.events import Signed

# A balance is a bigint; an adjustment near its limit is a slip of the hand.
LARGEST_DELTA = 10**15
# A user id comes from metadata: https://docs.stripe.com/api/metadata
LONGEST_USER_ID = 500
LONGEST_ID = 255
LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class OperationRefused:
    """Why an operation was not done; `code` is for programs, `message` says what to do."""

    code: str
    message: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasePayment:
    """Remove the personal data of a payment that names no user."""

    signed: Signed
    payment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissPayment:
    """Take a held payment out of the books: it is no sale of ours."""

    signed: Signed
    payment_id: str


@dataclass(frozen=True, slots=True)
class Doctor:
    """Look whether Stripe, database and code fit together. Nothing is written, so nobody signs.

    `url` is where Stripe must deliver, None for what the deployment says.
    """

    url: str | None


Operation = ResolvePayment | AdjustCredits | ReplayEvent | EraseUser | ErasePayment | DismissPayment


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
            _check_fields(request, {"url"} | _COMMON_FIELDS)
            return Doctor(_words(request, "url"))
        reader, fields = _READERS[name]
        _check_fields(request, fields | _COMMON_FIELDS)
        return reader(request, _signed(name, request, fields))
    except _Mistake as mistake:
        return OperationRefused("bad_request", str(mistake))


DOCTOR = "doctor"
_COMMON_FIELDS = {"operation", "actor", "note", "request_id"}


def _check_fields(request: Mapping[str, Any], known: set[str]) -> None:
    # In ASCII: half a surrogate pair could not leave in an answer.
    unknown = sorted(ascii(field).strip("'") for field in request.keys() - known)
    if unknown:
        raise _Mistake(f"{request['operation']} has no field {', '.join(unknown)}")


def _signed(name: str, request: Mapping[str, Any], fields: set[str]) -> Signed:
    request_id = _needed("request_id", _id(request, "request_id"))
    if request_id.isspace():
        raise _Mistake("request_id must not be blank")
    return Signed(
        operation=name,
        actor=_needed("actor", _words(request, "actor")),
        note=_words(request, "note"),
        request_id=request_id,
        asked={field: request[field] for field in fields if request.get(field) is not None},
    )


def _words(request: Mapping[str, Any], field: str) -> str | None:
    """What a person wrote; blanks around it, or nothing else, say nothing."""
    return (_text(request, field, LONGEST_TEXT) or "").strip() or None


def _id(request: Mapping[str, Any], field: str, longest: int = LONGEST_ID) -> str | None:
    """An id exactly as it is: to change a character of it is to name something else."""
    value = _text(request, field, longest)
    if value == "":
        raise _Mistake(f"{field} must not be empty")
    return value


def _user_id(request: Mapping[str, Any]) -> str | None:
    return _id(request, "user_id", LONGEST_USER_ID)


def _text(request: Mapping[str, Any], field: str, longest: int) -> str | None:
    value = request.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _Mistake(f"{field} must be a string")
    if len(value) > longest:
        raise _Mistake(f"{field} must be at most {longest} characters long; it has {len(value)}")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise _Mistake(f"{field} has a NUL or half a surrogate pair, which Postgres cannot store")
    return value


def _needed(field: str, value: str | None) -> str:
    if value is None:
        raise _Mistake(f"{field} is missing: a string that is not empty")
    return value


def _delta(request: Mapping[str, Any]) -> int:
    delta = request.get("delta")
    if not isinstance(delta, int) or isinstance(delta, bool) or delta == 0:
        raise _Mistake("delta must be a whole number of credits other than 0")
    if abs(delta) > LARGEST_DELTA:
        raise _Mistake(f"delta must lie between -{LARGEST_DELTA} and {LARGEST_DELTA}")
    return delta


def _payment_id(request: Mapping[str, Any]) -> str:
    return _needed("payment_id", _id(request, "payment_id"))


def _resolve_payment(request: Mapping[str, Any], signed: Signed) -> ResolvePayment:
    return ResolvePayment(
        signed=signed,
        payment_id=_payment_id(request),
        user_id=_user_id(request),
        package_id=_id(request, "package_id"),
    )


def _adjust_credits(request: Mapping[str, Any], signed: Signed) -> AdjustCredits:
    user_id = _needed("user_id", _user_id(request))
    return AdjustCredits(signed=signed, user_id=user_id, delta=_delta(request))


def _replay_event(request: Mapping[str, Any], signed: Signed) -> ReplayEvent:
    event_id = _needed("event_id", _id(request, "event_id"))
    return ReplayEvent(signed=signed, replayed_event_id=event_id)


def _erase_user(request: Mapping[str, Any], signed: Signed) -> EraseUser | ErasePayment:
    user_id, payment_id = _user_id(request), _id(request, "payment_id")
    if user_id is not None and payment_id is not None:
        raise _Mistake("erase_user takes user_id or payment_id, not both")
    if payment_id is not None:
        return ErasePayment(signed=signed, payment_id=payment_id)
    return EraseUser(signed=signed, user_id=_needed("user_id (or payment_id)", user_id))


def _dismiss_payment(request: Mapping[str, Any], signed: Signed) -> DismissPayment:
    return DismissPayment(signed=signed, payment_id=_payment_id(request))


_Reader = Callable[[Mapping[str, Any], Signed], Operation]
_READERS: Mapping[str, tuple[_Reader, set[str]]] = {
    "resolve_payment": (_resolve_payment, {"payment_id", "user_id", "package_id"}),
    "dismiss_payment": (_dismiss_payment, {"payment_id"}),
    "adjust_credits": (_adjust_credits, {"user_id", "delta"}),
    "replay_event": (_replay_event, {"event_id"}),
    "erase_user": (_erase_user, {"user_id", "payment_id"}),
}
