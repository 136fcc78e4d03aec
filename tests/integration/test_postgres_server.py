"""The embedded server: it starts anywhere, and never outlives the program that started it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
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


@pytest.fixture
def closed_installation(tmp_path: Path) -> Path:
    """A folder that only root can enter, with the embedded Postgres in it."""
    package = programs(ServerUser(None), tmp_path).parents[1]
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.exists():
            shutil.copytree(folder, closed / folder.name, symlinks=True)
    return closed


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary directory like the system's own: all may make files, owners remove them."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_server_ends_with_its_program_however_that_ends(number: signal.Signals) -> None:
    with _program() as program:
        url = _first_line(program)
        assert _answers(url)
        program.send_signal(number)
        program.wait(30)
        assert _until(lambda: not _answers(url))


def test_kept_data_is_there_the_next_time() -> None:
    with temporary_folder(server_user()) as folder:
        with postgres_server(folder / "data") as server:
            server.create_database("kept")
        with postgres_server(folder / "data") as server:
            assert _answers(server.url("kept"))


def test_a_killed_program_leaves_no_temporary_folder_behind(open_folder: Path) -> None:
    with temporary_folder(server_user()) as kept:
        arguments = ("--data-dir", str(kept / "data"))
        with _program(*arguments, TMPDIR=str(open_folder)) as program:
            _first_line(program)
            assert list(open_folder.iterdir())
            program.kill()
            assert _until(lambda: not list(open_folder.iterdir()))


def test_data_of_a_killed_program_is_used_again() -> None:
    with temporary_folder(server_user()) as folder:
        with _program("--data-dir", str(folder / "data")) as program:
            _first_line(program)
            program.kill()
            assert _until(lambda: not (folder / "data" / "postmaster.pid").exists())
        with postgres_server(folder / "data") as server:
            assert _answers(server.url("postgres"))


def test_a_second_server_on_the_same_data_is_refused_with_the_reason() -> None:
    with (
        temporary_folder(server_user()) as folder,
        postgres_server(folder / "data"),
        pytest.raises(ServerError, match="already exists"),
        postgres_server(folder / "data"),
    ):
        pass


def test_the_servers_of_two_programs_do_not_meet() -> None:
    with postgres_server() as one, postgres_server() as other:
        one.create_database("mine")
        assert not _answers(other.url("mine"))


def test_a_durable_server_flushes_what_it_commits() -> None:
    with postgres_server(durable=True) as server, psycopg.connect(server.admin_url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


@as_root
def test_programs_in_a_closed_folder_are_copied_to_where_the_server_can_run_them(
    closed_installation: Path,
) -> None:
    with _program(PYTHONPATH=str(closed_installation)) as program:
        assert _answers(_first_line(program))
        program.terminate()


@as_root
def test_a_killed_program_leaves_no_copy_of_the_programs_behind(
    closed_installation: Path, open_folder: Path
) -> None:
    with _program(PYTHONPATH=str(closed_installation), TMPDIR=str(open_folder)) as program:
        _first_line(program)
        assert list(open_folder.iterdir())
        program.kill()
        assert _until(lambda: not list(open_folder.iterdir()))


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
