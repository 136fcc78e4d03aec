"""The built artefact in Lambda's runtime client: nothing is there but what Lambda would have."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.gateway_events import Request, event_of
from local.lambda_build.packages import AWS_SERVICES
from tests.artefacts import Artefact, Run, built
from tests.log_watch import betrayed
from tests.till import WEBHOOK_SECRET, Till, completed

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


def purchase(till: Till) -> dict[str, Any]:
    """The delivery of a paid session of user_123."""
    return posted(till, completed(till.account.complete(till.sell())))


def outcome(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["statusCode"], json.loads(answer["body"])["outcome"]


def test_a_signed_purchase_is_credited(run: Run, till: Till) -> None:
    delivery = purchase(till)
    with run("webhook", **configured(till)) as webhook:
        assert outcome(webhook.invoke(delivery)) == (200, "recorded")
    assert till.ledger() == [("purchase", 1000, 1000)]


def test_a_warm_container_knows_a_duplicate(run: Run, till: Till) -> None:
    delivery = purchase(till)
    with run("webhook", **configured(till)) as webhook:
        webhook.invoke(delivery)
        assert outcome(webhook.invoke(delivery)) == (200, "duplicate")


def test_a_report_shows_what_was_bought(run: Run, till: Till) -> None:
    session_id = till.sell_paid()
    with run("reports", DATABASE_URL=till.database_url) as reports:
        answer = reports.invoke(
            {"report": "payments_for_user", "params": {"user_id": "user_123"}, "limit": 5}
        )
    assert [row["stripe_session_id"] for row in answer["rows"]] == [session_id]


def test_a_report_is_a_page_too(run: Run, till: Till) -> None:
    till.sell_paid()
    with run("reports", DATABASE_URL=till.database_url) as reports:
        page = reports.invoke({"report": "recent_payments", "format": "html"})["body"]
    assert "Recent payments: 1 row</caption>" in page


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


def test_its_log_lines_give_nothing_away(run: Run, till: Till, tmp_path: Path) -> None:
    delivery = purchase(till)
    with run("webhook", **configured(till)) as webhook:
        webhook.invoke(delivery)
        webhook.invoke({**delivery, "body": delivery["body"] + " "})
    log = (tmp_path / "log").read_text()
    assert "event recorded" in log
    assert betrayed(log) == []


@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_finds_all_that_it_imports(artefact: Artefact, name: str) -> None:
    imported = in_artefact(artefact, f"import handlers.{name} as it; print(it.__file__)")
    assert imported == str(artefact.folder / "handlers" / f"{name}.py")


@pytest.mark.parametrize("service", sorted(AWS_SERVICES))
def test_a_client_of_each_aws_service_can_be_made(artefact: Artefact, service: str) -> None:
    made = in_artefact(
        artefact,
        f"import boto3; it = boto3.client({service!r}, region_name='us-east-1');"
        "print(it.meta.service_model.service_name)",
    )
    assert made == service


def in_artefact(artefact: Artefact, program: str) -> str:
    """What a program prints that sees the artefact and the standard library only."""
    ran = subprocess.run(
        [artefact.interpreter, "-S", "-c", program],
        cwd=artefact.folder,
        env={"PYTHONPATH": str(artefact.folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()
