"""Runs an embedded Postgres server, or works on the one that DATABASE_URL names."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from local import Failure
from local.postgres_door import AT_HOME, Door
from local.postgres_installation import ServerUser, programs, server_user, temporary_folder

_START_SECONDS = 60
_STOP_SECONDS = 30
_READY = "database system is ready to accept connections"
_PORT_TAKEN = "could not bind"

# Not for data that must survive a power cut: no page is ever flushed.
_FAST_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
_SETTINGS = ("unix_socket_directories=", "max_connections=200")

# Becomes the server, and leaves a watcher behind that ends the server when the pipe on standard
# input closes without a word: then the program that started it is gone, even by SIGKILL.
_SUPERVISE = """
scratch=$1 temporary=$2; shift 2
exec 3<&0 </dev/null
( (
    read -r _ <&3 && exit 0
    kill -INT $$
    waited=0
    while kill -0 $$ && [ $waited -lt 300 ]; do sleep 0.1; waited=$((waited + 1)); done
    rm -rf "$scratch" "$temporary"
) >/dev/null 2>&1 & )
exec 3<&- "$@"
"""


class ServerError(Failure):
    """The server did not start, or cannot be used; the message ends with what it said."""


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

    def set_password(self, password: str) -> None:
        """What the user of `admin_url` logs in with, where a password is asked for."""
        statement = sql.SQL("ALTER ROLE CURRENT_USER PASSWORD {}")
        self._execute(statement.format(sql.Literal(password)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(statement)


def databases_at(url: str) -> Server:
    """Work on the server that `url` names, through the database in it, whose user may create more.

    Raises ServerError for anything but a `postgresql://` URL.
    """
    if urlsplit(url).scheme not in {"postgresql", "postgres"}:
        raise ServerError("DATABASE_URL must look like postgresql://user@host:5432/name")
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
def postgres_server(
    data_dir: Path | None = None, *, durable: bool = False, door: Door = AT_HOME
) -> Iterator[Server]:
    """Run an embedded server until the block ends; on a free port of 127.0.0.1 unless `door` says
    otherwise.

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
            settings=() if durable else _FAST_SETTINGS,
            door=door,
        )
        initialise(launch)
        process, port = start(launch)
        try:
            server = Server(f"postgresql://postgres@127.0.0.1:{port}/postgres")
            if door.password:
                server.set_password(door.password)
            yield server
        finally:
            stop(process)


@dataclass(frozen=True)
class Launch:
    """What a server is started from; its two temporary folders go when this process is killed."""

    bin_dir: Path
    data: Path
    scratch: Path
    temporary: Path
    user: ServerUser
    settings: tuple[str, ...]
    door: Door

    @property
    def log(self) -> Path:
        """Where the server writes what it has to say."""
        return self.scratch / "log"

    def command(self, port: int) -> Sequence[str]:
        """The supervised server's command line."""
        settings = (*_SETTINGS, *self.settings, *self.door.settings(port, self.scratch))
        options = [option for setting in settings for option in ("-c", setting)]
        server = [str(self.bin_dir / "postgres"), "-D", str(self.data), *options]
        folders = (str(self.scratch), str(self.temporary))
        return ["/bin/sh", "-c", _SUPERVISE, "sh", *folders, *server]


def initialise(launch: Launch) -> None:
    """Make the data directory, unless a server has already lived in it."""
    if (launch.data / "PG_VERSION").exists():
        return
    if launch.data.exists() and not (launch.data.is_dir() and not any(launch.data.iterdir())):
        raise ServerError(f"{launch.data} is no database, and no empty folder to make one in")
    if not launch.user.can_enter(launch.data.parent):
        raise ServerError(f"root runs Postgres as {launch.user.name}, shut out of {launch.data}")
    try:
        launch.data.mkdir(parents=True, exist_ok=True)
        launch.user.own(launch.data)
    except OSError as error:
        raise ServerError(f"{launch.data} cannot be made: {error.strerror}") from error
    _run_initdb(launch)


def _run_initdb(launch: Launch) -> None:
    command = [str(launch.bin_dir / "initdb"), "--pgdata", str(launch.data), "--username=postgres"]
    result = subprocess.run(
        [*command, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"],
        capture_output=True,
        check=False,
        text=True,
        cwd="/",
        **launch.user.popen_arguments(),
    )
    if result.returncode:
        raise ServerError(f"initdb failed:\n{result.stderr}")


def start(launch: Launch) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server and wait until it accepts connections; answers with it and its port."""
    for port in launch.door.ports(launch.data):
        process = _launched(launch, port)
        if _is_ready(process, launch.log):
            return process, port
        stop(process)
        if _PORT_TAKEN not in launch.log.read_text():
            break
    raise ServerError(f"Postgres did not start:\n{launch.log.read_text()[-2000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server, which first disconnects its clients and writes its data."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    process.communicate(b"stopped\n")


def _launched(launch: Launch, port: int) -> subprocess.Popen[bytes]:
    with launch.log.open("wb") as log:
        return subprocess.Popen(
            launch.command(port),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            # Ctrl-C in a terminal is for the program, which then stops the server.
            start_new_session=True,
            **launch.user.popen_arguments(),
        )


def _is_ready(process: subprocess.Popen[bytes], log: Path) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        # The server's own word: a connection might reach somebody else's server on that port.
        if _READY in (said := log.read_text()):
            # It is content with one of several addresses, and another's server may have the other.
            return _PORT_TAKEN not in said
        time.sleep(0.01)
    return False
