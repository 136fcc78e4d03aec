"""The database side of operations: one statement each, and what its errors mean to an operator."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import errors

from adapters import totals
from adapters.payments import new_id, request_columns
from adapters.postgres import Database, DatabaseUnavailable
from adapters.sql_files import statement
from domain.events import Signed
from domain.requests import Refused
from operations.operate import NamedPayment, RememberedEvent
from operations.requests import (
    AdjustCredits,
    DismissPayment,
    ErasePayment,
    EraseUser,
    RepairTotals,
    Statement,
)

FIND_PAYMENT = statement("operations/find_payment")
FIND_EVENT = statement("operations/find_event")
ADJUST = statement("operations/adjust_credits")
DISMISS = statement("operations/dismiss_payment")
ERASE_PAYMENT = statement("operations/erase_payment")
ERASE_USER = statement("operations/erase_user")


class PostgresOperations:
    """`operations.operate.OperationStore` over Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_payment(self, payment_id: str, package_id: str | None = None) -> NamedPayment | None:
        parameters = {"payment_id": payment_id, "package_id": package_id}
        row = self._database.one(FIND_PAYMENT, parameters)
        return None if row is None else NamedPayment(**row)

    def find_event(self, event_id: str, user_id: str | None = None) -> RememberedEvent | None:
        row = self._database.one(FIND_EVENT, {"event_id": event_id, "user_id": user_id})
        return None if row is None else RememberedEvent(**row)

    def write(self, operation: Statement) -> Mapping[str, Any] | None:
        database, columns = self._database, event_columns(operation.signed)
        match operation:
            case AdjustCredits(user_id=user_id, delta=delta):
                entry = {
                    "user_id": user_id,
                    "delta": delta,
                    "entry_id": new_id("entry"),
                }
                return database.one(ADJUST, columns | entry)
            case DismissPayment(payment_id=payment_id):
                return database.one(DISMISS, columns | {"payment_id": payment_id})
            case ErasePayment(payment_id=payment_id):
                return database.one(ERASE_PAYMENT, columns | {"payment_id": payment_id})
            case EraseUser(user_id=user_id):
                # To remember whom it was about would be to keep the person.
                columns = event_columns(replace(operation.signed, asked={"user_id": None}))
                person = {"user_id": user_id, "alias": new_id("erased")}
                return database.one_repeatable(ERASE_USER, columns | person)
            case RepairTotals():
                repaired = totals.repair_totals(database, operation.signed)
                return None if repaired is None else {"repaired": repaired}


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
        why = "a balance or an amount would be larger than any that can be kept"
        return Refused("out_of_range", why)
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
