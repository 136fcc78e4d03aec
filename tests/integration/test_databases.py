"""The database fixtures: each test gets its own migrated database."""

from __future__ import annotations

import psycopg
import pytest

from tests.databases import TestDatabases


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
