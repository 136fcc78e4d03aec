"""Applies the files of `sql/schema/` that a database has not seen, all of them or none."""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from adapters.postgres import Connection, Database, is_worn_out
from adapters.settings import PUBLIC
from adapters.sql_files import SQL_ROOT, statement
from domain.requests import Refused

# "tokentill" as an integer: the key of the advisory lock that one migration run holds.
LOCK_KEY = 0x746F6B656E

# Lock waits queue up everybody else behind them, so a migration gives up early and is run again.
LIMIT_LOCK_WAITS = "SELECT set_config('lock_timeout', '5s', true)"
LOCK_RUNS = "SELECT pg_advisory_xact_lock(%s)"
# For the run alone, and whatever the connection was asked for.
WORK_IN = "SELECT set_config('search_path', quote_ident(%s), true)"
CREATE_HISTORY = """
CREATE TABLE schema_migrations (
    version    text PRIMARY KEY,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
HISTORY_COLUMNS = ["version", "checksum", "applied_at"]
FIND_SCHEMA = statement("operations/find_schema")
FIND_FOREIGN = statement("operations/find_foreign")
READ_HISTORY = "SELECT version, checksum FROM schema_migrations"
ADD_TO_HISTORY = "INSERT INTO schema_migrations (version, checksum) VALUES (%s, %s)"

# What a migration refuses in a sentence of its own, it raises with this code.
REFUSED_BY_A_MIGRATION = "TILL0"

# What an administrator makes where the owner may not.
MADE_ROLE = re.compile(r"^ +CREATE ROLE (\w+) NOLOGIN;", re.MULTILINE)
FIND_ROLES = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"

MADE = re.compile(
    r"^CREATE (?:UNIQUE )?(TABLE|VIEW|TYPE|INDEX|FUNCTION|PROCEDURE) (\w+)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: `version` is its name without the ending, `checksum` the SHA-256 of its bytes."""

    version: str
    script: str
    checksum: str

    def made(self, *, routines: bool) -> set[str]:
        """The names of the functions, or of the tables, views, types and indexes that it makes."""
        return {
            name
            for kind, name in MADE.findall(self.script)
            if (kind in ("FUNCTION", "PROCEDURE")) == routines
        }


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a run did: the versions it applied, and those that were there before."""

    applied: tuple[str, ...]
    already_applied: tuple[str, ...]


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


def migrate(
    database: Database, migrations: Sequence[Migration], schema: str = PUBLIC
) -> Migrated | Refused:
    """Applies what is pending in one transaction, under a lock that admits one run at a time.
    Everything is made in `schema`, which is made too where it is missing."""
    try:
        with database.transaction(math.inf) as connection:
            return _migrate(connection, migrations, schema)
    except psycopg.errors.LockNotAvailable:
        return Refused("busy", "another migration or a long transaction holds a lock; run again")
    except psycopg.errors.QueryCanceled:
        return Refused("too_slow", "a migration was stopped at its time limit; nothing was applied")
    except psycopg.Error as error:
        if error.sqlstate == REFUSED_BY_A_MIGRATION:
            said = error.diag.message_primary or ""
            said += _roles_that_lack(database, migrations, said)
            return Refused("not_allowed", f"{said} Nothing was applied.")
        if error.sqlstate is None or is_worn_out(error):
            raise
        return Refused("failed", f"{_described(error)}; nothing was applied")


def _migrate(
    connection: Connection, migrations: Sequence[Migration], schema: str
) -> Migrated | Refused:
    connection.execute(LIMIT_LOCK_WAITS)
    connection.execute(LOCK_RUNS, (LOCK_KEY,))
    found = connection.execute(FIND_SCHEMA, {"schema": schema}).fetchone()
    assert found is not None, "find_schema always gives one row"
    if (refused := no_room(found, schema)) is not None:
        return refused
    if not found["is_there"]:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    connection.execute(WORK_IN, (schema,))
    history = _history(connection) if found["history_columns"] else {}
    pending = [migration for migration in migrations if migration.version not in history]
    refused = refusal(migrations, history) or _foreign(connection, migrations, pending, schema)
    if refused is not None:
        return refused
    if not found["history_columns"]:
        connection.execute(CREATE_HISTORY)
    for migration in pending:
        _run(connection, migration)
        connection.execute(ADD_TO_HISTORY, (migration.version, migration.checksum))
    return Migrated(tuple(done.version for done in pending), tuple(sorted(history)))


def _history(connection: Connection) -> dict[str, str]:
    return {row["version"]: row["checksum"] for row in connection.execute(READ_HISTORY)}


def _roles_that_lack(database: Database, migrations: Sequence[Migration], said: str) -> str:
    """What later migrations would ask an administrator for, who is asked once for all of it."""
    roles = {role for each in migrations for role in MADE_ROLE.findall(each.script)}
    with database.transaction(math.inf) as connection:
        there = {row["rolname"] for row in connection.execute(FIND_ROLES, (list(roles),))}
    asked = [f" CREATE ROLE {role} NOLOGIN;" for role in sorted(roles - there)]
    return "".join(each for each in asked if each not in said)


def no_room(found: Mapping[str, Any], schema: str) -> Refused | None:
    """Why nothing can be put into the schema, as `operations/find_schema` shows it."""
    if found["history_columns"] not in (None, HISTORY_COLUMNS):
        return _taken(["schema_migrations"], schema)
    if found["history_columns"]:
        return None
    if found["schema_of_another_till"] is not None:
        return Refused(
            "another_till",
            f"this database has a till in the schema {found['schema_of_another_till']}, and a"
            " database has one till, for its roles work in one schema: set DATABASE_SCHEMA to that"
            " one, or use another database. Nothing was applied.",
        )
    if not found["may_create"]:
        return Refused(
            "not_allowed",
            f"this user may not make a schema or tables in it; let an administrator run:"
            f" {found['permission']} Nothing was applied.",
        )
    return None


def _foreign(
    connection: Connection, known: Sequence[Migration], pending: Sequence[Migration], schema: str
) -> Refused | None:
    """What is there by a name that only a pending migration gives is somebody else's."""
    there = connection.execute(
        FIND_FOREIGN,
        {
            which: sorted(
                set[str]().union(*(each.made(routines=routines) for each in pending))
                - set[str]().union(
                    *(each.made(routines=routines) for each in known if each not in pending)
                )
            )
            for which, routines in (("relations", False), ("routines", True))
        },
    )
    names = [row["name"] for row in there]
    return _taken(names, schema) if names else None


def _taken(names: Sequence[str], schema: str) -> Refused:
    return Refused(
        "taken",
        f"the schema {schema} has {', '.join(names)} already, and not of the till's making: set"
        " DATABASE_SCHEMA to a schema for the till alone, which is made. Nothing was applied.",
    )


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
