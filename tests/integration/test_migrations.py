"""Migrations: all of them or none, one run at a time, and never over a changed file."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest

from adapters.connecting import connect
from adapters.migrations import Migrated, Migration, migrate, migrations_on_disk
from adapters.postgres import Database
from domain.requests import Refused
from handlers import migrate as handler_of_migrate
from handlers.app import app

ON_DISK = migrations_on_disk()
VERSIONS = tuple(migration.version for migration in ON_DISK)


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    opened = Database(partial(connect, empty_database_url))
    yield opened
    opened.close()


def tables(database: Database) -> set[str]:
    with database.transaction() as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row["tablename"] for row in rows}


def numbered(version: str, script: str) -> Migration:
    return Migration(version, script, checksum=script)


def test_the_handler_applies_everything_once(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    first = handler_of_migrate.handler({}, None)
    again = handler_of_migrate.handler({}, None)
    app.close()
    assert first == {"applied": list(VERSIONS), "already_applied": []}
    assert again == {"applied": [], "already_applied": list(VERSIONS)}


def test_a_changed_file_is_refused_and_nothing_is_applied(database: Database) -> None:
    migrate(database, ON_DISK)
    changed = [replace(ON_DISK[0], checksum="another"), *ON_DISK[1:], numbered("9999_more", "")]
    refused = migrate(database, changed)
    assert isinstance(refused, Refused)
    assert (refused.code, VERSIONS[0] in refused.message) == ("changed", True)


def test_a_file_numbered_before_an_applied_one_is_refused(database: Database) -> None:
    migrate(database, ON_DISK)
    refused = migrate(database, [numbered("0000_late", "SELECT 1"), *ON_DISK])
    assert isinstance(refused, Refused)
    assert refused.code == "out_of_order"


def test_a_failing_migration_leaves_nothing_of_the_run_behind(database: Database) -> None:
    run = [numbered("0001_good", "CREATE TABLE good ()"), numbered("0002_bad", "CREATE nonsense")]
    refused = migrate(database, run)
    assert isinstance(refused, Refused)
    assert refused.code == "failed"
    assert "good" not in tables(database)


def test_a_failing_statement_takes_the_earlier_ones_of_its_file_along(database: Database) -> None:
    migrate(database, [numbered("0001_half", "CREATE TABLE half (); SELECT 1 / 0")])
    assert "half" not in tables(database)


def test_a_build_without_migrations_fails_instead_of_calling_a_database_up_to_date(
    tmp_path: Path,
) -> None:
    with pytest.raises(FileNotFoundError, match="no migrations"):
        migrations_on_disk(tmp_path / "migrations")


def test_a_database_ahead_of_the_code_is_left_alone(database: Database) -> None:
    migrate(database, [*ON_DISK, numbered("9999_newer", "CREATE TABLE newer ()")])
    assert migrate(database, ON_DISK) == Migrated((), (*VERSIONS, "9999_newer"))


def test_runs_at_once_apply_each_migration_once(empty_database_url: str) -> None:
    def run(_number: int) -> Migrated | Refused:
        own = Database(partial(connect, empty_database_url))
        try:
            return migrate(own, ON_DISK)
        finally:
            own.close()

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, range(4)))
    applied = [result.applied for result in results if isinstance(result, Migrated)]
    assert sorted(applied) == [(), (), (), VERSIONS]


def test_a_run_gives_up_on_a_lock_instead_of_queueing_everybody_behind_it(
    database: Database, empty_database_url: str
) -> None:
    migrate(database, [numbered("0001_table", "CREATE TABLE busy ()")])
    with psycopg.connect(empty_database_url) as blocker:
        blocker.execute("LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
        run = [
            numbered("0001_table", "CREATE TABLE busy ()"),
            numbered("0002_column", "SET LOCAL lock_timeout = '50ms'; ALTER TABLE busy ADD x int"),
        ]
        refused = migrate(database, run)
    assert isinstance(refused, Refused)
    assert refused.code == "busy"
