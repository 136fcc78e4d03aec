"""What each handler loads when it starts cold: what it uses, and none of what it does not."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"
HANDLERS = ("webhook", "reports", "reconcile", "operations", "migrate")

# boto3 costs as much as everything else together, and only secrets, IAM tokens and exports need it.
# Of Powertools only the logger, metrics and parameters are used; its tracer alone takes 300 ms.
NEVER = {
    "boto3",
    "botocore.session",
    "s3transfer",
    "aws_lambda_powertools.event_handler",
    "aws_xray_sdk",
    "aws_lambda_powertools.utilities.parameters",
    "aws_lambda_powertools.utilities.parser",
    "adapters.exports",
    "adapters.secrets",
}
# Stripe's client takes a third of a cold start; reports and migrations never speak to Stripe.
UNUSED = {
    "webhook": {"adapters.report_queries", "adapters.migrations", "operations", "reconcile"},
    "reports": {"stripe", "requests", "adapters.payments", "operations", "reconcile"},
    "reconcile": {"adapters.report_queries", "adapters.migrations", "operations"},
    "operations": {"adapters.report_queries", "reconcile"},
    "migrate": {"stripe", "requests", "adapters.payments", "operations", "reconcile", "reports"},
}
# Loaded while Lambda starts the function, and not while Stripe or an operator waits; a missing SQL
# file is noticed then too.
LOADED = {
    "webhook": {"stripe", "psycopg", "adapters.payments", "adapters.database_login"},
    "reports": {"psycopg", "adapters.report_queries"},
    "reconcile": {"stripe", "psycopg", "adapters.reconcile"},
    "operations": {"psycopg", "adapters.operations", "adapters.payments", "adapters.examination"},
    "migrate": {"psycopg", "adapters.migrations"},
}


@cache
def loaded(handler: str) -> frozenset[str]:
    """The modules that a process has which has only imported the handler."""
    program = f"import handlers.{handler}, json, sys; print(json.dumps(list(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    return frozenset(json.loads(ran.stdout))


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_handler_loads_nothing_that_it_does_not_use(handler: str) -> None:
    assert loaded(handler) & (NEVER | UNUSED[handler]) == set()


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_handler_loads_what_it_uses_before_the_first_event(handler: str) -> None:
    assert LOADED[handler] - loaded(handler) == set()


def test_every_handler_is_looked_at() -> None:
    entry_points = {
        path.stem
        for path in (SOURCE / "handlers").glob("*.py")
        if "\ndef handler(" in path.read_text("utf-8")
    }
    assert entry_points == set(HANDLERS)
