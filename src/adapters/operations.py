"""The database side of operations: one statement each, and what its errors mean to an operator."""

from dataclasses import replace
from typing import Any

import psycopg
from psycopg import errors

from adapters.ids import new_id
from adapters.payments import request_columns
from adapters.postgres import Database, DatabaseUnavailable
from adapters.sql_files import statement
from domain.events import Signed
from operations.books import NamedPayment, RememberedEvent
from operations.requests import (
    AdjustCredits,
    DismissPayment,
    ErasePayment,
    EraseUser,
    OperationRefused,
)

FIND_PAYMENT = statement("operations/find_payment")
FIND_EVENT = statement("operations/find_event")
ADJUST = statement("operations/adjust_credits")
DISMISS = statement("operations/dismiss_payment")
ERASE_PAYMENT = statement("operations/erase_payment")
ERASE_USER = statement("operations/erase_user")


class PostgresBooks:
    """`operations.books.Books` over Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_payment(self, payment_id: str, package_id: str | None) -> NamedPayment | None:
        parameters = {"payment_id": payment_id, "package_id": package_id}
        row = self._database.one(FIND_PAYMENT, parameters)
        return None if row is None else NamedPayment(**row)

    def find_event(self, event_id: str, user_id: str | None = None) -> RememberedEvent | None:
        row = self._database.one(FIND_EVENT, {"event_id": event_id, "user_id": user_id})
        if row is None:
            return None
        return RememberedEvent(
            event_type=row["event_type"],
            session_id=row["session_id"],
            was_ignored=row["outcome"] == "ignored",
            asked=row["request"],
            user_is_there=row["user_is_there"],
        )

    def adjust(self, operation: AdjustCredits) -> int | None:
        parameters = {
            **_columns(operation.signed),
            "user_id": operation.user_id,
            "delta": operation.delta,
            "entry_id": new_id("entry"),
        }
        row = self._database.one(ADJUST, parameters)
        return None if row is None else int(row["credits"])

    def dismiss(self, operation: DismissPayment) -> str | None:
        parameters = {**_columns(operation.signed), "payment_id": operation.payment_id}
        row = self._database.one(DISMISS, parameters)
        return None if row is None else str(row["payment_id"])

    def erase_payment(self, operation: ErasePayment) -> int | None:
        parameters = {**_columns(operation.signed), "payment_id": operation.payment_id}
        row = self._database.one(ERASE_PAYMENT, parameters)
        return None if row is None else int(row["payments"])

    def erase_user(self, operation: EraseUser) -> int | None:
        # To remember whom it was about would be to keep the person.
        nobody = replace(operation.signed, asked={"user_id": None})
        parameters = {
            **_columns(nobody),
            "user_id": operation.user_id,
            "alias": new_id("erased"),
        }
        row = self._database.one_repeatable(ERASE_USER, parameters)
        return None if row is None else int(row["payments"])


def _columns(signed: Signed) -> dict[str, Any]:
    return {
        "event_id": signed.event_id,
        "event_type": signed.event_type,
        **request_columns(signed),
    }


# SQLSTATE classes: what the data or their size is to blame for, and will be the next time too.
_FOR_GOOD = ("22", "23", "54")
# After a failover the old connection may lead to a database that can only be read.
_ONLY_READ = "25006"
# What code runs into that foresaw another shape of Stripe's objects.
_MISREADINGS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def failed(error: Exception) -> OperationRefused:
    """What an operator is told of an error: that it may pass, or what is the matter."""
    name, state = type(error).__name__, getattr(error, "sqlstate", None) or ""
    if isinstance(error, errors.NumericValueOutOfRange):
        why = "a balance or an amount would be larger than any that can be kept"
        return OperationRefused("out_of_range", why)
    if isinstance(error, psycopg.DataError) or state.startswith(_FOR_GOOD):
        why = f"the database cannot keep what this comes to ({name}), however often it is sent"
        return OperationRefused("not_possible", why)
    if isinstance(error, DatabaseUnavailable | psycopg.OperationalError) or state == _ONLY_READ:
        return OperationRefused("not_done", f"the database did not do it ({name}): try again")
    if isinstance(error, _MISREADINGS):
        why = f"Stripe's objects have a shape that cannot be read ({name}); the log says where"
        return OperationRefused("unreadable", why)
    # The texts of our own errors name what is to be mended, and nobody.
    said = f"{name}: {error}" if type(error).__module__.startswith("adapters.") else name
    return OperationRefused("failed", f"this cannot be done as things are ({said})")
