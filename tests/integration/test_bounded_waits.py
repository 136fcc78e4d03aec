"""No wait for the database lasts longer than it may, whoever logs in: here, the owner."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

import psycopg
import pytest

from adapters import connecting, postgres
from adapters.connecting import connect
from adapters.migrations import migrate, migrations_on_disk
from adapters.postgres import Database, DatabaseUnavailable, NoAnswer
from adapters.report_queries import PostgresReports
from domain.requests import Refused
from handlers import operations, reconcile
from reports.problems import Problem
from reports.queries import Query
from tests.integration.relay import Relay, relay
from tests.till import Till, completed

SHORT = 0.05
# Far below what anything would wait without a bound, far above what a busy machine adds.
SOON = 10.0


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(lambda: connect(database_url))
    yield opened
    opened.close()


@pytest.fixture
def way(database_url: str) -> Iterator[Relay]:
    with relay(database_url) as opened:
        yield opened


@contextmanager
def hurried(seconds: float = SHORT) -> Iterator[None]:
    """No statement may last longer than this: for those only that would last for ever, so that a
    busy machine stops no other."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(postgres, "STATEMENT_SECONDS", seconds)
        yield


@contextmanager
def locked(url: str, statement: str, seconds: float = SHORT) -> Iterator[None]:
    """Another session is in a transaction with this statement, and nobody waits long for it."""
    with psycopg.connect(url) as holder:
        holder.execute(statement)
        with hurried(seconds):
            yield
        holder.rollback()


def row_of(user_id: str) -> str:
    return f"UPDATE users SET credits = credits WHERE user_id = '{user_id}'"


def table(name: str) -> str:
    return f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE"


def waiting(url: str) -> int:
    """How many statements wait for a lock or sleep."""
    with psycopg.connect(url) as looking:
        row = looking.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'active' AND wait_event_type IN ('Lock', 'Timeout')"
        ).fetchone()
    assert row is not None
    return int(row[0])


FOR_EVER = "SELECT pg_sleep(60)"
SLOW = {
    "a locked row": (row_of("ana"), row_of("ana")),
    "a locked table": (table("users"), "SELECT 1 FROM users"),
    "a long statement": ("SELECT 1", FOR_EVER),
}


@pytest.fixture(params=SLOW.values(), ids=list(SLOW))
def slow(request: pytest.FixtureRequest, database_url: str) -> Iterator[str]:
    """A statement that would last long, here and now."""
    holds, statement = request.param
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO users (user_id) VALUES ('ana')")
    with locked(database_url, holds):
        yield statement


def in_a_statement(database: Database, statement: str) -> None:
    database.one(statement, {})


def in_a_transaction(database: Database, statement: str) -> None:
    with database.transaction() as connection:
        connection.execute(statement)


def in_a_cursor(database: Database, statement: str) -> None:
    """As an export reads; a cursor takes queries only."""
    statement = statement.replace("UPDATE users SET credits = credits", "SELECT 1 FROM users")
    with database.transaction() as connection, connection.cursor(name="some") as cursor:
        cursor.execute(f"{statement} FOR UPDATE" if "WHERE" in statement else statement)
        cursor.fetchmany(10)


def in_a_stream(database: Database, statement: str) -> None:
    """As the audit reads."""
    with database.transaction() as connection, connection.cursor() as cursor:
        list(cursor.stream(statement))


WAYS = [in_a_statement, in_a_transaction, in_a_cursor, in_a_stream]
Runs = Callable[[Database, str], None]


@pytest.mark.parametrize("runs", WAYS)
def test_what_takes_too_long_is_stopped_on_the_server(
    database: Database, database_url: str, slow: str, runs: Runs
) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        runs(database, slow)
    assert waiting(database_url) == 0


def test_what_was_stopped_is_not_tried_again(database: Database) -> None:
    tries = []

    def unit() -> None:
        tries.append(1)
        database.one(FOR_EVER, {})

    with hurried(), pytest.raises(psycopg.errors.QueryCanceled):
        database.retrying(unit)
    assert len(tries) == 1


def test_the_next_statement_runs_on_a_new_connection(database: Database) -> None:
    with hurried(), pytest.raises(psycopg.errors.QueryCanceled):
        database.one(FOR_EVER, {})
    assert database.one("SELECT 1 AS n", {}) == {"n": 1}


@pytest.mark.parametrize("runs", WAYS)
def test_a_server_that_never_answers_is_given_up(
    way: Relay, monkeypatch: pytest.MonkeyPatch, runs: Runs
) -> None:
    monkeypatch.setattr(postgres, "CANCEL_SECONDS", SHORT)
    database = Database(lambda: connect(way.url))
    database.one("SELECT 1", {})
    way.die()
    with hurried(), pytest.raises(NoAnswer):
        database.retrying(lambda: runs(database, "SELECT 1"))


def test_a_server_that_never_takes_a_connection_is_given_up_after_one_try(
    way: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two seconds are the least that libpq waits.
    monkeypatch.setitem(connecting.WAITS, "connect_timeout", "2")
    monkeypatch.setattr(postgres, "RETRY_WITHIN_SECONDS", 1.0)
    way.die()
    database = Database(lambda: connect(way.url))
    with pytest.raises(DatabaseUnavailable, match=r"\(ConnectionTimeout\)"):
        database.retrying(lambda: database.one("SELECT 1", {}))


def test_all_statements_of_a_unit_share_its_time(database: Database) -> None:
    def unit() -> None:
        for _ in range(600):
            database.one("SELECT pg_sleep(0.1)", {})

    # The time is up in the middle of a nap: at its end the server may be done before it is told.
    with pytest.raises(psycopg.errors.QueryCanceled):
        database.retrying(unit, 0.15)


def test_a_unit_within_another_does_not_get_more_time(database: Database) -> None:
    nap: Callable[[], Any] = lambda: database.one(FOR_EVER, {})  # noqa: E731
    with pytest.raises(psycopg.errors.QueryCanceled):
        database.retrying(lambda: database.retrying(nap), SHORT)


def test_a_statement_after_a_unit_has_its_own_time_again(database: Database) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        database.retrying(lambda: database.one(FOR_EVER, {}), 0.0)
    assert database.one("SELECT pg_sleep(0.01)", {})


def test_a_unit_of_another_thread_has_its_own_time(database: Database) -> None:
    def others() -> object:
        return database.retrying(lambda: database.one("SELECT pg_sleep(0.01)", {}))

    with ThreadPoolExecutor(1) as thread:
        assert database.retrying(lambda: thread.submit(others).result(), 0.0)


# What becomes of it in each function.

Lock = Callable[[], AbstractContextManager[None]]


@pytest.fixture(params=[row_of("user_123"), table("users"), table("packages")])
def held(request: pytest.FixtureRequest, till: Till) -> Lock:
    """Somebody holds what a purchase needs."""
    till.sell_paid()
    return lambda: locked(till.database_url, request.param)


def test_a_delivery_is_answered_with_503_and_done_when_it_comes_again(
    till: Till, held: Lock
) -> None:
    event = completed(till.account.complete(till.sell()))
    with held():
        assert till.deliver(event).status_code == 503
        assert waiting(till.database_url) == 0
    assert till.deliver(event).outcome == "recorded"
    assert till.credits() == 2000


@pytest.mark.parametrize("statement", [row_of("user_123"), table("users")])
def test_an_operation_is_not_done_and_may_be_tried_again(till: Till, statement: str) -> None:
    till.sell_paid()
    request = {"operation": "adjust_credits", "user_id": "user_123", "delta": -1}
    request |= {"actor": "olivia", "request_id": "1"}
    with locked(till.database_url, statement):
        refused = operations.handler(request, None)
    assert refused["error"]["code"] == "not_done"
    assert operations.handler(request, None)["outcome"] == "recorded"
    assert till.credits() == 999


def reconciled_while(till: Till, statement: str) -> dict[str, Any]:
    """What a run answers about one purchase more, which wants what somebody holds."""
    till.sell_paid()
    till.account.complete(till.sell())
    # Longer: what is not held must be done meanwhile.
    with locked(till.database_url, statement, 2 * SHORT):
        answered = reconcile.handler({"days": 1}, None)
    assert waiting(till.database_url) == 0
    return answered


def test_reconcile_is_broken_off_by_a_table_that_nobody_gets_at(till: Till) -> None:
    assert reconciled_while(till, table("packages"))["error"]["code"] == "not_done"


def test_reconcile_passes_by_a_user_whom_somebody_holds(till: Till) -> None:
    answered = reconciled_while(till, row_of("user_123"))
    why = {failure["why"] for failure in answered["failures"]}
    assert (answered["finished"], why) == (True, {"cannot be recorded: QueryCanceled"})


def test_a_delivery_to_a_dead_database_is_answered_with_503(
    till: Till, way: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "CANCEL_SECONDS", SHORT)
    monkeypatch.setenv("DATABASE_URL", way.url)
    event = completed(till.account.complete(till.sell()))
    assert till.deliver(event).outcome == "recorded"
    way.die()
    with hurried():
        answer = till.deliver(event)
    assert (answer.status_code, "try_later" in json.dumps(answer.body)) == (503, True)


def read(url: str) -> Problem:
    with closing(Database(lambda: connect(url))) as database:
        reports = PostgresReports(database, statement_timeout_ms=100)
        problem = reports.read(Query("a_test", "SELECT count(*) FROM users", {}))
    assert isinstance(problem, Problem)
    return problem


def test_a_report_on_a_locked_table_is_too_slow(database_url: str) -> None:
    with locked(database_url, table("users")):
        assert read(database_url).code == "too_slow"


def test_a_report_on_a_dead_database_is_unavailable(
    way: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "CANCEL_SECONDS", SHORT)
    monkeypatch.setattr("adapters.report_queries.GRACE_SECONDS", SHORT)
    with closing(Database(lambda: connect(way.url))) as database:
        database.one("SELECT 1", {})
        way.die()
        reports = PostgresReports(database, statement_timeout_ms=100)
        problem = reports.read(Query("a_test", "SELECT 1", {}))
    assert isinstance(problem, Problem)
    assert problem.code == "unavailable"


def test_a_migration_that_waits_for_a_table_ends_with_its_unit(
    database: Database, database_url: str
) -> None:
    with locked(database_url, table("schema_migrations")):
        stopped = database.retrying(lambda: migrate(database, migrations_on_disk()), SHORT)
    assert isinstance(stopped, Refused)
    assert stopped.code == "too_slow"
