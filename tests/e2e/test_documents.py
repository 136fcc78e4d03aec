"""Every command, program, statement and request in the documents is run as it is written there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
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
from tests.documents import PROJECT, SHELLS, Block, blocks, first_column
from tests.till import Till, completed

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


@pytest.fixture
def here(till: Till) -> Iterator[Here]:
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
            "evt_…": bought["id"],
        }
        yield Here(till, names)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty S3 bucket for exports, in this process."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("REPORTS_EXPORT_BUCKET", "exports")
    exports.bucket.cache_clear()
    with mock_aws():
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
def test_the_statements_are_taken(here: Here, block: Block) -> None:
    with psycopg.connect(here.till.database_url) as connection:
        connection.execute(cast("Any", here.meant(block.text)))
        connection.rollback()


@pytest.mark.parametrize(
    "block", [each for each in blocks("sql") if "report" in each.marks], ids=str
)
def test_the_reports_can_be_read_and_answer(here: Here, block: Block) -> None:
    report = read_report("of_a_document", block.text)
    given = {each.name: each.default for each in report.parameters}
    with psycopg.connect(here.till.database_url) as connection:
        assert connection.execute(cast("Any", block.text), given).description


def requests() -> list[Any]:
    return [each for each in blocks("json") if "answer" not in each.marks]


def answered(request: dict[str, Any]) -> dict[str, Any]:
    """By the function whose request it is."""
    functions = {"operation": operations.handler, "report": reports.handler}
    name = next((name for name in functions if name in request), None)
    handler: Any = reconcile.handler if name is None else functions[name]
    return dict(handler(request, None))


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("block", requests(), ids=str)
def test_the_requests_are_answered(here: Here, block: Block) -> None:
    answer = answered(here.request(block))
    assert answer.get("error") is None
    assert answer.get("outcome", "recorded") in ("recorded", "unchanged")


def answers() -> list[tuple[Block, Block]]:
    """Each answer that is shown, after the request before it."""
    shown = blocks("json")
    return [(shown[at - 1], each) for at, each in enumerate(shown) if "answer" in each.marks]


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(("request_", "answer"), answers(), ids=str)
def test_an_answer_has_the_fields_that_are_shown(
    here: Here, request_: Block, answer: Block
) -> None:
    shown, given = here.request(answer), answered(here.request(request_))
    assert list(given) == list(shown)
    objects = {name for name, value in shown.items() if isinstance(value, dict)}
    assert all(given[name].keys() == shown[name].keys() for name in objects)


def test_the_columns_of_a_payment_are_described_in_their_order(till: Till) -> None:
    there = till.rows(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = 'payment_transactions' ORDER BY ordinal_position"
    )
    described = first_column("docs/reference.md", "Payments")
    assert described == [row["column_name"] for row in there]


def test_the_readme_shows_what_the_demo_prints() -> None:
    played = subprocess.run(
        [sys.executable, "-m", "local", "demo"],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": "src:.", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    (shown,) = [each for each in blocks("text") if each.document == "README.md"]
    rest = iter(played.stdout.splitlines())
    assert [line for line in shown.text.splitlines() if line not in rest] == []
