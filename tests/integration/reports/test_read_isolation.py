"""Reports read elsewhere when told to, and cannot write even when their own SQL tries."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from adapters.connecting import connect
from adapters.postgres import Database
from adapters.report_queries import PostgresReports, reports_in
from handlers import operations
from reports.answers import Answer, answer
from reports.declaration import HeaderError
from tests.databases import TestDatabases
from tests.integration.reports.books import START, Books
from tests.unit.reports.builders import code_of

WRITERS = """
CREATE SEQUENCE numbers;
CREATE FUNCTION give_credits() RETURNS bigint LANGUAGE sql
    AS 'UPDATE users SET credits = 1000000 RETURNING credits';
CREATE FUNCTION give_credits_as_owner() RETURNS bigint LANGUAGE sql SECURITY DEFINER
    AS 'UPDATE users SET credits = 1000000 RETURNING credits';
GRANT USAGE ON SEQUENCE numbers TO report_reader;
GRANT UPDATE ON users TO report_reader;
"""


@pytest.fixture
def replica_url(databases: TestDatabases) -> Iterator[str]:
    """Another database, as a replica is, with a payment that the first one has not."""
    with databases.database(databases.template) as url:
        with closing(Books(url)) as books:
            books.pay("user_of_the_replica")
        yield url


def ran(url: str, directory: Path, statement: str) -> Answer:
    """What a report answers whose file has this statement."""
    header = "-- title: A test\n-- description: A report that should not have been written.\n\n"
    (directory / "hostile.sql").write_text(header + statement, "utf-8")
    with closing(Database(lambda: connect(url))) as database:
        return answer(
            {"report": "hostile"}, PostgresReports(database, reports=reports_in(directory)), START
        )


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT give_credits() AS credits",
        "SELECT give_credits_as_owner() AS credits",
        "WITH given AS (SELECT give_credits_as_owner() AS credits) SELECT * FROM given",
        "WITH given AS (UPDATE users SET credits = 1000000 RETURNING 1) SELECT * FROM given",
        "SELECT * FROM users FOR UPDATE",
        "SELECT nextval('numbers') AS n",
        "SELECT 1) AS n UNION ALL (UPDATE users SET credits = 1000000 RETURNING 1",
        "SELECT 1 AS n INTO new_table",
    ],
)
def test_a_report_whose_sql_writes_fails_and_writes_nothing(
    books: Books, tmp_path: Path, statement: str
) -> None:
    """Not even with functions of their owner's rights, or with rights that it should not have."""
    books.pay()
    books.execute(WRITERS)
    refused = ran(books.database_url, tmp_path, statement)
    assert code_of(refused) == "report_failed"
    assert books.rows("SELECT credits, is_called FROM users, numbers") == [
        {"credits": 1000, "is_called": False}
    ]


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("DELETE FROM users", "must begin with SELECT or WITH"),
        ("SELECT 1; DELETE FROM users", "only one statement"),
        ("SELECT set_config('transaction_read_only', 'off', true)", "must not change settings"),
        ("SELECT Set_Config ('role', 'postgres', true)", "must not change settings"),
    ],
)
def test_a_file_that_is_no_reading_statement_is_refused_before_it_runs(
    books: Books, tmp_path: Path, statement: str, complaint: str
) -> None:
    with pytest.raises(HeaderError, match=complaint):
        ran(books.database_url, tmp_path, statement)


@pytest.mark.parametrize("file", ["/etc/passwd", "postgresql.conf"])
def test_a_report_reads_no_files_of_the_server(
    books: Books, tmp_path: Path, file: str, caplog: pytest.LogCaptureFixture
) -> None:
    refused = ran(books.database_url, tmp_path, f"SELECT pg_read_file('{file}') AS text")
    assert code_of(refused) == "report_failed"
    assert "InsufficientPrivilege" in caplog.text


def test_a_summary_of_too_many_rows_is_not_answered(books: Books, tmp_path: Path) -> None:
    endless = "SELECT generate_series(1, 1000000000) AS n"
    refused = ran(books.database_url, tmp_path, endless)
    assert code_of(refused) == "too_many_rows"


def test_reports_are_read_from_the_replica_where_there_is_one(
    books: Books, replica_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_READ_URL", replica_url)
    [row] = books.asked("recent_payments")["rows"]
    assert row["user_id"] == "user_of_the_replica"


def test_without_a_replica_reports_are_read_from_the_database(
    books: Books, replica_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_READ_URL", "")
    assert books.asked("recent_payments")["rows"] == []


def test_a_replica_that_is_down_makes_reports_unavailable_and_nothing_else(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_READ_URL", "postgresql://somebody:hush@127.0.0.1:1/nothing")
    assert books.asked("recent_payments")["error"]["code"] == "unavailable"
    books.execute("INSERT INTO users (user_id) VALUES ('user_1')")
    adjustment = {"operation": "adjust_credits", "user_id": "user_1", "delta": 5}
    answered = operations.handler({**adjustment, "actor": "olga", "request_id": "r"}, None)
    assert answered["balance"] == 5


def test_a_login_that_can_only_read_answers_every_report(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.pay()
    reader = make_conninfo(books.database_url, options="-c role=report_reader")
    monkeypatch.setenv("DATABASE_READ_URL", reader)
    for entry in books.asked()["reports"]:
        assert "error" not in books.asked(**entry["example"]), entry["name"]


def test_a_login_that_can_only_read_cannot_touch_the_totals(books: Books) -> None:
    reader = make_conninfo(books.database_url, options="-c role=report_reader")
    for table in ("folded_payment_totals", "folded_customer_totals"):
        with (
            psycopg.connect(reader) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(f"DELETE FROM {table}")
