"""Migrated databases that one test after the other uses: emptying is faster than making."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import psycopg
from psycopg import sql

from local.postgres import Server

_CATALOGS = (
    "pg_attrdef pg_attribute pg_constraint pg_default_acl pg_depend pg_event_trigger"
    " pg_extension pg_index pg_namespace pg_policy pg_proc pg_rewrite pg_statistic pg_trigger"
    " pg_type"
)
# Whoever makes, alters or drops something leaves another count or a newer row in one of these.
_SCHEMA = " UNION ALL ".join(
    [f"SELECT count(*), max(xmin::text::bigint) FROM {catalog}" for catalog in _CATALOGS.split()]
    + [
        # TRUNCATE writes these rows anew, with another file; everything else in them must stand.
        "SELECT count(*), hashtextextended(string_agg((to_jsonb(own) - 'relfilenode' - 'relpages'"
        " - 'reltuples' - 'relfrozenxid' - 'relminmxid' - 'relallvisible')::text, '' ORDER BY oid),"
        " 0) FROM pg_class AS own WHERE oid >= 16384",
        "SELECT count(*), 0 FROM pg_db_role_setting AS setting"
        " JOIN pg_database AS database ON database.oid = setting.setdatabase"
        " WHERE database.datname = current_database()",
    ]
)
_TABLES = "pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_END_OTHER_SESSIONS = (
    "SELECT pg_terminate_backend(pid), pg_sleep(0.001) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class CleanDatabases:
    """Clones of a migrated template. One whose schema was changed is never used again."""

    def __init__(self, server: Server, template: str) -> None:
        self._server = server
        self._template = template
        self._clean: list[str] = []

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a database as the migrations leave it, for as long as the block."""
        name = self._clean.pop() if self._clean else self._made()
        try:
            yield self._server.url(name)
        finally:
            if self._is_emptied(name):
                self._clean.append(name)
            else:
                self._server.drop_database(name)

    def drop_all(self) -> None:
        """Drop those that nobody uses."""
        while self._clean:
            self._server.drop_database(self._clean.pop())

    def _made(self) -> str:
        name = f"test_{uuid.uuid4().hex}"
        self._server.create_database(name, self._template)
        return name

    def _is_emptied(self, name: str) -> bool:
        """Bring back the rows of the template; false for a database to be dropped."""
        migrated = self._migrated
        try:
            with psycopg.connect(self._server.url(name), autocommit=True) as connection:
                # Postgres' own wait for the end of a session looks every 100 ms.
                while connection.execute(_END_OTHER_SESSIONS).fetchall():
                    pass
                return migrated.is_brought_back(connection)
        except psycopg.OperationalError:  # the test dropped it
            return False

    @cached_property
    def _migrated(self) -> Migrated:
        name = self._made()
        with psycopg.connect(self._server.url(name), autocommit=True) as connection:
            migrated = Migrated(connection)
        self._server.drop_database(name)
        return migrated


class Migrated:
    """A database as the migrations leave it: its schema's fingerprint, and the rows in it."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._schema = connection.execute(_SCHEMA).fetchall()
        tables = [name for (name,) in connection.execute(f"SELECT relname FROM {_TABLES}")]
        # As a replica applies rows: no trigger and no foreign key has a say.
        self._bring_back = sql.SQL("; ").join(
            [
                sql.SQL("SET session_replication_role = replica"),
                sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, tables))),
                *(insert for table in tables for insert in _inserts(connection, table)),
            ]
        )

    def is_brought_back(self, connection: psycopg.Connection) -> bool:
        """Make another clone's rows those of this one; false when its schema is another."""
        if connection.execute(_SCHEMA).fetchall() != self._schema:
            return False
        connection.execute(self._bring_back)
        return True


def _inserts(connection: psycopg.Connection, table: str) -> Iterator[sql.Composed]:
    name = sql.Identifier(table)
    insert = sql.SQL("INSERT INTO {} SELECT * FROM json_populate_record(NULL::{}, {})")
    for (row,) in connection.execute(
        sql.SQL("SELECT row_to_json(t)::text FROM {} AS t").format(name)
    ):
        yield insert.format(name, name, sql.Literal(row))
