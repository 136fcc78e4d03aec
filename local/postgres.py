"""Runs an embedded Postgres server, or works on the one that DATABASE_URL names."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from local.postgres_installation import programs, server_user, temporary_folder
from local.postgres_process import FAST_SETTINGS, Launch, ServerError, initialise, start, stop

__all__ = ["Server", "ServerError", "available_server", "databases_at", "postgres_server"]


@dataclass(frozen=True)
class Server:
    """A running Postgres in which databases may be made and dropped."""

    admin_url: str

    def url(self, dbname: str) -> str:
        """The libpq URL of the database `dbname`."""
        return urlsplit(self.admin_url)._replace(path="/" + quote(dbname, safe="")).geturl()

    def create_database(self, name: str, template: str | None = None) -> None:
        """Make an empty database, or a copy of `template`, to which nobody may be connected."""
        # Copying the files takes a third of the time that logging every page takes.
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        template = template or "template1"
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(template)))

    def drop_database(self, name: str) -> None:
        """Drop a database if it is there, and cut its connections."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._execute(statement.format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(statement)


def databases_at(url: str) -> Server:
    """Work on the server that `url` names, through the database in it, whose user may create more.

    Raises ValueError for anything but a `postgresql://` URL.
    """
    if urlsplit(url).scheme not in {"postgresql", "postgres"}:
        raise ValueError("DATABASE_URL must look like postgresql://user@host:5432/name")
    return Server(url)


@contextmanager
def available_server(environment: Mapping[str, str] = os.environ) -> Iterator[Server]:
    """The server of DATABASE_URL when it is set, else an embedded one for as long as needed."""
    if url := environment.get("DATABASE_URL"):
        yield databases_at(url)
    else:
        with postgres_server() as server:
            yield server


@contextmanager
def postgres_server(data_dir: Path | None = None, *, durable: bool = False) -> Iterator[Server]:
    """Run an embedded server on a free port of 127.0.0.1 until the block ends.

    Without `data_dir` the data is temporary. `durable` keeps Postgres' own settings, so that a
    commit is on the disk when it is answered: for data that is kept and for benchmarks.
    The server ends with this process, however that ends.
    Raises ServerError, with the end of the server's log, when it does not start.
    """
    user = server_user()
    with (
        temporary_folder(user) as scratch,
        temporary_folder(user, in_memory=not durable) as temporary,
    ):
        launch = Launch(
            bin_dir=programs(user, scratch),
            data=(data_dir or temporary / "data").absolute(),
            scratch=scratch,
            temporary=temporary,
            user=user,
            settings=() if durable else FAST_SETTINGS,
        )
        initialise(launch)
        process, port = start(launch)
        try:
            yield Server(f"postgresql://postgres@127.0.0.1:{port}/postgres")
        finally:
            stop(process)


def main() -> None:
    """Run a server until Ctrl-C and print its URL."""
    parser = argparse.ArgumentParser(prog="python -m local.postgres", description=main.__doc__)
    parser.add_argument("--data-dir", type=Path, help="keep the data here (default: temporary)")
    data_dir = parser.parse_args().data_dir
    try:
        with postgres_server(data_dir, durable=data_dir is not None) as server:
            print(server.url("postgres"), flush=True)
            signal.pause()
    except ServerError as error:
        raise SystemExit(str(error)) from error
    except KeyboardInterrupt:
        print("stopped", flush=True)


if __name__ == "__main__":
    main()
