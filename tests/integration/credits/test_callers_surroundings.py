"""Whatever the caller's path, collation, role or schema: the functions find the till's own."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from adapters.migrations import Migrated, migrations_on_disk
from tests.integration.credits.application import Books, Credits, application
from tests.integration.roles import apply, as_role


def test_tables_of_the_callers_own_in_front_are_not_touched(app: Credits, books: Books) -> None:
    books.execute(
        "CREATE SCHEMA mine; GRANT USAGE ON SCHEMA mine TO application;"
        "CREATE TABLE mine.users (user_id uuid, credits text);"
        "CREATE TABLE mine.credit_ledger (id int);"
        "CREATE TABLE mine.credit_requests (id int);"
        "CREATE FUNCTION mine.enter_credits(text, bigint, text, text, text, text) RETURNS bigint"
        " LANGUAGE sql RETURN 1 / 0;"
        "CREATE FUNCTION mine.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
        " RETURN '-infinity'::timestamptz;"
    )
    app.connection.execute(b"SET search_path = mine, public, pg_catalog")
    app.connection.execute(b"CREATE TEMPORARY TABLE users (user_id text, credits bigint)")
    app.connection.execute(b"INSERT INTO pg_temp.users VALUES ('ana', 1000000)")
    assert app.spend(101, "1") == ("insufficient", 100, 100)
    assert app.reserve(10, "1") == ("recorded", 100, 90)
    assert app.capture("1", 10) == ("recorded", 90, 90)
    assert app.connection.execute(b"SHOW search_path").fetchone() == ("mine, public, pg_catalog",)


def test_a_caller_without_the_schema_in_the_path_names_it(app: Credits) -> None:
    app.connection.execute(b"SET search_path = ''")
    call = b"public.spend_credits(amount => 1, request_id => '1', user_id => 'ana')"
    assert app.connection.execute(b"SELECT outcome FROM " + call).fetchone() == ("recorded",)


@pytest.fixture
def careless(books: Books) -> None:
    """A collation to which ana and ANA are the same; not every build of Postgres can have one."""
    try:
        books.execute(
            "CREATE COLLATION careless (provider = icu, locale = 'und-u-ks-level1',"
            " deterministic = false)"
        )
    except errors.FeatureNotSupported:
        pytest.skip("this Postgres was built without ICU")


@pytest.mark.usefixtures("careless")
def test_a_callers_collation_takes_nobody_for_somebody_else(app: Credits, books: Books) -> None:
    app.grant(10, "Welcome", user_id="Ana")
    app.reserve(10, "R")
    for call, outcome in (
        ("credit_balance('ANA' COLLATE careless)", "unknown_user"),
        ("spend_credits('ANA' COLLATE careless, 1, 's')", "unknown_user"),
        ("reserve_credits('ANA' COLLATE careless, 1, 's')", "unknown_user"),
        ("grant_credits('ANA' COLLATE careless, 1, 'WELCOME')", "recorded"),
        ("capture_credits('r' COLLATE careless, 1)", "not_reserved"),
        ("release_credits('r' COLLATE careless)", "not_reserved"),
        ("extend_credits('r' COLLATE careless, '1 hour')", "not_reserved"),
        ("return_credits('WELCOME' COLLATE careless, 1)", "not_spent"),
    ):
        query = f"SELECT outcome FROM {call}"
        assert app.connection.execute(query.encode()).fetchone() == (outcome,)
    assert app.balance("Ana") == ("found", 10, 10)


def test_columns_of_several_collations_are_taken_at_once(app: Credits) -> None:
    query = (
        b"SELECT outcome FROM (SELECT 'ana'::text AS u, '1'::text COLLATE \"C\" AS r,"
        b" 'why'::text COLLATE \"POSIX\" AS n) AS job, {}"
    )
    for call in (b"spend_credits(u, 1, r, n, n)", b"grant_credits(u, 1, r || 2, n)"):
        assert app.connection.execute(query.replace(b"{}", call)).fetchone() == ("recorded",)


@pytest.mark.parametrize("collation", ["default", "C"])
def test_no_call_reads_the_whole_of_a_table(app: Credits, books: Books, collation: str) -> None:
    """Nor does one whose plan was made when there was next to nothing in it."""
    tables = ["users", "credit_requests", "credit_ledger"]
    scans = b"SELECT sum(seq_scan) FROM pg_stat_xact_user_tables WHERE relname = ANY(%s)"
    books.execute("VACUUM ANALYZE")
    with application(books.database_url, psycopg.IsolationLevel.READ_COMMITTED) as session:
        for n in range(8):
            for call in (
                f"spend_credits('ana' COLLATE \"{collation}\", 1, 's{n}')",
                f"spend_credits('ana' COLLATE \"{collation}\", 1, 's{n}')",
                f"reserve_credits('ana' COLLATE \"{collation}\", 1, 'r{n}')",
                f"extend_credits('r{n}' COLLATE \"{collation}\", '1 hour')",
                f"capture_credits('r{n}' COLLATE \"{collation}\", 1)",
                f"release_credits('r{n}' COLLATE \"{collation}\")",
                f"return_credits('r{n}' COLLATE \"{collation}\", 1)",
                f"grant_credits('ana' COLLATE \"{collation}\", 1, 'g{n}')",
                f"credit_balance('ana' COLLATE \"{collation}\")",
            ):
                session.connection.execute(f"SELECT {call}".encode())
        assert session.connection.execute(scans, [tables]).fetchone() == (0,)


@pytest.fixture
def beside_other_tables(empty_database_url: str) -> str:
    """A till in a schema of its own, in the database of an application that has a users table."""
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(b"CREATE TABLE users (id serial PRIMARY KEY, email text)")
    assert isinstance(apply(empty_database_url, migrations_on_disk(), "My-Till"), Migrated)
    return empty_database_url


def test_in_a_schema_of_its_own_the_functions_are_called_by_its_name_and_joined(
    beside_other_tables: str,
) -> None:
    url = as_role(beside_other_tables, "application")
    with psycopg.connect(beside_other_tables, autocommit=True) as connection:
        connection.execute(b"GRANT SELECT, INSERT ON users TO application")
        connection.execute(b"INSERT INTO users (email) VALUES ('ana@example.com')")
    with psycopg.connect(url) as connection:
        granted = b"SELECT g.* FROM users, \"My-Till\".grant_credits(users.id::text, 10, '1') AS g"
        assert connection.execute(granted).fetchall() == [("recorded", 10, 10)]
        spent = b"SELECT * FROM \"My-Till\".spend_credits('1', 4, '2')"
        assert connection.execute(spent).fetchall() == [("recorded", 6, 6)]
        joined = (
            b'SELECT email, credits FROM users JOIN "My-Till".users AS t ON t.user_id = id::text'
        )
        assert connection.execute(joined).fetchall() == [("ana@example.com", 6)]
