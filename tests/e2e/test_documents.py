"""Every command, program, statement and request in the documents is run as it is written there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from itertools import pairwise
from typing import Any, cast

import boto3
import psycopg
import pytest
from moto import mock_aws

from adapters import exports
from adapters.stripe_api import API_VERSION
from domain.events import EVENT_TYPES
from handlers import operations, reconcile, reports, webhook
from local.gateway import gateway
from reports.declaration import read_report
from tests.clean_databases import CleanDatabases
from tests.documents import PROJECT, SHELLS, Block, blocks, first_column
from tests.till import Till, completed, open_till

# What runs a command, where this file does not: it takes long, or does not end by itself.
RUN_BY = {
    "make demo": "tests/e2e/test_demo.py",
    "make build": "tests/e2e/test_artefact.py",
    "make serve ARGS='--bind 172.17.0.1'": "tests/e2e/test_serve.py",
    "make invoke NAME=checkout_session_completed": "tests/e2e/test_invoke.py",
    "make test": "tests",  # by whoever reads this
    ".venv/bin/python -m standin --seed --port 8001": "standin/tests/test_command.py",
    "PYTHONPATH=src:. .venv/bin/python -m tests.integration.event_outcomes": (
        "tests/integration/test_event_outcomes.py"
    ),
}
# `make` takes the environment that the tests run in for up to date, whatever its age.
MAKE = f'make() {{ command make -o .venv/ready -o .venv-sam/ready PY={sys.executable} "$@"; }}'
SECONDS = 100


@dataclass(frozen=True)
class Here:
    """A till in which everything is as the documents assume; `names` are what it is called here
    that the documents call otherwise."""

    till: Till
    names: Mapping[str, str] = field(default_factory=dict)

    def meant(self, text: str) -> str:
        for written, meant in self.names.items():
            text = text.replace(written, meant)
        return text

    def request(self, block: Block) -> dict[str, Any]:
        return dict(json.loads(self.meant(block.text)))


@contextmanager
def as_assumed(till: Till) -> Iterator[Here]:
    """The packages have prices, user_123 has bought one, and a payment of nobody's is held."""
    till.account.add_webhook_endpoint(
        "https://till.example.com/stripe/webhook", list(EVENT_TYPES), API_VERSION
    )
    for package_id in ("professional", "enterprise"):
        till.price_of(package_id)
    bought = completed(till.account.complete(till.sell()))
    till.deliver(bought)
    held = till.payment(till.sell_paid(user_id=None))
    routes = {
        "POST /stripe/webhook": webhook.handler,
        "GET /reports": reports.handler,
        "GET /reports/{name}": reports.handler,
    }
    api = {"api": till.stripe.url}
    with gateway(cast("Any", routes)) as url:
        names = {
            "http://127.0.0.1:8000": url,
            "http://127.0.0.1:8001": till.stripe.url,
            "postgresql://postgres@127.0.0.1:8002/tokentill": till.database_url,
            ".venv/bin/python": sys.executable,
            # The client that is made of the key alone asks the real Stripe.
            '(os.environ["STRIPE_API_KEY"])': f"({till.account.api_key!r}, base_addresses={api})",
            "price_1ABC": till.price_of("starter"),
            "pay_…": held["payment_id"],
            "pay_1…": till.payment(bought["data"]["object"]["id"])["payment_id"],
            "evt_…": bought["id"],
        }
        yield Here(till, names)


@pytest.fixture
def here(till: Till) -> Iterator[Here]:
    """One that the test may change."""
    with as_assumed(till) as assumed:
        yield assumed


@pytest.fixture(scope="module")
def seen(clean_databases: CleanDatabases) -> Iterator[Here]:
    """One that nobody changes."""
    with (
        pytest.MonkeyPatch.context() as environment,
        clean_databases.database() as url,
        open_till(url, environment) as till,
        as_assumed(till) as assumed,
    ):
        yield assumed


@pytest.fixture(scope="module")
def bucket() -> Iterator[None]:
    """An S3 bucket for exports, in this process."""
    exports.bucket.cache_clear()
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "testing")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.setenv("REPORTS_EXPORT_BUCKET", "exports")
        boto3.client("s3").create_bucket(Bucket="exports")
        yield
    exports.bucket.cache_clear()


def commands(block: Block) -> list[str]:
    """The lines to type, one that goes on being one."""
    lines = block.text.replace("\\\n", "").splitlines()
    if block.language == "console":
        return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return [line for line in lines if line.strip()]


def is_run_elsewhere(command: str) -> bool:
    return all(part.strip() in RUN_BY for part in command.split("&&"))


def shell_blocks() -> list[Block]:
    """Those of which something is to be run here."""
    return [
        block
        for block in blocks(*SHELLS)
        if not block.needs_an_account and not all(map(is_run_elsewhere, commands(block)))
    ]


@pytest.mark.parametrize("block", shell_blocks(), ids=str)
def test_the_commands_succeed(here: Here, block: Block) -> None:
    script = "\n".join(each for each in commands(block) if not is_run_elsewhere(each))
    ran = subprocess.run(
        ["bash", "-eu", "-c", f"{MAKE}\n{here.meant(script)}"],
        cwd=PROJECT,
        env={name: os.environ[name] for name in os.environ if not name.startswith("MAKE")},
        capture_output=True,
        check=False,
        text=True,
        timeout=SECONDS,
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"


def test_the_commands_that_something_else_runs_are_in_the_documents_and_so_is_the_test() -> None:
    typed = {
        part.strip()
        for block in blocks(*SHELLS)
        for command in commands(block)
        for part in command.split("&&")
    }
    assert typed.issuperset(RUN_BY)
    assert all((PROJECT / test).exists() for test in RUN_BY.values())


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_the_programs_run(here: Here, block: Block) -> None:
    assert ran(here, block)


def ran(here: Here, block: Block) -> dict[str, Any]:
    """Runs a program; what it has named."""
    named: dict[str, Any] = {}
    with redirect_stdout(StringIO()):
        exec(compile(here.meant(block.text), str(block), "exec"), named)  # noqa: S102
    return named


def test_what_the_session_of_the_readme_sells_is_credited(here: Here) -> None:
    (block,) = [each for each in blocks("python") if each.document == "README.md"]
    before = here.till.credits("user_123")
    session = ran(here, block)["session"]
    events = here.till.account.complete(session.id)
    assert here.till.deliver(completed(events)).outcome == "recorded"
    assert here.till.credits("user_123") == before + 1000
    (intent,) = [each for each in events if each["type"] == "payment_intent.succeeded"]
    assert intent["data"]["object"]["metadata"] == session.metadata.to_dict()


@pytest.mark.parametrize(
    "block",
    [each for each in blocks("sql") if not (each.needs_an_account or "report" in each.marks)],
    ids=str,
)
def test_the_statements_are_taken(seen: Here, block: Block) -> None:
    with psycopg.connect(seen.till.database_url) as connection:
        connection.execute(cast("Any", seen.meant(block.text)))
        connection.rollback()


@pytest.mark.parametrize(
    "block", [each for each in blocks("sql") if "report" in each.marks], ids=str
)
def test_the_reports_can_be_read_and_answer(seen: Here, block: Block) -> None:
    report = read_report("of_a_document", block.text)
    given = {each.name: each.default for each in report.parameters}
    with psycopg.connect(seen.till.database_url) as connection:
        assert connection.execute(cast("Any", block.text), given).description


def requests(*, of_reports: bool) -> list[tuple[Block, Block | None]]:
    """Each request that is shown, with the answer that is shown after it."""
    shown = [*blocks("json"), None]
    return [
        (each, following if following and "answer" in following.marks else None)
        for each, following in pairwise(shown)
        if each and "answer" not in each.marks and ('"report"' in each.text) is of_reports
    ]


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(("request_", "shown"), requests(of_reports=True), ids=str)
def test_the_reports_are_answered_as_is_shown(
    seen: Here, request_: Block, shown: Block | None
) -> None:
    check_answer(seen, reports.handler(seen.request(request_), None), shown)


@pytest.mark.parametrize(("request_", "shown"), requests(of_reports=False), ids=str)
def test_what_operators_ask_for_is_answered_as_is_shown(
    here: Here, request_: Block, shown: Block | None
) -> None:
    request = here.request(request_)
    handler: Any = operations.handler if "operation" in request else reconcile.handler
    check_answer(here, handler(request, None), shown)


def check_answer(here: Here, answer: Any, shown: Block | None) -> None:
    """It is no refusal, and has the fields that the document shows."""
    assert answer.get("error") is None
    assert answer.get("outcome", "recorded") in ("recorded", "unchanged")
    if shown is not None:
        expected = here.request(shown)
        assert list(answer) == list(expected)
        objects = {name for name, value in expected.items() if isinstance(value, dict)}
        assert all(answer[name].keys() == expected[name].keys() for name in objects)


def test_every_answer_that_is_shown_follows_its_request() -> None:
    asked_for = [*requests(of_reports=True), *requests(of_reports=False)]
    shown = {each for each in blocks("json") if "answer" in each.marks}
    assert {answer for _, answer in asked_for if answer} == shown


def test_the_columns_of_a_payment_are_described_in_their_order(till: Till) -> None:
    there = till.rows(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = 'payment_transactions' ORDER BY ordinal_position"
    )
    described = first_column("docs/reference.md", "Payments")
    assert described == [row["column_name"] for row in there]
