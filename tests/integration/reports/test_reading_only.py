"""A report reads in a transaction that cannot write, and leaves its connection as it was."""

import logging
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from adapters.connecting import connect
from adapters.postgres import Connection, Database
from adapters.report_queries import PostgresReports
from reports.answers import Table
from reports.problems import Problem
from reports.queries import Query
from tests.unit.reports.builders import code_of

_SETTINGS = "role", "transaction_read_only", "statement_timeout", "TimeZone"
_SHOWN = ", ".join(f"current_setting('{name}') AS {name.lower()}" for name in _SETTINGS)


class OneConnection:
    """Reads reports through a connection that the test can look at too."""

    def __init__(self, url: str, **options: Any) -> None:
        self.connection: Connection = connect(url)
        self._reports = PostgresReports(Database(lambda: self.connection), **options)

    def read(self, statement: str) -> Table | Problem:
        """Runs a statement as if it were a report's; it may use `%(secret)s`."""
        return self._reports.read(Query("a_test", statement, {"secret": "hush"}))


@pytest.fixture
def one(database_url: str) -> Iterator[OneConnection]:
    opened = OneConnection(database_url)
    yield opened
    opened.connection.close()


def test_a_report_runs_read_only_as_the_reader_with_a_time_limit_in_utc(one: OneConnection) -> None:
    table = one.read(f"SELECT {_SHOWN}, current_user::text AS name")
    assert isinstance(table, Table)
    assert dict(table.rows[0]) == {
        "role": "report_reader",
        "transaction_read_only": "on",
        "statement_timeout": "20s",
        "timezone": "UTC",
        "name": "report_reader",
    }


@pytest.mark.parametrize("statement", ["SELECT 1 AS n", "SELECT 1 / 0 AS n"])
def test_a_connection_is_given_back_as_it_was(one: OneConnection, statement: str) -> None:
    before = one.connection.execute(f"SELECT {_SHOWN}").fetchone()
    one.read(statement)
    assert one.connection.execute(f"SELECT {_SHOWN}").fetchone() == before


@pytest.mark.parametrize(
    ("statement", "sqlstate"),
    [
        ("INSERT INTO users (user_id) VALUES (%(secret)s)", "25006"),
        ("CREATE TABLE t AS SELECT %(secret)s::text AS n", "25006"),
        ("SELECT set_config('transaction_read_only', 'off', true), %(secret)s::text", "25001"),
        (
            "SELECT * FROM (WITH gone AS (DELETE FROM users RETURNING 1) SELECT * FROM gone) AS n"
            " WHERE %(secret)s::text <> ''",
            "0A000",
        ),
        ("SELECT %(secret)s::text; DELETE FROM users", "42601"),
    ],
)
def test_whatever_writes_is_refused_by_postgres(
    one: OneConnection, caplog: pytest.LogCaptureFixture, statement: str, sqlstate: str
) -> None:
    refused = one.read(statement)
    assert code_of(refused) == "report_failed"
    assert sqlstate in caplog.text


def test_the_role_alone_keeps_a_report_from_writing(one: OneConnection) -> None:
    with one.connection.transaction():
        one.connection.execute("SELECT set_config('role', 'report_reader', true)")
        granted = one.connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'S', 'v') AND relnamespace ="
            " 'public'::regnamespace AND has_table_privilege(oid, 'INSERT, UPDATE, DELETE')"
        ).fetchall()
    assert granted == []


def test_a_failure_says_nothing_of_statement_or_values(
    one: OneConnection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    refused = one.read("SELECT no_such_column FROM users WHERE user_id = %(secret)s")
    assert isinstance(refused, Problem)
    told = refused.message + caplog.text
    assert "UndefinedColumn" in told
    assert not [word for word in ("hush", "no_such_column", "SELECT") if word in told]


def test_a_report_that_takes_too_long_is_stopped(database_url: str) -> None:
    impatient = OneConnection(database_url, statement_timeout_ms=20)
    stopped = impatient.read("SELECT pg_sleep(30), %(secret)s::text")
    impatient.connection.close()
    assert code_of(stopped) == "too_slow"


def test_a_connection_that_broke_is_replaced(database_url: str) -> None:
    with closing(Database(lambda: connect(database_url))) as database:
        backend = database.one("SELECT pg_backend_pid() AS pid", {})
        assert backend is not None
        with psycopg.connect(database_url) as other:
            other.execute("SELECT pg_terminate_backend(%(pid)s, 5000)", backend)
        answered = PostgresReports(database).read(
            Query("a_test", "SELECT %(n)s::int AS n", {"n": 1})
        )
    assert isinstance(answered, Table)
    assert answered.rows == [{"n": 1}]


def test_a_database_that_is_down_makes_the_reports_unavailable(
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = "postgresql://somebody:hush@127.0.0.1:1/nothing"
    refused = PostgresReports(Database(lambda: connect(url))).read(Query("a_test", "SELECT 1", {}))
    assert code_of(refused) == "unavailable"
    assert isinstance(refused, Problem)
    assert "hush" not in refused.message + caplog.text
