"""Applies the pending migrations, through the migrate handler."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from adapters.database_login import refusal
from adapters.settings import Misconfigured, settings
from local import Failure
from local.lambda_context import LambdaContext

_PROJECT = Path(__file__).resolve().parent.parent
# Here there is no such function, and its log is this program's.
_WHERE = "; the log of the migrate function says where"


class MigrationError(Failure):
    """The migrations could not be applied; the code and the message are the handler's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def migrate(url: str) -> None:
    """Bring the database at `url` up to date, in a process of its own. Raises MigrationError.

    A handler keeps its connection for the next invocation; a process that ends keeps none, and
    only a database without connections can serve as a template.
    """
    path = os.pathsep.join((str(_PROJECT / "src"), str(_PROJECT)))
    result = subprocess.run(
        [sys.executable, "-m", "local", "migrate"],
        env=os.environ | {"DATABASE_URL": url, "PYTHONPATH": path},
        capture_output=True,
        check=False,
        text=True,
    )
    if result.returncode:
        raise MigrationError("not_run", result.stdout + result.stderr)


def migrate_configured() -> None:
    """Bring the configured database up to date, in this process. Raises MigrationError."""
    answer = answer_of_migrations()
    if "error" in answer:
        told = answer["error"]["message"].replace(
            _WHERE, "; is the server of the database running? `make migrate` shows the log"
        )
        raise MigrationError(answer["error"]["code"], told)


def answer_of_migrations() -> dict[str, Any]:
    """What the handler answers for the configured database."""
    # Imported here because handlers read their configuration when they are first used.
    from handlers import migrate as handlers_migrate

    return handlers_migrate.handler({}, LambdaContext("migrate"))


def run() -> int:
    """Print what the handler answers; the exit code. Raises Failure when no database is named."""
    try:
        why = refusal(settings().database)
    except Misconfigured as error:
        why = str(error)
    if why is not None:
        raise Failure(f"No database to migrate: {why}.")
    answer = answer_of_migrations()
    print(json.dumps(answer, indent=2).replace(_WHERE, "; the lines above say where"))
    return 1 if "error" in answer else 0
