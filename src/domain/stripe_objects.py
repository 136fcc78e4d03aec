"""Reading Stripe's objects as plain dicts: a related object is an id, or expanded, or null."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NOTHING: Mapping[str, Any] = {}


def id_of(value: object) -> str | None:
    """The id of a related object, expanded or not."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) and value else None


def expanded(value: object) -> Mapping[str, Any]:
    """The related object when it is expanded, else an empty mapping."""
    return value if isinstance(value, Mapping) else NOTHING


def text(value: object) -> str | None:
    """A non-empty string, else None: Stripe sends both "" and null for "not given"."""
    return value if isinstance(value, str) and value else None


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
        return self.event_created or int(self.session.get("created") or 0)
