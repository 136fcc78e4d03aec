"""The application's side of the credits: the functions, called as the role that may call them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from adapters.sql_files import statement
from tests.integration.roles import as_role
from tests.onlooker import Onlooker

LEDGER_AUDIT = statement("reports/ledger_audit")


class Answer(NamedTuple):
    """What each function answers."""

    outcome: str
    balance: int
    available: int


class Credits:
    """The functions on one connection, which commits when its owner says so."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def call(self, function: str, **arguments: Any) -> Answer:
        named = [
            sql.SQL("{} => {}").format(sql.Identifier(name), sql.Placeholder(name))
            for name in arguments
        ]
        query = sql.SQL("SELECT * FROM {}({})").format(
            sql.Identifier(f"{function}"), sql.SQL(", ").join(named)
        )
        (row,) = self.connection.execute(query, arguments).fetchall()
        return Answer(*row)

    def spend(self, amount: int | None, request_id: str | None, **more: Any) -> Answer:
        return self.call(
            "spend_credits", **{"user_id": "ana"} | more, amount=amount, request_id=request_id
        )

    def reserve(self, amount: int | None, request_id: str | None, **more: Any) -> Answer:
        return self.call(
            "reserve_credits", **{"user_id": "ana"} | more, amount=amount, request_id=request_id
        )

    def grant(self, amount: int | None, request_id: str | None, **more: Any) -> Answer:
        return self.call(
            "grant_credits", **{"user_id": "ana"} | more, amount=amount, request_id=request_id
        )

    def extend(self, request_id: str | None, lasts: Any) -> Answer:
        return self.call("extend_credits", request_id=request_id, lasts=lasts)

    def capture(self, request_id: str | None, amount: int | None) -> Answer:
        return self.call("capture_credits", request_id=request_id, amount=amount)

    def release(self, request_id: str | None) -> Answer:
        return self.call("release_credits", request_id=request_id)

    def give_back(self, request_id: str | None, amount: int | None) -> Answer:
        return self.call("return_credits", request_id=request_id, amount=amount)

    def balance(self, user_id: str | None = "ana") -> Answer:
        return self.call("credit_balance", user_id=user_id)


class Books(Onlooker):
    """What the owner of the till sees, and does behind everybody's back."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url

    def run_out(self, *request_ids: str) -> None:
        """These reservations have lasted as long as they do."""
        self.execute(
            "UPDATE credit_requests SET lasts_until = clock_timestamp() WHERE request_id = ANY(%s)",
            list(request_ids),
        )

    def take(self, amount: int, user_id: str = "ana") -> None:
        """A clawback, which asks nobody."""
        self.execute(
            "WITH holder AS (UPDATE users SET credits = credits - %s,"
            " ledger_entries = ledger_entries + 1 WHERE user_id = %s RETURNING *)"
            " INSERT INTO credit_ledger (entry_id, user_id, delta, balance_after, reason, event_id,"
            " entry_number) SELECT gen_random_uuid()::text, user_id, -%s, credits, 'adjustment',"
            " 'operation:1', ledger_entries FROM holder",
            amount,
            user_id,
            amount,
        )

    def ledger(self, user_id: str = "ana") -> list[tuple[Any, ...]]:
        """Reason, delta, balance after, request id: in the order of the numbers."""
        query = (
            "SELECT reason, delta, balance_after, event_id FROM credit_ledger WHERE user_id = %s"
            " ORDER BY entry_number"
        )
        return [tuple(row.values()) for row in self.rows(query, user_id)]

    def reservation(self, request_id: str) -> dict[str, Any]:
        (row,) = self.rows("SELECT * FROM credit_reservations WHERE request_id = %s", request_id)
        return row

    def everything(self) -> list[list[dict[str, Any]]]:
        """All that a call could leave behind."""
        tables = ("users", "credit_ledger", "credit_requests")
        return [self.rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables]

    def problems(self) -> list[dict[str, Any]]:
        """What the audit finds wrong, and captures and returns that do not match the ledger."""
        with psycopg.connect(self.database_url) as connection:
            cursor = psycopg.ClientCursor(connection, row_factory=psycopg.rows.dict_row)
            cursor.execute(LEDGER_AUDIT.encode(), {"from_user": None, "to_user": None})
            audit = cursor.fetchall()
        return audit + self.rows(
            "SELECT request_id, kind, taken, returned, entries.* FROM credit_requests AS request,"
            " LATERAL (SELECT coalesce(sum(delta) FILTER (WHERE reason = 'spend'), 0) AS spent,"
            "   coalesce(sum(delta) FILTER (WHERE reason = 'return'), 0) AS given_back,"
            "   coalesce(sum(delta) FILTER (WHERE reason = 'grant'), 0) AS granted"
            "   FROM credit_ledger AS entry WHERE entry.event_id = request.request_id"
            "    AND entry.user_id = request.user_id) AS entries"
            " WHERE (-taken, coalesce(returned, 0), CASE kind WHEN 'grant' THEN amount ELSE 0 END)"
            "       IS DISTINCT FROM (spent, given_back, granted) AND kind <> 'operation'"
        )


@contextmanager
def application(
    database_url: str, isolation: psycopg.IsolationLevel | None = None, **how: Any
) -> Iterator[Credits]:
    """A connection of the application's."""
    url = as_role(database_url, "application")
    with closing(psycopg.connect(url, **{"autocommit": isolation is None} | how)) as connection:
        connection.isolation_level = isolation
        yield Credits(connection)
