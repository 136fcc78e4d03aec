"""The database side of operations: one statement each, and what its errors mean to an operator."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import errors

from adapters import totals
from adapters.payments import new_id, request_columns
from adapters.postgres import Database, DatabaseUnavailable
from adapters.request_ids import id_is_taken, written_once
from adapters.sql_files import statement
from domain.events import Signed
from domain.payment import PaymentStatus
from domain.requests import LONGEST_ID, Refused
from operations.operate import NamedPayment, RememberedEvent
from operations.requests import (
    AdjustCredits,
    DismissPayment,
    ErasePayment,
    EraseUser,
    GrantCredits,
    MovePayment,
    RepairTotals,
    SpendCredits,
    Statement,
)

FIND_PAYMENT = statement("operations/find_payment")
FIND_EVENT = statement("operations/find_event")
ADJUST = statement("operations/adjust_credits")
DISMISS = statement("operations/dismiss_payment")
MOVE = statement("operations/move_payment")
GRANT = statement("operations/grant_credits")
SPEND = statement("operations/spend_credits")
ERASE_PAYMENT = statement("operations/erase_payment")
BEGIN_ERASURE = statement("operations/begin_erasure")
ERASE_USER = statement("operations/erase_user")


class PostgresOperations:
    """`operations.operate.OperationStore` over Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_payment(self, payment_id: str, package_id: str | None = None) -> NamedPayment | None:
        parameters = {"payment_id": payment_id, "package_id": package_id}
        row = self._database.one(FIND_PAYMENT, parameters)
        if row is None:
            return None
        return NamedPayment(**row | {"payment_status": PaymentStatus(row["payment_status"])})

    def find_event(self, event_id: str, user_id: str | None = None) -> RememberedEvent | None:
        row = self._database.one(FIND_EVENT, {"event_id": event_id, "user_id": user_id})
        return None if row is None else RememberedEvent(**row)

    def write(self, operation: Statement) -> Mapping[str, Any] | Refused | None:
        try:
            return self._written(operation)
        except errors.UniqueViolation as error:
            if id_is_taken(error):
                return None
            raise

    def _written(self, operation: Statement) -> Mapping[str, Any] | Refused | None:
        signed, once = operation.signed, self._once
        match operation:
            case AdjustCredits(user_id=user_id, delta=delta):
                named = {"user_id": user_id, "delta": delta, "entry_id": new_id("entry")}
                return once(ADJUST, signed, named)
            case GrantCredits(user_id=user_id, amount=amount):
                return self._by_function(GRANT, signed, user_id, amount)
            case SpendCredits(user_id=user_id, amount=amount):
                return self._by_function(SPEND, signed, user_id, amount)
            case DismissPayment(payment_id=payment_id):
                return once(DISMISS, signed, {"payment_id": payment_id})
            case MovePayment(payment_id=payment_id, user_id=user_id):
                ids = {"entry_id": new_id("entry"), "other_entry_id": new_id("entry")}
                return once(MOVE, signed, {"payment_id": payment_id, "user_id": user_id, **ids})
            case ErasePayment(payment_id=payment_id):
                return once(ERASE_PAYMENT, signed, {"payment_id": payment_id})
            case EraseUser(user_id=user_id):
                # To remember whom it was about would be to keep the person.
                nameless = replace(signed, asked={"user_id": None})
                person = {"user_id": user_id, "alias": new_id("erased")}
                return self._database.repeatable(
                    lambda: once(ERASE_USER, nameless, person, begin=BEGIN_ERASURE)
                )
            case RepairTotals():
                repaired = totals.repair_totals(self._database, signed)
                return None if repaired is None else {"repaired": repaired}

    def _once(
        self, statement: str, signed: Signed, named: dict[str, Any], begin: str | None = None
    ) -> Mapping[str, Any] | None:
        columns = event_columns(signed) | named
        return written_once(self._database, signed, statement, columns, begin)

    def _by_function(
        self, statement: str, signed: Signed, user_id: str, amount: int
    ) -> Mapping[str, Any] | Refused | None:
        """The function takes the request id itself."""
        named = {"request_id": signed.request_id, "user_id": user_id, "amount": amount}
        row = self._database.one(statement, event_columns(signed) | named)
        assert row is not None, "a function for credits always answers"
        return credited(user_id, amount, **row)


def credited(
    user_id: str, amount: int, outcome: str, balance: int, available: int
) -> Mapping[str, Any] | Refused | None:
    """What a function for credits has answered, as an operation's; None when the id was used."""
    match outcome:
        case "recorded":
            stands = {"balance": balance, "available": available}
            return {"user_id": user_id, "amount": amount, **stands}
        case "duplicate" | "request_id_reused":
            return None
        case "unknown_user":
            return Refused("unknown_user", f"there is no user {user_id!r}")
        case "insufficient":
            why = f"{user_id!r} has {available} credits to spend, and not {amount}"
            return Refused("insufficient", why)
    if len(user_id) > LONGEST_ID:
        why = f"the functions for credits take user ids of up to {LONGEST_ID} characters"
        return Refused("not_possible", why)
    return out_of_range()


def event_columns(signed: Signed) -> dict[str, Any]:
    """What is remembered of a request, beside Stripe's events."""
    return {
        "event_id": signed.event_id,
        "event_type": signed.event_type,
        **request_columns(signed),
    }


# SQLSTATE classes: what the data or their size is to blame for, and will be the next time too.
FOR_GOOD = ("22", "23", "54")
# What code runs into that foresaw another shape of Stripe's objects.
MISREADINGS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def failed(error: Exception) -> Refused:
    """What an operator is told of an error: that it may pass, or what is the matter."""
    name, state = type(error).__name__, getattr(error, "sqlstate", None) or ""
    if isinstance(error, errors.NumericValueOutOfRange):
        return out_of_range()
    if isinstance(error, psycopg.DataError) or state.startswith(FOR_GOOD):
        why = f"the database cannot keep what this comes to ({name}), however often it is sent"
        return Refused("not_possible", why)
    if isinstance(error, DatabaseUnavailable | psycopg.OperationalError):
        return Refused("not_done", f"the database did not do it ({name}): try again")
    if isinstance(error, MISREADINGS):
        why = f"Stripe's objects have a shape that cannot be read ({name}); the log says where"
        return Refused("unreadable", why)
    # The texts of our own errors name what is to be mended, and nobody.
    said = f"{name}: {error}" if type(error).__module__.startswith("adapters.") else name
    return Refused("failed", f"this cannot be done as things are ({said})")


def out_of_range() -> Refused:
    why = "a balance or an amount would be larger than any that can be kept"
    return Refused("out_of_range", why)
