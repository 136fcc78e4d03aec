"""Applies the pending migrations to the configured database, through the migrate handler."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg

from adapters.database_login import refusal
from adapters.search_path import asking_for
from adapters.settings import Misconfigured, settings
from local.lambda_context import LambdaContext

_PROJECT = Path(__file__).resolve().parent.parent


class MigrationError(Exception):
    """The migrations could not be applied; the message is what the handler said."""


def migrate(url: str) -> None:
    """Bring the database at `url` up to date, in a process of its own.

    A handler keeps its connection for the next invocation; a process that ends keeps none, and
    only a database without connections can serve as a template.
    """
    path = os.pathsep.join((str(_PROJECT / "src"), str(_PROJECT)))
    result = subprocess.run(
        [sys.executable, "-m", "local.migrate"],
        env=os.environ | {"DATABASE_URL": url, "PYTHONPATH": path},
        capture_output=True,
        check=False,
        text=True,
    )
    if result.returncode:
        raise MigrationError(result.stdout + result.stderr)


def set_back(url: str, days: int) -> None:
    """As if the till at `url` had been installed so many days earlier: for purchases that a program
    plays in the past, which would be held as sold before the till, and not looked for."""
    with psycopg.connect(asking_for(settings().database.schema, url)) as connection:
        connection.execute(
            "UPDATE till SET installed_at = installed_at - make_interval(days => %s)", [days]
        )
        connection.execute(
            "UPDATE reconcile_checkpoints"
            " SET begins_at = begins_at - make_interval(days => %(days)s),"
            " resume_from = resume_from - make_interval(days => %(days)s)",
            {"days": days},
        )


def main() -> None:
    """Apply the pending migrations and print the handler's answer."""
    try:
        why = refusal(settings().database)
    except Misconfigured as error:
        why = str(error)
    if why is not None:
        raise SystemExit(f"No database to migrate: {why}.")
    from handlers import migrate as handlers_migrate

    answer = handlers_migrate.handler({}, LambdaContext("migrate"))
    print(json.dumps(answer, indent=2))
    if "error" in answer:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
