"""The database that `make serve` keeps from one run to the next."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from local.postgres import postgres_server
from local.postgres_installation import server_user

_PROJECT = Path(__file__).resolve().parent.parent
_NAME = "tokentill"


@contextmanager
def kept_database(data_dir: Path) -> Iterator[str]:
    """The URL of the database in `data_dir`, whose server runs as long as the block.

    Raises ServerError.
    """
    with postgres_server(data_dir, durable=True) as server:
        try:
            server.create_database(_NAME)
        except psycopg.errors.DuplicateDatabase:
            logging.info("the database of the last time is used again")
        yield server.url(_NAME)


def usual_data_dir() -> Path:
    """`.local/postgres`; elsewhere when the server's user is shut out of the project's folder."""
    if server_user().can_enter(_PROJECT):
        return _PROJECT / ".local" / "postgres"
    digest = hashlib.sha256(bytes(_PROJECT)).hexdigest()[:12]
    return Path("/var/tmp") / f"tokentill-{digest}"  # noqa: S108


def way_out(data_dir: Path) -> str:
    """What to do with a kept database that the migrations of this version do not fit."""
    return (
        "The database that is kept here was made by other migrations than those in sql/migrations/."
        f"\nIf its payments are worth nothing, remove it and start again: rm -rf '{data_dir}'"
        "\n(make clean removes .local too, with everything else that make made)."
    )
