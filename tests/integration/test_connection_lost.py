"""A connection that is no good for its work is replaced, and the work is done once more."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from adapters.connecting import connect
from adapters.postgres import RETRY_WITHIN_SECONDS, Connection, Database, DatabaseUnavailable
from tests.integration.relay import Fault, end, garbage, relay

# Every SQLSTATE that psycopg knows, but those of success, warnings and "no data".
STATES = sorted(
    {
        kind.sqlstate
        for _, kind in inspect.getmembers(psycopg.errors, inspect.isclass)
        if isinstance(kind.__dict__.get("sqlstate"), str) and kind.sqlstate[:2] > "03"
    }
)
# After a failover, through a pooler, at a restart: the connection's fault, by code or by class.
LOST = [
    state
    for state in STATES
    if state in ("25006", "25P02", "25P03", "26000", "42P05", "XX000")
    or state.startswith(("08", "57P", "58"))
]
KEPT = [state for state in STATES if state not in LOST]


class Clock:
    """Stands still until a test moves it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(database_url: str, clock: Clock) -> Iterator[Database]:
    opened = Database(lambda: connect(database_url), clock)
    yield opened
    opened.close()


def backend(database: Database) -> int:
    row = database.one("SELECT pg_backend_pid() AS pid", {})
    assert row is not None
    return int(row["pid"])


def raising(state: str, text: str = "as asked") -> str:
    """A statement for which the server raises this, and keeps the connection."""
    return f"DO $$ BEGIN RAISE EXCEPTION '{text}' USING ERRCODE = '{state}'; END $$"


def in_a_statement(database: Database, state: str) -> None:
    database.one(raising(state), {})


def in_a_transaction(database: Database, state: str) -> None:
    with database.transaction() as connection:
        connection.execute(raising(state))


def unit(database: Database, *failures: Callable[[], None]) -> Callable[[], int]:
    """Work that fails in these ways one try after the other; then it says who did it."""
    left = iter(failures)

    def work() -> int:
        for failure in itertools.islice(left, 1):
            failure()
        return backend(database)

    return work


@pytest.mark.parametrize("state", LOST)
def test_work_is_done_once_more_on_a_new_connection(database: Database, state: str) -> None:
    before = backend(database)
    done_by = database.retrying(unit(database, lambda: in_a_statement(database, state)))
    assert done_by != before


@pytest.mark.parametrize("state", LOST)
def test_work_is_done_twice_at_most(database: Database, state: str) -> None:
    tries = itertools.count()

    def hopeless() -> None:
        next(tries)
        database.one(raising(state, "quotes a row"), {})

    with pytest.raises(DatabaseUnavailable, match=rf"\(\w+ {state}\)"):
        database.retrying(hopeless)
    assert next(tries) == 2


@pytest.mark.parametrize("state", LOST)
def test_what_failed_twice_leaves_no_connection_behind(database: Database, state: str) -> None:
    seen = []

    def hopeless() -> None:
        seen.append(backend(database))
        in_a_statement(database, state)

    with pytest.raises(DatabaseUnavailable):
        database.retrying(hopeless)
    assert len({*seen, backend(database)}) == 3


@pytest.mark.parametrize("fails", [in_a_statement, in_a_transaction])
def test_a_connection_is_replaced_also_where_nothing_is_tried_again(
    database: Database, fails: Callable[[Database, str], None]
) -> None:
    for state in LOST:
        before = backend(database)
        with pytest.raises(psycopg.Error):
            fails(database, state)
        assert backend(database) != before, state


def test_work_whose_own_fault_it_is_is_done_once_and_its_connection_kept(
    database: Database,
) -> None:
    before = backend(database)
    for state in KEPT:
        tries = itertools.count()

        def faulty(state: str = state, tries: Iterator[int] = tries) -> None:
            next(tries)
            in_a_statement(database, state)

        with pytest.raises(psycopg.Error) as raised:
            database.retrying(faulty)
        assert (raised.value.sqlstate, next(tries)) == (state, 1)
    assert backend(database) == before


def test_a_plan_that_an_altered_table_made_stale_goes_with_its_connection(
    database: Database,
) -> None:
    database.one("CREATE TABLE shape (a int)", {})
    database.one("PREPARE all_of_it AS SELECT * FROM shape", {})
    database.one("ALTER TABLE shape ADD b int", {})
    before = backend(database)
    done_by = database.retrying(unit(database, lambda: database.one("EXECUTE all_of_it", {})))
    assert done_by != before


def terminate(database: Database, url: str) -> None:
    """The server ends the connection, as at a restart."""
    pid = backend(database)
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


def test_a_connection_that_the_server_ended_is_replaced(
    database: Database, database_url: str
) -> None:
    terminate(database, database_url)
    assert database.retrying(lambda: backend(database))


def test_a_connection_that_ends_in_the_middle_of_a_statement_is_replaced(
    database: Database,
) -> None:
    suicide = "SELECT pg_terminate_backend(pg_backend_pid())"
    assert database.retrying(unit(database, lambda: database.one(suicide, {})))


@pytest.mark.parametrize("fault", [end, garbage])
def test_a_connection_that_breaks_on_the_way_is_replaced(database_url: str, fault: Fault) -> None:
    with relay(database_url) as way, closing(Database(lambda: connect(way.url))) as database:

        def broken_once() -> int:
            way.fault = None
            backend(database)
            way.fault = None if next(count) else fault
            return backend(database)

        count = itertools.count()
        assert database.retrying(broken_once)
        assert next(count) == 2


def test_an_end_that_comes_late_is_not_tried_again_for_a_function_has_its_time(
    database: Database, clock: Clock
) -> None:
    tries = itertools.count()

    def late() -> None:
        next(tries)
        clock.now += RETRY_WITHIN_SECONDS + 1
        in_a_statement(database, "57P01")

    with pytest.raises(DatabaseUnavailable):
        database.retrying(late)
    assert next(tries) == 1


def test_a_server_that_nobody_reaches_is_asked_twice_and_named_without_its_address() -> None:
    tries = itertools.count()

    def nowhere() -> Connection:
        next(tries)
        return connect("postgresql://somebody:hush@127.0.0.1:1/nothing")

    database = Database(nowhere)
    with pytest.raises(DatabaseUnavailable) as raised:
        database.retrying(lambda: backend(database))
    assert next(tries) == 2
    assert "(OperationalError)" in str(raised.value)
    assert not {"hush", "somebody", "127.0.0.1"} & set(re.split(r"[^\w.]+", str(raised.value)))
