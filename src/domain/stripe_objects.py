"""What Stripe answers, and reading its objects as plain dicts: a related object is an id, or
expanded, or null.

What a reader gives can be stored: text that Postgres takes, amounts that fit their columns, times
that a calendar has. Anything else reads as None, and whoever needs it says what that means.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NOTHING: Mapping[str, Any] = {}

# The longest value of Stripe's metadata (https://docs.stripe.com/api/metadata). An index entry of
# Postgres holds that many characters in any script.
LONGEST_TEXT = 500
# NUL and half a surrogate pair: all that JSON can say and Postgres cannot store.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

# amount_paid has twelve digits. Stripe's own limit is as many, of the smallest currencies.
LARGEST_AMOUNT_MINOR = 10**12 - 1
# The last second of the year 9999, in UTC.
LAST_SECOND = 253_402_300_799


def id_of(value: object) -> str | None:
    """The id of a related object, expanded or not."""
    return text(value.get("id") if isinstance(value, Mapping) else value)


def expanded(value: object) -> Mapping[str, Any]:
    """The related object when it is expanded, else an empty mapping."""
    return value if isinstance(value, Mapping) else NOTHING


def listed(value: object) -> Sequence[Mapping[str, Any]]:
    """The objects in a plain array; what is none of them reads as an empty mapping."""
    return [expanded(each) for each in value] if isinstance(value, list | tuple) else ()


def given(*values: object) -> object:
    """The first value that was given, else None: Stripe sends both "" and null for "not given"."""
    return next((value for value in values if value not in (None, "")), None)


def text(value: object) -> str | None:
    """A string that is not empty and can be stored."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
        return None
    return None if _UNSTORABLE.search(value) else value


def whole(value: object) -> int | None:
    """A whole number, as JSON has it: neither true nor 2.0."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def amount(value: object) -> int | None:
    """An amount in minor units, 0 or more."""
    number = whole(value)
    return number if number is not None and 0 <= number <= LARGEST_AMOUNT_MINOR else None


def seconds(value: object) -> int:
    """A time in Unix seconds, 0 for none."""
    number = whole(value)
    return number if number is not None and 0 <= number <= LAST_SECOND else 0


@dataclass(frozen=True, slots=True)
class Purchase:
    """Everything Stripe says about one Checkout session.

    `session` has `payment_intent.latest_charge.balance_transaction` expanded when it was
    retrieved; in an event's snapshot the payment intent is an id. `line_items` is None when
    Stripe was not asked for them.
    """

    session: Mapping[str, Any]
    line_items: Sequence[Mapping[str, Any]] | None = None
    disputes: Sequence[Mapping[str, Any]] = ()
    event_created: int | None = None

    @property
    def session_id(self) -> str:
        return str(self.session["id"])

    @property
    def metadata(self) -> Mapping[str, Any]:
        return expanded(self.session.get("metadata"))

    @property
    def payment_intent(self) -> Mapping[str, Any]:
        return expanded(self.session.get("payment_intent"))

    @property
    def charge(self) -> Mapping[str, Any]:
        """The last attempt to charge: the one that succeeded, once one did."""
        return expanded(self.payment_intent.get("latest_charge"))

    @property
    def balance_transaction(self) -> Mapping[str, Any]:
        return expanded(self.charge.get("balance_transaction"))

    @property
    def noticed_at(self) -> int:
        """Unix seconds at which the session was known to be paid, for want of a charge."""
        return self.event_created or seconds(self.session.get("created"))

    @property
    def is_free(self) -> bool:
        """Nothing was to be paid, as with a coupon for all of it."""
        return bool(self.session.get("payment_status") == "no_payment_required")

    @property
    def is_taken(self) -> bool:
        """Whether the money was taken, or none was due and the session is complete.

        Act on `payment_status`, not on the event: https://docs.stripe.com/checkout/fulfillment.
        Money that was only reserved is not taken:
        https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
        """
        if self.is_free:
            return self.session.get("status") in ("complete", None)
        if self.reservation_lapsed:
            return False
        is_reserved = self.charge.get("captured") is False
        is_paid = self.session.get("payment_status") == "paid" and not is_reserved
        return is_paid or self.payment_intent.get("status") == "succeeded"

    @property
    def reservation_lapsed(self) -> bool:
        """Stripe gives a charge that nobody captured back, which it shows as refunded."""
        return self.charge.get("captured") is False and self.charge.get("refunded") is True


@dataclass(frozen=True, slots=True)
class NoCheckoutSession:
    """Stripe knows no Checkout session behind the reference."""


@dataclass(frozen=True, slots=True)
class StripeUnreachable:
    """Stripe gave no usable answer; `why` names the failure without personal data. `answered`:
    with an error that is no outage, so that nothing else may stand for the answer."""

    why: str
    answered: bool = False


@dataclass(frozen=True, slots=True)
class StripeRefused:
    """Stripe will not serve the call (key, permission, parameter) until somebody mends it;
    `about_object`: for what was asked about, not for the key."""

    why: str
    about_object: bool = False


@dataclass(frozen=True, slots=True)
class ObjectGone:
    """Stripe has no object of that id: it was deleted, or is another account's."""

    why: str = "Stripe has no such object"


Retrieved = Purchase | NoCheckoutSession | ObjectGone | StripeUnreachable | StripeRefused

# A snapshot or a thin event as Stripe keeps it; None when it has none of that id.
RetrievedEvent = Mapping[str, Any] | StripeUnreachable | StripeRefused | None
