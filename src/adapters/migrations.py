"""Applies the files of `sql/schema/` that a database has not seen, all of them or none."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from adapters.postgres import Connection, Database, is_worn_out
from adapters.sql_files import SQL_ROOT

# "tokentill" as an integer: the key of the advisory lock that one migration run holds.
LOCK_KEY = 0x746F6B656E

# Lock waits queue up everybody else behind them, so a migration gives up early and is run again.
LIMIT_LOCK_WAITS = "SELECT set_config('lock_timeout', '5s', true)"
LOCK_RUNS = "SELECT pg_advisory_xact_lock(%s)"
CREATE_HISTORY = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version    text PRIMARY KEY,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
READ_HISTORY = "SELECT version, checksum FROM schema_migrations"
ADD_TO_HISTORY = "INSERT INTO schema_migrations (version, checksum) VALUES (%s, %s)"


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: `version` is its name without the ending, `checksum` the SHA-256 of its bytes."""

    version: str
    script: str
    checksum: str


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a run did: the versions it applied, and those that were there before."""

    applied: tuple[str, ...]
    already_applied: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a run did nothing; `code` is for programs, `message` says what to do."""

    code: str
    message: str


def migrations_on_disk(folder: Path = SQL_ROOT / "schema") -> list[Migration]:
    """All migrations of this version of the code, in order.

    Raises FileNotFoundError when there are none: a broken artefact must not call any database up
    to date.
    """
    found = [
        Migration(path.stem, path.read_text("utf-8"), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.glob("*.sql"))
    ]
    if not found:
        raise FileNotFoundError(f"no migrations in {folder}")
    return found


def refusal(migrations: Sequence[Migration], history: Mapping[str, str]) -> Refused | None:
    """Why `migrations` must not be applied on top of `history` (version to checksum), if so.

    A changed file means that databases would differ; a late one that their order would.
    Versions applied but not on disk are fine: an older version of the code is being deployed.
    """
    newest = max(history, default="")
    for migration in migrations:
        applied = history.get(migration.version)
        if applied is not None and applied != migration.checksum:
            return Refused(
                "changed",
                f"{migration.version} was changed after it was applied; "
                "restore it and put the change into a new migration",
            )
        if applied is None and migration.version < newest:
            return Refused(
                "out_of_order",
                f"{migration.version} comes before {newest}, which is applied; renumber it",
            )
    return None


def migrate(database: Database, migrations: Sequence[Migration]) -> Migrated | Refused:
    """Applies what is pending in one transaction, under a lock that admits one run at a time."""
    try:
        with database.transaction(math.inf) as connection:
            return _migrate(connection, migrations)
    except psycopg.errors.LockNotAvailable:
        return Refused("busy", "another migration or a long transaction holds a lock; run again")
    except psycopg.errors.QueryCanceled:
        return Refused("too_slow", "a migration was stopped at its time limit; nothing was applied")
    except psycopg.Error as error:
        if error.sqlstate is None or is_worn_out(error):
            raise
        return Refused("failed", f"{_described(error)}; nothing was applied")


def _migrate(connection: Connection, migrations: Sequence[Migration]) -> Migrated | Refused:
    connection.execute(LIMIT_LOCK_WAITS)
    connection.execute(LOCK_RUNS, (LOCK_KEY,))
    connection.execute(CREATE_HISTORY)
    history = {row["version"]: row["checksum"] for row in connection.execute(READ_HISTORY)}
    refused = refusal(migrations, history)
    if refused is not None:
        return refused
    pending = [migration for migration in migrations if migration.version not in history]
    for migration in pending:
        _run(connection, migration)
        connection.execute(ADD_TO_HISTORY, (migration.version, migration.checksum))
    return Migrated(tuple(done.version for done in pending), tuple(sorted(history)))


def _run(connection: Connection, migration: Migration) -> None:
    try:
        connection.execute(migration.script.encode())
    except psycopg.Error as error:
        error.add_note(migration.version)
        raise


def _described(error: psycopg.Error) -> str:
    """Where and what, in the names of files and of the schema: Postgres' own words quote values."""
    diagnosis = error.diag
    names = (diagnosis.table_name, diagnosis.column_name, diagnosis.constraint_name)
    where = [*getattr(error, "__notes__", ()), *filter(None, names)]
    return f"{type(error).__name__} ({error.sqlstate}) in {', '.join(where) or 'the history'}"
