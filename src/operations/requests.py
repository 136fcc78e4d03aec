"""What an operator may ask for, read from a request with every mistake named."""

from dataclasses import dataclass

from domain.events import Signed
from domain.requests import Fields, Mistake, Refused, missing, read

# A balance is a bigint; an adjustment near its limit is a slip of the hand.
LARGEST_DELTA = 10**15
# A user id comes from metadata: https://docs.stripe.com/api/metadata
LONGEST_USER_ID = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvePayment:
    """Release a held payment; None accepts what Stripe said."""

    signed: Signed
    payment_id: str
    user_id: str | None
    package_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissPayment:
    """Take a held payment out of the books: it is no sale of ours."""

    signed: Signed
    payment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePayment:
    """Make a payment and its credits another user's."""

    signed: Signed
    payment_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantCredits:
    """Give a user credits, as a trial or a gift."""

    signed: Signed
    user_id: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendCredits:
    """Spend credits that the user has."""

    signed: Signed
    user_id: str
    amount: int


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
class RepairTotals:
    """Make the totals that reports add up agree with the payments again."""

    signed: Signed


@dataclass(frozen=True, slots=True)
class Doctor:
    """Look whether Stripe, database and code fit together. Nothing is written, so nobody signs.

    `url` is where Stripe must deliver, None for what the configuration says.
    """

    url: str | None


# What goes through the five steps, and what is one statement.
Decision = ResolvePayment | ReplayEvent
Statement = (
    DismissPayment
    | MovePayment
    | GrantCredits
    | SpendCredits
    | AdjustCredits
    | EraseUser
    | ErasePayment
    | RepairTotals
)
Operation = Decision | Statement

# The fields that decide what is done.
FIELDS = {
    "resolve_payment": ("payment_id", "user_id", "package_id"),
    "dismiss_payment": ("payment_id",),
    "move_payment": ("payment_id", "user_id"),
    "grant_credits": ("user_id", "amount"),
    "spend_credits": ("user_id", "amount"),
    "adjust_credits": ("user_id", "delta"),
    "replay_event": ("event_id",),
    "erase_user": ("user_id", "payment_id"),
    "repair_totals": (),
    "doctor": ("url",),
}
SIGNATURE = ("operation", "actor", "note", "request_id")


def read_operation(request: object) -> Operation | Doctor | Refused:
    """Reads `{"operation", ..., "actor", "note", "request_id"}`, or `{"operation": "doctor"}`."""
    return read(request, _operation)


def _operation(fields: Fields) -> Operation | Doctor | Refused:
    name = fields.given.get("operation")
    if not isinstance(name, str) or name not in FIELDS:
        return Refused("unknown_operation", f"operation must be one of {', '.join(FIELDS)}")
    if unknown := fields.unknown(FIELDS[name] + SIGNATURE):
        raise Mistake(f"{name} has no field {unknown}")
    if name == "doctor":
        return Doctor(fields.words("url"))
    signed = _signed(name, fields)
    match name:
        case "resolve_payment":
            return ResolvePayment(
                signed=signed,
                payment_id=fields.id("payment_id"),
                user_id=fields.optional_id("user_id", LONGEST_USER_ID),
                package_id=fields.optional_id("package_id"),
            )
        case "dismiss_payment":
            return DismissPayment(signed=signed, payment_id=fields.id("payment_id"))
        case "move_payment":
            user_id = fields.id("user_id", LONGEST_USER_ID)
            return MovePayment(signed=signed, payment_id=fields.id("payment_id"), user_id=user_id)
        case "grant_credits" | "spend_credits" | "adjust_credits":
            return _change(name, signed, fields)
        case "replay_event":
            return ReplayEvent(signed=signed, replayed_event_id=fields.id("event_id"))
        case "erase_user":
            return _erasure(signed, fields)
    return RepairTotals(signed=signed)


def _signed(name: str, fields: Fields) -> Signed:
    request_id, actor = fields.id("request_id"), fields.words("actor")
    if request_id.isspace():
        raise Mistake("request_id must not be blank")
    if actor is None:
        raise missing("actor")
    asked = {field: fields.given.get(field) for field in FIELDS[name]}
    return Signed(
        operation=name,
        actor=actor,
        note=fields.words("note"),
        request_id=request_id,
        asked={field: value for field, value in asked.items() if value is not None},
    )


def _change(
    name: str, signed: Signed, fields: Fields
) -> GrantCredits | SpendCredits | AdjustCredits:
    user_id = fields.id("user_id", LONGEST_USER_ID)
    if name == "adjust_credits":
        return AdjustCredits(signed=signed, user_id=user_id, delta=_delta(fields))
    kind = GrantCredits if name == "grant_credits" else SpendCredits
    return kind(signed=signed, user_id=user_id, amount=_amount(fields))


def _delta(fields: Fields) -> int:
    delta = fields.whole("delta", -LARGEST_DELTA, LARGEST_DELTA)
    if not delta:
        raise Mistake("delta must be a whole number of credits other than 0")
    return delta


def _amount(fields: Fields) -> int:
    amount = fields.whole("amount", 1, LARGEST_DELTA)
    if amount is None:
        raise missing("amount", f"a whole number of credits from 1 to {LARGEST_DELTA}")
    return amount


def _erasure(signed: Signed, fields: Fields) -> EraseUser | ErasePayment:
    user_id = fields.optional_id("user_id", LONGEST_USER_ID)
    payment_id = fields.optional_id("payment_id")
    if user_id is not None and payment_id is not None:
        raise Mistake("erase_user takes user_id or payment_id, not both")
    if payment_id is not None:
        return ErasePayment(signed=signed, payment_id=payment_id)
    if user_id is None:
        raise missing("user_id (or payment_id)")
    return EraseUser(signed=signed, user_id=user_id)
