"""The embedded server: it starts anywhere, and never outlives the program that started it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from local.postgres import ServerError, available_server, databases_at, postgres_server
from local.postgres_installation import ServerUser, programs, server_user, temporary_folder

PROJECT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the server's user")


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _program(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "local", "postgres", *arguments]
    env = os.environ | environment
    return subprocess.Popen(command, cwd=PROJECT, env=env, stdout=subprocess.PIPE, text=True)


def _first_line(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    return program.stdout.readline().strip()


def in_memory() -> AbstractContextManager[Path]:
    """A folder of the server's user, where what is durable does not wait for a disk."""
    return temporary_folder(server_user(), in_memory=True)


@pytest.fixture(scope="module")
def kept_data() -> Iterator[Path]:
    """The data of a server that has ended, with the database `kept` in it."""
    with in_memory() as folder:
        with postgres_server(folder / "data") as server:
            server.create_database("kept")
        yield folder / "data"


@contextmanager
def closed_installation() -> Iterator[Path]:
    """A folder that only root can enter, with the embedded Postgres in it."""
    with in_memory() as folder:
        package = programs(ServerUser(None), folder).parents[1]
        closed = folder / "closed"
        closed.mkdir(mode=0o700)
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, closed / part.name, symlinks=True)
        yield closed


@dataclass(frozen=True)
class Killed:
    """A program that kept its data in `data` and was killed while its server answered at `url`."""

    url: str
    answered: bool
    data: Path
    temporary: Path
    temporary_files: frozenset[str]


@contextmanager
def killed(**environment: str) -> Iterator[Killed]:
    with in_memory() as folder:
        # A temporary directory like the system's own: all may make files, owners remove them.
        data, temporary = folder / "data", folder / "tmp"
        temporary.mkdir()
        temporary.chmod(0o1777)
        with _program("--data-dir", str(data), TMPDIR=str(temporary), **environment) as program:
            url = _first_line(program)
            files = frozenset(file.name for file in temporary.rglob("*"))
            made = Killed(url, _answers(url), data, temporary, files)
            program.kill()
        yield made


@pytest.fixture(scope="module")
def killed_program() -> Iterator[Killed]:
    with killed() as made:
        yield made


@pytest.fixture(scope="module")
def killed_program_in_a_closed_folder() -> Iterator[Killed]:
    """Its server runs from a copy of the programs."""
    with closed_installation() as closed, killed(PYTHONPATH=str(closed)) as made:
        yield made


def test_the_server_ends_with_its_program_when_that_is_killed(killed_program: Killed) -> None:
    assert killed_program.answered
    assert _until(lambda: not _answers(killed_program.url))


@as_root
def test_programs_in_a_closed_folder_are_copied_to_where_the_server_can_run_them(
    killed_program_in_a_closed_folder: Killed,
) -> None:
    assert killed_program_in_a_closed_folder.answered


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_ends_with_its_program_by_either_signal(number: signal.Signals) -> None:
    with _program() as program:
        url = _first_line(program)
        assert _answers(url)
        program.send_signal(number)
        program.wait(30)
        assert _until(lambda: not _answers(url))


def test_a_killed_program_leaves_no_temporary_folder_behind(killed_program: Killed) -> None:
    assert killed_program.temporary_files
    assert _until(lambda: not list(killed_program.temporary.iterdir()))


def test_data_of_a_killed_program_is_used_again(killed_program: Killed) -> None:
    assert _until(lambda: not (killed_program.data / "postmaster.pid").exists())
    with postgres_server(killed_program.data) as server:
        assert _answers(server.url("postgres"))


@as_root
def test_a_killed_program_leaves_no_copy_of_the_programs_behind(
    killed_program_in_a_closed_folder: Killed,
) -> None:
    killed = killed_program_in_a_closed_folder
    assert "initdb" in killed.temporary_files
    assert _until(lambda: not list(killed.temporary.iterdir()))


def test_kept_data_is_there_the_next_time(kept_data: Path) -> None:
    with postgres_server(kept_data) as server:
        assert _answers(server.url("kept"))


def test_a_second_server_on_the_same_data_is_refused_with_the_reason(kept_data: Path) -> None:
    with (
        postgres_server(kept_data),
        pytest.raises(ServerError, match="already exists"),
        postgres_server(kept_data),
    ):
        pass


def test_the_servers_of_two_programs_do_not_meet(kept_data: Path) -> None:
    with postgres_server(kept_data) as one, postgres_server() as other:
        assert _answers(one.url("kept"))
        assert not _answers(other.url("kept"))


def test_a_durable_server_flushes_what_it_commits(kept_data: Path) -> None:
    with (
        postgres_server(kept_data, durable=True) as server,
        psycopg.connect(server.admin_url) as connection,
    ):
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


@as_root
def test_data_in_a_folder_that_the_server_cannot_enter_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(ServerError, match="shut out"), postgres_server(tmp_path / "data"):
        pass


def test_data_below_a_file_is_refused() -> None:
    with temporary_folder(server_user()) as folder:
        (folder / "file").write_text("")
        data = folder / "file" / "data"
        with pytest.raises(ServerError, match=str(data)), postgres_server(data):
            pass


def test_a_configured_server_is_used_instead(empty_database_url: str) -> None:
    with available_server({"DATABASE_URL": empty_database_url}) as server:
        assert server.admin_url == empty_database_url


def test_the_url_of_a_database_keeps_the_password_and_the_options() -> None:
    server = databases_at("postgresql://ada:p%40ss@db.example:5433/admin?sslmode=verify-full")
    assert server.url("a b") == "postgresql://ada:p%40ss@db.example:5433/a%20b?sslmode=verify-full"


def test_a_configured_server_must_be_a_url() -> None:
    with pytest.raises(ServerError, match="postgresql://"):
        databases_at("host=db.example")
