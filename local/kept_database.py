"""The database that `make serve` keeps from one run to the next."""

from __future__ import annotations

import getpass
import hashlib
import logging
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from local import Failure
from local.postgres import Server, ServerError, postgres_server
from local.postgres_door import AT_HOME, Door
from local.postgres_installation import server_user
from standin import PortTaken

_PROJECT = Path(__file__).resolve().parent.parent
_NAME = "tokentill"
# How Postgres and the system say it.
_LOCKED = 'lock file "postmaster.pid" already exists'
_OTHER_VERSION = re.compile(
    r"by PostgreSQL version (\S+), which is not compatible .* version (\S+?)\.?$", re.MULTILINE
)
_PORT_TAKEN = re.compile(r'could not bind \S+ address "(\S+)"')
_NOT_OURS = ("Permission denied", "wrong ownership", "invalid permissions")


@contextmanager
def kept_database(data_dir: Path, door: Door = AT_HOME) -> Iterator[str]:
    """The URL of the database in `data_dir`, whose server runs as long as the block.

    Raises PortTaken, and ServerError, with what to do.
    """
    with ExitStack() as running:
        try:
            server = running.enter_context(postgres_server(data_dir, durable=True, door=door))
        except (OSError, Failure) as error:
            if door.port and (address := _PORT_TAKEN.search(str(error))):
                raise PortTaken(f"port {door.port} on {address[1]} is taken") from error
            raise ServerError(_why_not(str(error), data_dir.absolute())) from error
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
        "The database that is kept here was made by other migrations than those in sql/schema/."
        f"\nIf its payments are worth nothing, remove it and start again: rm -rf '{data_dir}'"
        "\n(make clean removes .local too, with everything else that make made)."
    )


def _why_not(said: str, data_dir: Path) -> str:
    """What to do about a server that did not start, of which Postgres or the system `said` why."""
    if _LOCKED in said:
        return _in_use(data_dir)
    if versions := _OTHER_VERSION.search(said):
        made, present = versions.groups()
        return (
            f"The database in {data_dir} was made by PostgreSQL {made}, and this is {present}:"
            f" carry its data over with pg_dump of {made}, or {_remove(data_dir)}"
        )
    if any(text in said for text in _NOT_OURS) and _is_seen(data_dir):
        user = server_user().name or getpass.getuser()
        return (
            f"The user {user} may not use {data_dir}, which another user has made: start it as that"
            " user, or hand it over:"
            f"\nsudo chown -R {user} '{data_dir}' && sudo chmod 700 '{data_dir}'"
        )
    way = _remove(data_dir) if _is_seen(data_dir / "PG_VERSION") else "give another --data-dir"
    return f"The database in {data_dir} does not start: {_gist(said)}\nMend that, or {way}"


def _is_seen(path: Path) -> bool:
    """Whether it is there; no where one may not look."""
    return os.access(path, os.F_OK)


def _in_use(data_dir: Path) -> str:
    process, port = _lock(data_dir)
    server = Server(f"postgresql://postgres@127.0.0.1:{port}/postgres")
    if _serves(server, data_dir):
        return (
            f"It runs already, with the database {server.url(_NAME)}: use that one, or stop it with"
            " Ctrl-C in its terminal, or give this one another --data-dir."
        )
    return (
        f"The database in {data_dir} is in use by the process {process}, which does not answer: try"
        f" again in a minute, or end it; if it is another program, rm '{data_dir}/postmaster.pid'"
    )


def _lock(data_dir: Path) -> tuple[str, str]:
    """Which process holds the data, and the port that it noted: the first and the fourth line.
    https://www.postgresql.org/docs/current/storage-file-layout.html
    """
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        lines = []
    process, _, _, port = (lines + ["?", "", "", "0"][len(lines) :])[:4]
    return process, port


def _serves(server: Server, data_dir: Path) -> bool:
    """Whether the server that answers there is the one of this folder."""
    try:
        with psycopg.connect(server.admin_url, connect_timeout=5) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
    except psycopg.Error:
        return False
    return row is not None and Path(row[0]).resolve() == data_dir.resolve()


def _remove(data_dir: Path) -> str:
    return f"if its payments are worth nothing, remove it and start again: rm -rf '{data_dir}'"


def _gist(said: str) -> str:
    """The line in which Postgres gives up, else the last one."""
    fatal = re.findall(r"(?:FATAL|PANIC): +(.+)", said)
    return fatal[-1] if fatal else said.strip().splitlines()[-1]
