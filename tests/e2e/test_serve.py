"""`make serve` as a user runs it: a program of its own, asked over HTTP, stopped by a signal."""

from __future__ import annotations

import json
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
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest

from local.kept_database import kept_database

PROJECT = Path(__file__).resolve().parent.parent.parent
COMMAND = [sys.executable, "-m", "local", "serve", "--port=0", "--stripe-port=0"]
COMMAND += ["--postgres-port=0"]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SECONDS = 60
# Like that of Docker's bridge, an address of this machine that is not 127.0.0.1. Only Linux has a
# second one that the network does not see.
BRIDGE = "127.0.0.2" if sys.platform == "linux" else "0.0.0.0"  # noqa: S104


@dataclass(frozen=True)
class Serving:
    """A program that serves, and what it printed: a line a name."""

    process: subprocess.Popen[str]
    lines: dict[str, str]

    @property
    def standin(self) -> str:
        """The address of the stand-in's page."""
        return re.findall(r"http://127\.0\.0\.1:\d+", self.lines["Stripe"])[0]

    def page(self, path: str = "") -> str:
        """What a browser shows at this path below the reports page."""
        return requested(self.lines["Reports"] + path, accept=BROWSER).text

    def rows(self, report: str) -> list[dict[str, Any]]:
        """What a program gets of a report."""
        return list(json.loads(requested(f"{self.lines['Reports']}/{report}").text)["rows"])

    def payments_of_a_new_buyer(self, user_id: str) -> list[dict[str, Any]]:
        """What the reports say after somebody has bought a package on the stand-in's page."""
        price = re.findall(r"price_\w+", requested(self.standin).text)[0]
        buyer = {"price": price, "user_id": user_id}
        where = requested(f"{self.standin}/buy", form=buyer).location
        requested(f"{self.standin}{where}/pay", form={})
        # The stand-in delivers after it has answered, so ask until there is something.
        rows, until = list[dict[str, Any]](), monotonic() + SECONDS
        while not rows and monotonic() < until:
            rows = self.rows(f"payments_for_user?user_id={user_id}")
        return rows

    def stop(self) -> tuple[int, str]:
        """End it as a supervisor does; its exit code and its last words."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, out


class Answer(NamedTuple):
    """Where an HTTP answer sends its reader, and what it says."""

    location: str
    text: str


def requested(url: str, *, accept: str = "*/*", form: dict[str, str] | None = None) -> Answer:
    """GET the address, or POST a form to it."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=SECONDS)
    try:
        headers = {"Accept": accept, "Content-Type": "application/x-www-form-urlencoded"}
        method, body = ("GET", None) if form is None else ("POST", urlencode(form))
        connection.request(method, f"{parts.path or '/'}?{parts.query}", body, headers)
        response = connection.getresponse()
        return Answer(response.getheader("Location", ""), response.read().decode())
    finally:
        connection.close()


@contextmanager
def started(data_dir: Path, *arguments: str, **configured: str) -> Iterator[subprocess.Popen[str]]:
    """The program on ports of the system's choice; a test that fails ends it."""
    taken = ("DATABASE_", "STRIPE_", "UNKNOWN_USERS")
    environment = {name: os.environ[name] for name in os.environ if not name.startswith(taken)}
    with (
        data_dir.with_suffix(".log").open("w") as log,
        subprocess.Popen(
            [*COMMAND, f"--data-dir={data_dir}", *arguments],
            cwd=PROJECT,
            env=environment | {"PYTHONPATH": f"{PROJECT / 'src'}:{PROJECT}"} | configured,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


@contextmanager
def serving(data_dir: Path, *arguments: str, **configured: str) -> Iterator[Serving]:
    """The program, once it has said where everything is."""
    with started(data_dir, *arguments, **configured) as process:
        assert process.stdout is not None
        lines: dict[str, str] = {}
        for line in process.stdout:
            if line.startswith("Ctrl-C"):
                break
            name, _, text = line.strip().partition(" ")
            lines[name] = text.strip()
        assert "Reports" in lines, data_dir.with_suffix(".log").read_text()
        yield Serving(process, lines)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that other users may pass through, as they may through /tmp."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def first_run(folder: Path) -> Iterator[Serving]:
    """The first run, in which the demo is played."""
    with serving(folder / "first") as run:
        yield run


@dataclass(frozen=True)
class Ended:
    """A run that was asked to end: what it showed before, and what was left of it."""

    run: Serving
    data_dir: Path
    shown: dict[str, Any]
    ending: tuple[int, str]

    @property
    def database(self) -> str:
        """The database's address, of which a run says where it was."""
        return self.run.lines["Database"]


@pytest.fixture(scope="module")
def holding_run(folder: Path) -> Ended:
    """A first run that holds what unknown users buy, after such a purchase."""
    with serving(folder / "used", UNKNOWN_USERS="hold") as run:
        shown = {
            "prices": prices_of(run),
            "held": run.rows("held_payments"),
            "bought": run.payments_of_a_new_buyer("paula"),
        }
        return Ended(run, folder / "used", shown, run.stop())


@pytest.fixture(scope="module")
def next_run(holding_run: Ended) -> Ended:
    """The next one on its database, with nothing configured; for containers too."""
    env_vars = holding_run.data_dir.with_suffix(".env.json")
    with serving(holding_run.data_dir, f"--bind={BRIDGE}", f"--env-vars={env_vars}") as run:
        shown = {
            "prices": prices_of(run),
            "story": run.rows("payments_for_user?user_id=ana"),
            "in a container": shown_at_bridge(run, env_vars),
        }
        return Ended(run, holding_run.data_dir, shown, run.stop())


def shown_at_bridge(run: Serving, env_vars: Path) -> list[str]:
    """The pages of reports and stand-in at the other address, and the database's name there, by
    the variables that are written for containers."""
    text = env_vars.read_text().replace("host.docker.internal", BRIDGE)
    there = json.loads(text)["Parameters"]
    reports = run.lines["Reports"].replace("127.0.0.1", BRIDGE)
    with psycopg.connect(there["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT current_database()").fetchone()
    assert row is not None
    pages = [requested(url).text for url in (reports, there["STRIPE_API_BASE"])]
    return [row[0], *pages]


def test_a_browser_gets_the_page_that_lists_the_reports(first_run: Serving) -> None:
    assert "Payments by package" in first_run.page()


@pytest.mark.parametrize("report", ["revenue_by_day", "payments_by_status", "payments_by_package"])
def test_a_browser_gets_a_chart(first_run: Serving, report: str) -> None:
    assert "<svg" in first_run.page(f"/{report}")


def test_a_program_gets_the_payments_of_the_demos_story(first_run: Serving) -> None:
    shown = [
        (row["package_name"], row["payment_status"], row["amount_paid"], row["credits_granted"])
        for row in first_run.rows("payments_for_user?user_id=ana")
    ]
    assert shown == [
        ("Starter", "paid", "10.00", 1000),
        ("Professional", "expired", "0.00", 0),
        ("Starter", "paid", "10.00", 750),
    ]


def test_money_was_taken_on_most_days_of_the_month(first_run: Serving) -> None:
    days = first_run.rows("revenue_by_day")
    assert len([day for day in days if day["gross_usd"] != "0.00"]) > 24


def test_most_statuses_have_a_payment(first_run: Serving) -> None:
    seen = {
        row["payment_status"] for row in first_run.rows("payments_by_status") if row["payments"]
    }
    assert seen == {"paid", "pending", "failed", "expired", "refunded", "disputed", "lost"}


@pytest.mark.parametrize("audit", ["ledger_audit", "rollup_audit"])
def test_the_books_are_sound_after_the_month(first_run: Serving, audit: str) -> None:
    assert first_run.rows(audit) == []


def test_a_purchase_on_the_page_of_the_standin_reaches_the_reports(first_run: Serving) -> None:
    [payment] = first_run.payments_of_a_new_buyer("paula")
    assert payment["payment_status"] == "paid"


def test_the_story_is_told_where_unknown_users_are_held_and_later_ones_are(
    holding_run: Ended,
) -> None:
    assert [row["user_id"] for row in holding_run.shown["held"]] == [None]
    [payment] = holding_run.shown["bought"]
    assert payment["held_reason"] == "unknown_user"


def test_a_database_with_payments_gets_no_others(next_run: Ended) -> None:
    said = next_run.run.lines["Payments"].split(":")[0]
    assert (len(next_run.shown["story"]), said) == (3, "those of earlier runs")


def test_the_next_run_has_the_prices_and_the_database_of_the_last(
    holding_run: Ended, next_run: Ended
) -> None:
    assert next_run.shown["prices"] == holding_run.shown["prices"]
    assert next_run.database == holding_run.database


def prices_of(run: Serving) -> dict[str, list[str]]:
    """What each package costs at Stripe, where the stand-in sells just that."""
    with psycopg.connect(run.lines["Database"]) as connection:
        prices = dict(connection.execute("SELECT package_id, stripe_price_ids FROM packages"))
    offered = re.findall(r"price_\w+", requested(run.standin).text)
    assert {price for ids in prices.values() for price in ids} == set(offered)
    return prices


def test_containers_reach_everything_by_the_variables_that_are_written_for_them(
    next_run: Ended,
) -> None:
    database, reports, standin = next_run.shown["in a container"]
    assert database == "tokentill"
    assert json.loads(reports)["reports"]
    assert "price_" in standin
    assert not next_run.data_dir.with_suffix(".env.json").exists()


@pytest.mark.parametrize("address", ["192.0.2.1", "localhost", "0", ""])
def test_what_is_no_address_of_this_machine_is_refused_with_where_to_look(
    folder: Path, address: str
) -> None:
    with started(folder / "none", f"--bind={address}") as run:
        out, _ = run.communicate(timeout=SECONDS)
    said = (folder / "none.log").read_text()
    assert (run.returncode, out) == (2, "")
    assert "this machine has no such IPv4 address" in said
    assert "docker0" in said


def refused(data_dir: Path, **environment: str) -> str:
    """What a run that does not start says: a sentence, and neither a log nor a traceback."""
    with started(data_dir, **environment) as run:
        out, _ = run.communicate(timeout=SECONDS)
    said = data_dir.with_suffix(".log").read_text()
    assert (run.returncode, out) == (1, "")
    assert not re.search("Traceback|FATAL|HINT", said)
    return said


def test_a_second_run_is_told_where_the_first_one_is(first_run: Serving, folder: Path) -> None:
    said = refused(folder / "first")
    assert said.startswith(f"It runs already, with the database {first_run.lines['Database']}")
    assert first_run.page()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://till:hush@127.0.0.1:1/till", "the database does not answer"),
        ("till:hush@127.0.0.1", "the database's URL cannot be read"),
    ],
)
def test_a_database_that_cannot_be_used_is_told(folder: Path, url: str, told: str) -> None:
    said = refused(folder / "none", DATABASE_URL=url)
    assert told in said
    assert "hush" not in said
    assert "the migrate function" not in said


def test_sigterm_ends_the_program_and_its_database_server(next_run: Ended) -> None:
    assert next_run.ending == (0, "stopped\n")
    with pytest.raises(ProcessLookupError):
        os.killpg(next_run.run.process.pid, 0)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(next_run.database)


def test_migrations_that_do_not_fit_are_refused_with_a_way_out(next_run: Ended) -> None:
    data_dir = next_run.data_dir
    with kept_database(data_dir) as url, psycopg.connect(url) as connection:
        connection.execute("UPDATE schema_migrations SET checksum = 'of another file'")
    said = refused(data_dir)
    assert "was changed after it was applied" in said
    assert f"rm -rf '{data_dir}'" in said
