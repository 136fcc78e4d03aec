"""Migrated databases that one test after the other uses: emptying is faster than making."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from local.postgres import Server

_CATALOGS = (
    "pg_attrdef pg_attribute pg_class pg_constraint pg_default_acl pg_depend pg_event_trigger"
    " pg_extension pg_index pg_namespace pg_policy pg_proc pg_rewrite pg_statistic pg_trigger"
    " pg_type"
)
# Whoever makes, alters or drops something leaves another count or a newer row in one of these.
_SCHEMA = " UNION ALL ".join(
    [f"SELECT count(*), max(xmin::text::bigint) FROM {catalog}" for catalog in _CATALOGS.split()]
    + [
        "SELECT count(*), 0 FROM pg_db_role_setting AS setting"
        " JOIN pg_database AS database ON database.oid = setting.setdatabase"
        " WHERE database.datname = current_database()",
    ]
)
_TABLES = "pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_WRITTEN = f"SELECT relname, pg_relation_size(oid) FROM {_TABLES} AND pg_relation_size(oid) > 0"
# A copy of the template is made faster than this many bytes are deleted row by row.
_LARGE = 2 * 1024**2
_END_OTHER_SESSIONS = (
    "SELECT pg_terminate_backend(pid), pg_sleep(0.001) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class CleanDatabases:
    """Clones of a migrated template. One whose schema was changed is never used again."""

    def __init__(self, server: Server, template: str) -> None:
        self._server = server
        self._template = template
        self._clean: list[psycopg.Connection] = []
        self._names: dict[psycopg.Connection, str] = {}
        first = self._made()
        self._migrated = Migrated(first)
        self._clean.append(first)

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a database as the migrations leave it, for as long as the block."""
        # The connection stays: one that has worked before empties a database in half the time.
        keeper = self._clean.pop() if self._clean else self._made()
        try:
            yield self._server.url(self._names[keeper])
        finally:
            if self._is_emptied(keeper):
                self._clean.append(keeper)
            else:
                self._drop(keeper)

    def drop_all(self) -> None:
        """Drop those that nobody uses."""
        while self._clean:
            self._drop(self._clean.pop())

    def _made(self) -> psycopg.Connection:
        name = f"test_{uuid.uuid4().hex}"
        self._server.create_database(name, self._template)
        keeper = psycopg.connect(self._server.url(name), autocommit=True)
        self._names[keeper] = name
        return keeper

    def _drop(self, keeper: psycopg.Connection) -> None:
        keeper.close()
        self._server.drop_database(self._names.pop(keeper))

    def _is_emptied(self, keeper: psycopg.Connection) -> bool:
        """Bring back the rows of the template; false for a database to be dropped."""
        try:
            # Postgres' own wait for the end of a session looks every 100 ms.
            while keeper.execute(_END_OTHER_SESSIONS).fetchall():
                pass
            return self._migrated.is_brought_back(keeper)
        except psycopg.OperationalError:  # the test dropped it, or ended this connection
            return False


class Migrated:
    """A database as the migrations leave it: its schema's fingerprint, and the rows in it."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._schema = connection.execute(_SCHEMA).fetchall()
        tables = [name for (name,) in connection.execute(f"SELECT relname FROM {_TABLES}")]
        self._inserts = [insert for table in tables for insert in _inserts(connection, table)]

    def is_brought_back(self, connection: psycopg.Connection) -> bool:
        """Make another clone's rows those of this one; false when it is to be dropped instead."""
        if connection.execute(_SCHEMA).fetchall() != self._schema:
            return False
        written: dict[str, int] = dict(connection.execute(_WRITTEN).fetchall())
        if max(written.values()) > _LARGE:
            return False
        tables = [sql.Identifier(name) for name in written]
        # As a replica applies rows: no trigger and no foreign key has a say.
        connection.execute("SET session_replication_role = replica")
        connection.execute(_all([sql.SQL("DELETE FROM {}").format(table) for table in tables]))
        # Cut to no page at all: rows come in the order in which they are written, as in a new one.
        connection.execute(sql.SQL("VACUUM {}").format(sql.SQL(", ").join(tables)))
        connection.execute(_all(self._inserts))
        return True


def _all(statements: list[sql.Composed]) -> sql.Composed:
    return sql.SQL("; ").join(statements)


def _inserts(connection: psycopg.Connection, table: str) -> Iterator[sql.Composed]:
    name = sql.Identifier(table)
    insert = sql.SQL("INSERT INTO {} SELECT * FROM json_populate_record(NULL::{}, {})")
    for (row,) in connection.execute(
        sql.SQL("SELECT row_to_json(t)::text FROM {} AS t").format(name)
    ):
        yield insert.format(name, name, sql.Literal(row))
