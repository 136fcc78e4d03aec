"""Logging in as one of the database's roles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest

from adapters.connecting import connect
from adapters.migrations import Migrated, Migration, migrate
from adapters.postgres import Database
from domain.requests import Refused
from tests.till import Till, another_container

ROLES = ("webhook_writer", "report_reader", "operator", "migrator", "application")


def as_role(url: str, role: str) -> str:
    """The same database for whoever is this role."""
    return f"{url}?options={quote(f'-c role={role}')}"


@contextmanager
def role_of(till: Till, role: str) -> Iterator[None]:
    """Handlers within are logged in as this role."""
    with pytest.MonkeyPatch.context() as patched, another_container():
        patched.setenv("DATABASE_URL", as_role(till.database_url, role))
        yield


def apply(url: str, migrations: list[Migration], schema: str = "public") -> Migrated | Refused:
    """Applies migrations to the database at `url`, as whoever it logs in."""
    database = Database(lambda: connect(url, schema))
    try:
        return migrate(database, migrations, schema)
    finally:
        database.close()
