"""Fills a migrated database with years of payments, made by the server itself."""

from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from adapters import totals
from adapters.connecting import connect
from adapters.postgres import Database
from domain.events import Signed
from local.migrate import migrate
from local.postgres import Server

HERE = Path(__file__).parent
TABLES = ("users", "payment_transactions", "credit_ledger", "stripe_events")
LOADED = Signed(operation="repair_totals", actor="bench", note=None, request_id="loaded", asked={})
# Primary keys before the foreign keys that need them.
CONSTRAINTS = """
SELECT conrelid::regclass::text AS on_table, conname AS name,
       pg_get_constraintdef(oid) AS definition
FROM pg_constraint
WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('p', 'u', 'f')
ORDER BY contype = 'f'
"""
INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index
WHERE indrelid = ANY(%s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
"""


def loaded_database(server: Server, name: str, payments: int, users: int, uncounted: int) -> str:
    """Makes a database of so many payments, `uncounted` of them not counted yet; its URL."""
    server.create_database(name)
    url = server.url(name)
    migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("SET work_mem = '512MB'")
        connection.execute("SELECT setseed(0.5)")
        _load(connection, {"payments": payments, "users": users, "uncounted": uncounted})
    database = Database(lambda: connect(url))
    # Payments that say they are counted, and totals of nothing: what a repair is for.
    totals.repair_totals(database, LOADED)
    database.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return url


def _load(connection: psycopg.Connection[Any], numbers: dict[str, int]) -> None:
    """Rows first and keys after: sorting once is many times faster than growing nine indexes."""
    restore = _without_keys(connection)
    for what in ("payments", "ledger", "users", "events"):
        _generate(connection, what, numbers)
    for statement in restore:
        connection.execute(statement)
    _generate(connection, "uncounted", numbers)


def _generate(connection: psycopg.Connection[Any], what: str, numbers: dict[str, int]) -> None:
    statement = (HERE / f"generate_{what}.sql").read_text("utf-8")
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute(statement.encode(), numbers)


def _without_keys(connection: psycopg.Connection[Any]) -> list[sql.Composed]:
    """Drops keys and indexes; the statements that make them again."""
    tables = [list(TABLES)]
    constraints = connection.execute(CONSTRAINTS, tables).fetchall()
    indexes = connection.execute(INDEXES, tables).fetchall()
    for table, name, _ in reversed(constraints):
        drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
        connection.execute(drop.format(sql.SQL(table), sql.Identifier(name)))
    for name, _ in indexes:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(name)))
    add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}")
    return [
        add.format(sql.SQL(table), sql.Identifier(name), sql.SQL(definition))
        for table, name, definition in constraints
    ] + [sql.SQL("{}").format(sql.SQL(definition)) for _, definition in indexes]
