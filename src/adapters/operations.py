"""The database side of operations: one statement each."""

import uuid
from typing import Any

from adapters.postgres import Database
from adapters.sql_files import statement
from domain.operate import PaymentToResolve, RememberedEvent
from domain.operations import AdjustCredits, EraseUser, ResolvePayment, Signed

FIND_PAYMENT = statement("operations/find_payment")
FIND_EVENT = statement("operations/find_event")
ADJUST = statement("operations/adjust_credits")
ERASE = statement("operations/erase_user")


class PostgresBooks:
    """`domain.operate.Books` over Postgres."""

    def __init__(self, database: Database, hold_unknown_users: bool) -> None:
        self._database = database
        self._hold_unknown_users = hold_unknown_users

    def find_payment(self, operation: ResolvePayment) -> PaymentToResolve:
        row = self._database.one(
            FIND_PAYMENT,
            {
                "event_id": operation.signed.event_id,
                "payment_id": operation.payment_id,
                "package_id": operation.package_id,
            },
        )
        assert row is not None, "find_payment always gives one row"
        done_before = RememberedEvent(row["done_type"], row["done_object_id"], None)
        return PaymentToResolve(
            done_before=done_before if row["done_type"] else None,
            session_id=row["session_id"],
            user_id=row["user_id"],
            held_reason=row["held_reason"],
            package_is_known=row["package_is_known"],
        )

    def find_event(self, event_id: str) -> RememberedEvent | None:
        row = self._database.one(FIND_EVENT, {"event_id": event_id})
        if row is None:
            return None
        return RememberedEvent(row["event_type"], row["object_id"], row["session_id"])

    def adjust(self, operation: AdjustCredits) -> int | None:
        parameters = {
            **_request_columns(operation.signed),
            "user_id": operation.user_id,
            "delta": operation.delta,
            "entry_id": f"entry_{uuid.uuid4().hex}",
            "create_user": not self._hold_unknown_users,
        }
        row = self._database.one(ADJUST, parameters)
        return None if row is None else int(row["credits"])

    def erase(self, operation: EraseUser) -> int | None:
        parameters = {
            **_request_columns(operation.signed),
            "user_id": operation.user_id,
            "alias": f"erased_{uuid.uuid4().hex}",
        }
        row = self._database.one(ERASE, parameters)
        return None if row is None else int(row["payments"])


def _request_columns(signed: Signed) -> dict[str, Any]:
    return {
        "event_id": signed.event_id,
        "event_type": signed.event_type,
        "actor": signed.actor,
        "note": signed.note,
    }
