"""What the table of requests itself refuses, by whatever hand a row is written."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from psycopg import errors

from adapters.migrations import Migrated, migrations_on_disk
from tests.integration.credits.application import Books, Credits, application
from tests.integration.roles import apply

SPEND: dict[str, Any] = {"kind": "spend", "user_id": "ana", "amount": 10, "taken": 10}
GRANT: dict[str, Any] = {"kind": "grant", "user_id": "ana", "amount": 10}
OPEN: dict[str, Any] = {
    "kind": "reserve",
    "user_id": "ana",
    "amount": 10,
    "lasts_until": "2026-11-25",
    "available_after": 0,
}
CAPTURED = OPEN | {"closed_as": "captured", "taken": 7}
OPERATION: dict[str, Any] = {"kind": "operation"}


def write(books: Books, row: dict[str, Any]) -> None:
    row = {"request_id": "r"} | row
    books.execute(
        f"INSERT INTO credit_requests ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})",
        *row.values(),
    )


WHOLE = {
    "an operation": OPERATION,
    "a reservation that is open": OPEN,
    "a reservation that was released": OPEN | {"closed_as": "released"},
    "a reservation of which nothing was captured": OPEN | {"closed_as": "captured"},
}


@pytest.mark.parametrize("row", WHOLE.values(), ids=list(WHOLE))
def test_a_whole_request_is_taken(app: Credits, books: Books, row: dict[str, Any]) -> None:
    write(books, row)
    assert len(books.rows("SELECT FROM credit_requests")) == 2


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "loan"},
        SPEND | {"request_id": ""},
        SPEND | {"user_id": None},
        SPEND | {"amount": None},
        SPEND | {"amount": 0, "taken": 0},
        SPEND | {"amount": -1, "taken": -1},
        SPEND | {"taken": 9},
        SPEND | {"lasts_until": "2026-11-25"},
        SPEND | {"available_after": 0},
        SPEND | {"closed_as": "captured"},
        SPEND | {"returned": 0},
        SPEND | {"returned": 11},
        GRANT | {"taken": 10},
        GRANT | {"returned": 1},
        OPEN | {"available_after": -1},
        OPEN | {"available_after": None},
        OPEN | {"lasts_until": None},
        OPEN | {"taken": 1},
        OPEN | {"returned": 1},
        OPEN | {"closed_as": "released", "taken": 1},
        OPEN | {"closed_as": "lost"},
        CAPTURED | {"taken": -1},
        CAPTURED | {"returned": 8},
        OPERATION | {"user_id": "ana"},
        OPERATION | {"amount": 1},
        OPERATION | {"taken": 1},
    ],
    ids=str,
)
def test_half_a_request_is_refused(app: Credits, books: Books, row: dict[str, Any]) -> None:
    with pytest.raises(errors.CheckViolation, match="a_request_is_whole"):
        write(books, row)


def test_a_request_is_of_a_user_who_is_there(app: Credits, books: Books) -> None:
    with pytest.raises(errors.ForeignKeyViolation):
        write(books, SPEND | {"user_id": "bob"})


def test_a_request_goes_with_its_user_to_another_name(app: Credits, books: Books) -> None:
    app.spend(10, "1")
    app.reserve(10, "2")
    books.execute("UPDATE users SET user_id = 'erased' WHERE user_id = 'ana'")
    assert app.capture("2", 10) == ("recorded", 80, 80)
    assert app.give_back("1", 10) == ("recorded", 90, 90)
    assert app.spend(10, "1") == ("request_id_reused", 0, 0)
    assert books.rows("SELECT DISTINCT user_id FROM credit_requests") == [{"user_id": "erased"}]


def test_the_requests_of_one_user_are_found_among_all(books: Books) -> None:
    books.execute("SET enable_seqscan = off")
    rename = "EXPLAIN UPDATE credit_requests SET user_id = 'erased' WHERE user_id = 'ana'"
    assert "credit_requests_by_user" in str(books.rows(rename))


def test_ids_that_operators_used_before_there_were_requests_are_known(
    empty_database_url: str,
) -> None:
    before = [each for each in migrations_on_disk() if each.version < "0005"]
    assert isinstance(apply(empty_database_url, before), Migrated)
    with closing(Books(empty_database_url)) as books:
        books.execute(
            "INSERT INTO users (user_id, credits, ledger_entries) VALUES ('ana', 5, 1);"
            "INSERT INTO stripe_events (event_id, event_type, source, outcome)"
            " VALUES ('operation:1', 'adjust_credits', 'operations', 'recorded'),"
            " ('operation:operation:1', 'adjust_credits', 'operations', 'recorded'),"
            " ('evt_1', 'charge.succeeded', 'webhook', 'recorded');"
            "INSERT INTO credit_ledger (entry_id, user_id, delta, balance_after, reason, event_id,"
            " actor, entry_number) VALUES ('1', 'ana', 5, 5, 'adjustment', 'operation:1', 'o', 1);"
        )
        assert isinstance(apply(empty_database_url, migrations_on_disk()), Migrated)
        requests = books.rows("SELECT request_id, kind FROM credit_requests ORDER BY 1")
        assert [tuple(each.values()) for each in requests] == [
            ("1", "operation"),
            ("operation:1", "operation"),
        ]
        with application(empty_database_url) as session:
            assert session.spend(1, "1") == ("request_id_reused", 5, 5)
            assert session.spend(1, "evt_1") == ("recorded", 4, 4)
