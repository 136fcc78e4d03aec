"""`make invoke`, and the shipped example with which `sam local` runs the functions: in Lambda's
real runtime, against a stand-in and a database as `make serve` has them, on other ports."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from local import Failure
from local.invoke import check_runs, invoked, is_failure
from local.lambda_build import packages
from local.sam_local import EXAMPLE, example, example_here
from local.sample_purchases import play_samples
from local.sign_event import SampleEvents, sam_line
from tests.artefacts import Run, need_emulator
from tests.till import Till

SAMPLES = SampleEvents()
PROJECT = Path(__file__).resolve().parents[2]
SAM_PYTHON = PROJECT / ".venv-sam" / "bin" / "python"


@pytest.fixture
def served(till: Till) -> dict[str, str]:
    """The example's configuration for this machine, where the stand-in knows the samples."""
    need_emulator()
    till.account.webhook_secret = example()["STRIPE_WEBHOOK_SECRET"]
    play_samples(till.account, till.price_of("starter"))
    there = {"DATABASE_URL": till.database_url, "STRIPE_API_BASE": till.stripe.url}
    return example_here() | there


def answer_to(name: str, environment: Mapping[str, str], folder: Path) -> Any:
    with (folder / "log").open("wb") as log:
        return invoked(name, SAMPLES.read(name), environment, log)


@pytest.mark.parametrize("name", SAMPLES.names())
def test_every_sample_is_answered(name: str, served: dict[str, str], tmp_path: Path) -> None:
    assert not is_failure(answer_to(name, served, tmp_path))


def test_the_sample_purchase_is_credited_once(
    till: Till, served: dict[str, str], tmp_path: Path
) -> None:
    outcomes = [
        json.loads(answer_to("checkout_session_completed", served, tmp_path)["body"])["outcome"]
        for _ in range(2)
    ]
    assert outcomes == ["recorded", "duplicate"]
    assert till.ledger() == [("purchase", 1000, 1000)]


def in_a_container(till: Till) -> dict[str, str]:
    """The database's URL of the example, the port and the name changed. libpq alone knows here
    where `host.docker.internal` is: it is told in a variable, and the code is not."""
    here = urlsplit(till.database_url)
    url = urlsplit(example()["DATABASE_URL"])
    netloc = f"{url.username}@{url.hostname}:{here.port}"
    return {
        "DATABASE_URL": url._replace(netloc=netloc, path=here.path).geturl(),
        "PGHOSTADDR": "127.0.0.1",
    }


def test_the_example_reaches_the_machine_around_a_container_of_sam_local(
    run: Run, till: Till
) -> None:
    with run("reports", **in_a_container(till), AWS_SAM_LOCAL="true") as reports:
        assert reports.invoke({"report": "total_revenue"})["rows"]


def test_where_sam_local_does_not_run_it_the_same_name_is_refused_without_tls(
    run: Run, till: Till
) -> None:
    with run("reports", **in_a_container(till)) as reports:
        assert "error" in reports.invoke({"report": "total_revenue"})


@pytest.mark.parametrize(
    ("running", "lacks"), [("STRIPE_API_BASE", "the database"), ("DATABASE_URL", "Stripe")]
)
def test_what_does_not_run_is_named_with_the_command_that_starts_it(
    till: Till, running: str, lacks: str
) -> None:
    nowhere = {
        "DATABASE_URL": "postgresql://127.0.0.1:1/x",
        "STRIPE_API_BASE": "http://127.0.0.1:1",
    }
    there = {"DATABASE_URL": till.database_url, "STRIPE_API_BASE": till.stripe.url}
    with pytest.raises(Failure, match=f"has {lacks}: start .*`make serve`"):
        check_runs(nowhere | {running: there[running]})
    check_runs(there)


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        ({"statusCode": 200, "body": ""}, False),
        ({"rows": []}, False),
        ("<p>a widget</p>", False),
        ({"statusCode": 503, "body": ""}, True),
        ({"error": {"code": "not_done", "message": ""}}, True),
        ({"errorType": "LookupError", "errorMessage": ""}, True),
    ],
)
def test_an_answer_that_is_an_error_ends_the_command_with_one(answer: Any, failed: bool) -> None:
    assert is_failure(answer) is failed


def test_what_is_built_is_built_anew_when_a_source_is_changed_or_renamed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(packages, "PROJECT", tmp_path)
    monkeypatch.setattr(packages, "_KEPT", tmp_path / "kept")
    source, made = tmp_path / "source", list[Path]()

    def make(folder: Path) -> None:
        folder.mkdir()
        made.append(folder)

    source.write_text("first")
    for _ in range(2):
        packages.kept("it", [source], make)
    source.write_text("second")
    packages.kept("it", [source], make)
    packages.kept("it", [source.rename(tmp_path / "other")], make)
    assert len(made) == 3


PARSE = """
import json, sys
from samcli.commands.local.invoke.cli import cli
print(json.dumps(cli.make_context("invoke", sys.argv[1:]).params, default=str))
"""


@pytest.mark.skipif(not SAM_PYTHON.exists(), reason="the SAM CLI is not installed: make build")
def test_the_sam_cli_takes_the_line_that_is_printed(tmp_path: Path) -> None:
    path = SampleEvents(signed_folder=tmp_path).write_signed("total_revenue", "whsec_1", 0)
    words = sam_line("total_revenue", SAMPLES.read("total_revenue"), path, EXAMPLE, "linux").split()
    parsed = subprocess.run(
        [SAM_PYTHON, "-c", PARSE, *words[3:]],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    taken = json.loads(parsed.stdout)
    assert words[:3] == [".venv-sam/bin/sam", "local", "invoke"]
    assert (taken["function_logical_id"], taken["env_vars"]) == ("ReportsFunction", EXAMPLE.name)
    assert taken["add_host"] == {"host.docker.internal": "host-gateway"}
