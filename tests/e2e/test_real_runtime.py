"""The built artefact in Lambda's runtime client: nothing is there but what Lambda would have."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.gateway_events import Request, event_of
from local.lambda_build.packages import AWS_SERVICES
from tests.artefacts import Artefact, Run, built
from tests.clean_databases import CleanDatabases
from tests.log_watch import betrayed
from tests.till import WEBHOOK_SECRET, Till, completed, open_till

PROJECT = Path(__file__).resolve().parents[2]
HANDLERS = sorted(
    path.stem
    for path in (PROJECT / "src" / "handlers").glob("*.py")
    if "\ndef handler(" in path.read_text("utf-8")
)


def configured(till: Till) -> dict[str, str]:
    """The environment of a deployment that sells in `till`."""
    return {
        "DATABASE_URL": till.database_url,
        "STRIPE_API_KEY": till.account.api_key,
        "STRIPE_API_BASE": till.stripe.url,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }


def posted(till: Till, event: dict[str, Any]) -> dict[str, Any]:
    """What API Gateway makes of Stripe's signed request, in payload format 2.0."""
    delivery = till.account.delivery(event)
    return event_of(
        Request(
            method="POST",
            path="/stripe/webhook",
            query="",
            headers=list(delivery.headers.items()),
            body=delivery.body,
            route="POST /stripe/webhook",
        ),
        "2.0",
    )


@dataclass(frozen=True)
class Sold:
    """A till after one purchase, with what its functions answered and logged."""

    session_id: str
    ledger: list[tuple[str, int, int]]
    answers: list[dict[str, Any]]
    log: str
    rows: list[dict[str, Any]]
    page: str


@pytest.fixture(scope="module")
def sold(
    artefact: Artefact, clean_databases: CleanDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sold]:
    """The webhook got the delivery, got it again, and got it altered; then reports were asked."""
    logs = tmp_path_factory.mktemp("logs")
    with (
        pytest.MonkeyPatch.context() as environment,
        clean_databases.database() as url,
        open_till(url, environment) as till,
    ):
        session_id = till.sell()
        delivery = posted(till, completed(till.account.complete(session_id)))
        altered = {**delivery, "body": delivery["body"] + " "}
        with artefact.running(
            "handlers.webhook.handler", logs / "webhook", **configured(till)
        ) as webhook:
            answers = [webhook.invoke(each) for each in (delivery, delivery, altered)]
        with artefact.running(
            "handlers.reports.handler", logs / "reports", DATABASE_URL=url
        ) as reports:
            of_user = {"report": "payments_for_user", "params": {"user_id": "user_123"}, "limit": 5}
            rows = reports.invoke(of_user)["rows"]
            page = reports.invoke({"report": "recent_payments", "format": "html"})["body"]
        log = (logs / "webhook").read_text()
        yield Sold(session_id, till.ledger(), answers, log, rows, page)


def outcome(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], json.loads(answer["body"])["outcome"]


def test_a_signed_purchase_is_credited(sold: Sold) -> None:
    assert outcome(sold.answers[0]) == (200, "recorded")
    assert sold.ledger == [("purchase", 1000, 1000)]


def test_a_warm_container_knows_a_duplicate(sold: Sold) -> None:
    assert outcome(sold.answers[1]) == (200, "duplicate")


def test_an_altered_delivery_is_refused(sold: Sold) -> None:
    assert sold.answers[2]["statusCode"] == 400


def test_its_log_lines_give_nothing_away(sold: Sold) -> None:
    assert "event recorded" in sold.log
    assert betrayed(sold.log) == []


def test_a_report_shows_what_was_bought(sold: Sold) -> None:
    assert [row["stripe_session_id"] for row in sold.rows] == [sold.session_id]


def test_a_report_is_a_page_too(sold: Sold) -> None:
    assert "Recent payments: 1 row</caption>" in sold.page


def test_an_empty_database_is_migrated(run: Run, empty_database_url: str) -> None:
    with run("migrate", DATABASE_URL=empty_database_url) as migrate:
        answer = migrate.invoke({})
    files = sorted(path.stem for path in (PROJECT / "sql" / "schema").glob("*.sql"))
    assert answer == {"applied": files, "already_applied": []}


def test_a_missing_statement_stops_the_cold_start(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    incomplete = built(tmp_path_factory.mktemp("incomplete"))
    (incomplete.folder / "sql" / "payments" / "record_payment.sql").unlink()
    with incomplete.running("handlers.webhook.handler", tmp_path / "log") as webhook:
        answer = webhook.invoke({"version": "2.0"})
    assert answer["errorType"] == "FileNotFoundError"
    assert "record_payment.sql" in answer["errorMessage"]


def test_every_handler_finds_all_that_it_imports(artefact: Artefact) -> None:
    program = "import importlib; [print(importlib.import_module(it).__file__) for it in {}]"
    imported = in_artefact(artefact, program.format([f"handlers.{name}" for name in HANDLERS]))
    assert imported == [str(artefact.folder / "handlers" / f"{name}.py") for name in HANDLERS]


def test_a_client_of_each_aws_service_can_be_made(artefact: Artefact) -> None:
    services = sorted(AWS_SERVICES)
    made = in_artefact(
        artefact,
        f"import boto3; made = [boto3.client(it, region_name='us-east-1') for it in {services}];"
        " [print(it.meta.service_model.service_name) for it in made]",
    )
    assert made == services


def in_artefact(artefact: Artefact, program: str) -> list[str]:
    """The lines that a program prints that sees the artefact and the standard library only."""
    ran = subprocess.run(
        [artefact.interpreter, "-S", "-c", program],
        cwd=artefact.folder,
        env={"PYTHONPATH": str(artefact.folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()
