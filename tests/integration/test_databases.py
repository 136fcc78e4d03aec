"""The database fixtures: each test gets its own migrated database."""

from __future__ import annotations

import psycopg
import pytest

from tests.clean_databases import CleanDatabases
from tests.databases import TestDatabases

# Something of each kind that the migrations make.
NAMES = """
SELECT json_build_object(
    'database', quote_ident(current_database()),
    'index', (SELECT min(indexrelid::regclass::text) FROM pg_index
        JOIN pg_class ON pg_class.oid = indrelid
        WHERE relnamespace = 'public'::regnamespace AND NOT indisunique),
    'constraint', (SELECT min(conname) FROM pg_constraint
        WHERE conrelid = 'users'::regclass AND contype = 'c'),
    'function', (SELECT min(oid::regprocedure::text) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace)
)
"""


def _tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in rows}


def test_the_database_of_a_test_is_migrated(database_url: str) -> None:
    assert {"payment_transactions", "users", "credit_ledger"} <= _tables(database_url)


def test_an_empty_database_has_no_tables(empty_database_url: str) -> None:
    assert _tables(empty_database_url) == set()


def test_two_databases_of_one_run_share_nothing(
    database_url: str, databases: TestDatabases
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO users (user_id) VALUES ('user_1')")
    with (
        databases.database(databases.template) as other_url,
        psycopg.connect(other_url) as connection,
    ):
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)


def test_a_database_is_dropped_when_its_test_ends(databases: TestDatabases) -> None:
    with databases.database(databases.template) as url:
        psycopg.connect(url).close()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


SOLD = "INSERT INTO users (user_id) VALUES ('user_1'); DELETE FROM packages"
ROWS = "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM packages)"


def test_a_database_is_used_again_with_the_rows_of_a_new_one(
    clean_databases: CleanDatabases,
) -> None:
    with clean_databases.database() as url, psycopg.connect(url) as connection:
        rows = connection.execute(ROWS).fetchall()
        connection.execute(SOLD)
    with clean_databases.database() as again, psycopg.connect(again) as connection:
        assert again == url
        assert connection.execute(ROWS).fetchall() == rows


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE notes (note text)",
        "DROP INDEX {index}",
        "ALTER TABLE users ADD COLUMN note text",
        "ALTER TABLE users DROP CONSTRAINT {constraint}",
        "GRANT INSERT ON users TO report_reader",
        "ALTER FUNCTION {function} COST 7",
        "ALTER DATABASE {database} SET search_path = 'elsewhere'",
        "ANALYZE",
    ],
)
def test_a_database_whose_schema_was_changed_is_never_used_again(
    clean_databases: CleanDatabases, change: str
) -> None:
    with (
        clean_databases.database() as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        names = connection.execute(NAMES).fetchone()
        assert names is not None
        connection.execute(change.format(**names[0]))
    with clean_databases.database() as other:
        assert other != url
