"""The demo as a user runs it: a program of its own, from the first line to what it leaves."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import psycopg
import pytest

from tests.documents import blocks

PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Played:
    """A demo that has ended, and the folder that it had for temporary files."""

    process_id: int
    exit_code: int
    out: str
    err: str
    temporary: Path

    @property
    def lines(self) -> list[str]:
        """What was printed, with every run of spaces as one."""
        return [" ".join(line.split()) for line in self.out.splitlines()]


@contextmanager
def begun(temporary: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The demo, started in a process group of its own; a test that fails ends it."""
    with subprocess.Popen(
        [sys.executable, "-m", "local", "demo", *arguments],
        cwd=PROJECT,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join((str(PROJECT / "src"), str(PROJECT)))}
        | {"TMPDIR": str(temporary), "PYTHONIOENCODING": "utf-8", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def play(temporary: Path, *arguments: str, **environment: str) -> Played:
    """Plays the demo to its end."""
    with begun(temporary, *arguments, **environment) as process:
        out, err = process.communicate(timeout=100)
    return Played(process.pid, process.returncode, out, err, temporary)


@pytest.fixture(scope="module")
def temporary() -> Iterator[Path]:
    """A folder that other users may pass through, as they may through /tmp."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def played(temporary: Path) -> Played:
    """The demo, played once for all tests that read what it printed."""
    return play(temporary)


def _assert_nothing_left(demo: Played) -> None:
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.process_id, 0)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(_database_url(demo.out))
    assert list(demo.temporary.iterdir()) == []


def _database_url(out: str) -> str:
    found = re.search(r"^Database: (postgres\S+)$", out, re.MULTILINE)
    assert found is not None, out
    return found[1]


def test_the_demo_ends_by_itself_with_success(played: Played) -> None:
    assert (played.exit_code, played.err) == (0, "")


def test_the_demo_leaves_no_process_no_database_and_no_folder(played: Played) -> None:
    _assert_nothing_left(played)


@pytest.mark.parametrize(
    "delivery",
    [
        "checkout.session.completed 200 recorded paid 1,000",
        "checkout.session.completed 200 duplicate paid 1,000",
        "checkout.session.completed 200 recorded pending 0",
        "checkout.session.async_payment_succeeded 200 recorded paid 5,000",
        "payment_intent.payment_failed 200 recorded failed 0",
        "checkout.session.completed 200 recorded paid 25,000",
        "checkout.session.expired 200 recorded expired 1,000",
        "checkout.session.completed 200 recorded paid, held -",
        "resolve_payment (operation) recorded paid 1,750",
    ],
)
def test_the_demo_tells_each_delivery_with_its_outcome(played: Played, delivery: str) -> None:
    assert delivery in played.lines


@pytest.mark.parametrize(
    "report", ["payments_for_user", "total_revenue", "payments_by_package", "recent_payments"]
)
def test_the_demo_shows_the_published_reports(played: Played, report: str) -> None:
    assert any(line.startswith(f"Report {report}") for line in played.lines)


def test_the_demo_says_that_the_ledger_is_sound(played: Played) -> None:
    assert any(line.startswith("no rows: sound.") for line in played.lines)


def test_logs_and_colours_stay_out_of_output_that_is_read_by_a_program(played: Played) -> None:
    assert "\x1b" not in played.out
    assert not any("tokentill.webhook" in line for line in played.lines)


def test_the_readme_shows_what_the_demo_prints(played: Played) -> None:
    (shown,) = [each for each in blocks("text") if each.document == "README.md"]
    rest = iter(played.out.splitlines())
    assert [line for line in shown.text.splitlines() if line not in rest] == []


def test_a_demo_that_is_stopped_half_way_leaves_nothing_either(temporary: Path) -> None:
    with begun(temporary) as process:
        assert process.stdout is not None
        # The first lines say where everything is; an empty one ends them.
        shown = "".join(takewhile(str.strip, iter(process.stdout.readline, "")))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=100)
    stopped = Played(process.pid, process.returncode, shown + out, err, temporary)
    assert stopped.exit_code == 130
    _assert_nothing_left(stopped)


def test_help_explains_the_demo_and_plays_nothing(temporary: Path) -> None:
    helped = play(temporary, "--help")
    assert helped.exit_code == 0
    assert "DATABASE_URL" in helped.out
    assert "Webhook:" not in helped.out


def test_a_database_that_cannot_be_reached_is_a_clear_failure(temporary: Path) -> None:
    # Port 1 of this machine: nobody listens there.
    url = "postgresql://nobody@127.0.0.1:1/none"
    failed = play(temporary, DATABASE_URL=url)
    assert failed.exit_code == 1
    assert failed.err.startswith("The demo failed: ")
