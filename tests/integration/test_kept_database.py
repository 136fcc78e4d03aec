"""The database that `make serve` keeps, and what is said when it does not start."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from local.kept_database import kept_database
from local.postgres import ServerError
from local.postgres_door import Door
from local.postgres_installation import server_user, temporary_folder
from standin import PortTaken

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder away")


@contextmanager
def data_dir() -> Iterator[Path]:
    """Where to keep data, and in memory, so that what is durable does not wait for a disk."""
    with temporary_folder(server_user(), in_memory=True) as made:
        yield made / "data"


@pytest.fixture
def folder() -> Iterator[Path]:
    with data_dir() as made:
        yield made


@pytest.fixture(scope="module")
def kept() -> Iterator[Path]:
    """The data of a run that has ended."""
    with data_dir() as made:
        with kept_database(made):
            pass
        yield made


@pytest.fixture
def used(kept: Path, folder: Path) -> Path:
    """A copy of such data."""
    shutil.copytree(kept, folder)
    server_user().own(folder)
    return folder


def port_of(url: str) -> str:
    return re.findall(r":(\d+)/", url)[0]


def refused(data_dir: Path) -> str:
    """What is said instead of a URL; never Postgres' own log."""
    with pytest.raises(ServerError) as error, kept_database(data_dir):
        pass
    assert not re.search("FATAL|HINT|DETAIL|Traceback", str(error.value))
    return str(error.value)


def test_the_next_run_has_the_same_data_at_the_same_address(used: Path) -> None:
    with kept_database(used) as first, psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE kept ()")
    with kept_database(used) as second, psycopg.connect(second) as connection:
        connection.execute("SELECT FROM kept")
    assert first == second


def test_an_address_that_was_taken_meanwhile_is_left_to_whoever_has_it(used: Path) -> None:
    with kept_database(used) as first:
        pass
    taken = ("127.0.0.1", int(port_of(first)))
    with socket.create_server(taken), kept_database(used) as second:
        assert port_of(second) != port_of(first)
    with kept_database(used) as third:
        assert third == second


def test_the_port_that_is_asked_for_is_that_of_the_database_or_nobodys(used: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        door = Door(port=other.getsockname()[1])
        with (
            pytest.raises(PortTaken, match=f"port {door.port} on 127.0.0.1 is taken"),
            kept_database(used, door),
        ):
            pass
    with kept_database(used, door) as url:
        assert port_of(url) == str(door.port)


def test_a_second_run_is_told_that_it_runs_already_where_and_what_to_do(used: Path) -> None:
    with kept_database(used) as url:
        said = refused(used)
    assert said == (
        f"It runs already, with the database {url}: use that one, or stop it with Ctrl-C in its"
        " terminal, or give this one another --data-dir."
    )


def test_a_lock_of_another_program_is_told_apart_from_a_run(used: Path) -> None:
    user = server_user().popen_arguments()
    with subprocess.Popen(["sleep", "60"], cwd="/", **user) as other:
        lock = f"{other.pid}\n{used}\n1\n1\n\n127.0.0.1\n"
        (used / "postmaster.pid").write_text(lock)
        said = refused(used)
        other.kill()
    assert f"in use by the process {other.pid}, which does not answer" in said
    assert f"rm '{used}/postmaster.pid'" in said


def test_data_of_another_version_comes_with_a_way_to_carry_it_over(used: Path) -> None:
    (used / "PG_VERSION").write_text("15\n")
    said = refused(used)
    assert f"The database in {used} was made by PostgreSQL 15, and this is 18" in said
    assert "pg_dump of 15" in said


@as_root
def test_data_of_another_user_comes_with_the_command_that_hands_it_over(used: Path) -> None:
    os.chown(used, 0, 0)
    said = refused(used)
    assert f"The user nobody may not use {used}" in said
    assert f"sudo chown -R nobody '{used}'" in said


@as_root
def test_a_folder_that_the_servers_user_cannot_reach_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    said = refused(tmp_path / "data")
    assert "root runs Postgres as nobody, shut out of" in said
    assert "give another --data-dir" in said


def test_data_that_lacks_a_part_is_told_with_what_postgres_lacks(used: Path) -> None:
    (used / "global" / "pg_control").unlink()
    said = refused(used)
    assert "does not start: " in said
    assert "pg_control" in said
    assert f"rm -rf '{used}'" in said


def test_a_folder_of_something_else_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("years")
    before = folder.stat()
    said = refused(folder)
    assert "is no database, and no empty folder to make one in" in said
    assert "rm " not in said
    assert (folder.stat().st_uid, folder.stat().st_mode) == (before.st_uid, before.st_mode)


def test_a_file_in_the_place_of_the_folder_is_told(folder: Path) -> None:
    folder.write_text("")
    assert "is no database" in refused(folder)


def test_a_folder_below_a_file_is_told(folder: Path) -> None:
    folder.write_text("")
    assert "give another --data-dir" in refused(folder / "below")


def test_an_error_of_whoever_uses_the_database_is_their_own(used: Path) -> None:
    with pytest.raises(OSError, match="no disk"), kept_database(used):
        raise OSError("no disk")
