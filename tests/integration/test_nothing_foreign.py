"""The texts of foreign errors quote rows, passwords and addresses. Whatever fails, and whoever
asked: none is in an answer, in what is logged, or in what is raised, as Python would print it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

import handlers.cloudformation as cloudformation_protocol
from handlers import migrate, operations, reconcile, reports, webhook
from handlers.app import app
from handlers.cloudformation import deliver
from tests.integration.deploy.cloudformation import cloudformation
from tests.integration.forms import message
from tests.integration.reports.http import BROWSER
from tests.integration.said import Said, listening
from tests.till import Till, completed, http_event

USER, EMAIL, PASSWORD = "user_canary", "canary@example.com", "hush1234"
PROJECT = Path(__file__).resolve().parents[2]

Invoke = Callable[[], Any]


class Context:
    """Lambda's, of an invocation with time enough."""

    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:till"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


@pytest.fixture
def said() -> Iterator[Said]:
    with listening() as heard:
        yield heard


def betrayed(text: str) -> list[str]:
    return [canary for canary in (USER, EMAIL, PASSWORD) if canary in text]


# Every way in which a purchase gets to the database.


def over_http(till: Till, event: dict[str, Any], **form: Any) -> Any:
    delivery = till.account.delivery(event, **form)
    return webhook.handler(http_event(delivery.body.decode(), dict(delivery.headers)), None)


def by_queue(till: Till, event: dict[str, Any], form: Any) -> Any:
    payload = till.account.delivery(event, form=form).payload
    return webhook.handler({"Records": [message(payload)]}, None)


DELIVERED: dict[str, Callable[[Till, dict[str, Any]], Any]] = {
    "snapshot": over_http,
    "thin": lambda till, event: over_http(till, event, form="thin"),
    "EventBridge": lambda till, event: till.deliver_by_bus(event),
    "thin by EventBridge": lambda till, event: till.deliver_by_bus(event, "eventbridge-thin"),
    "SQS": lambda till, event: by_queue(till, event, "eventbridge"),
    "thin by SQS": lambda till, event: by_queue(till, event, "eventbridge-thin"),
    "reconcile": lambda *_: reconcile.handler({"days": 1}, Context()),
    "reconcile, dry": lambda *_: reconcile.handler({"days": 1, "dry_run": True}, None),
    "reconcile, by schedule": lambda *_: reconcile.handler(
        {"source": "aws.scheduler", "time": "2026-11-25T00:00:00Z"}, Context()
    ),
    "a proof": lambda *_: reconcile.handler({"prove": True, "days": 1}, Context()),
}
# What makes Postgres refuse a row, or a statement on it, and quote what is in it.
REFUSALS = {
    "a constraint": "ALTER TABLE payment_transactions ADD CHECK (user_id <> '{user}')",
    "a unique index": "CREATE UNIQUE INDEX only_one ON payment_transactions (customer_email)",
    "a trigger": "CREATE TRIGGER quotes BEFORE INSERT ON payment_transactions"
    " FOR EACH ROW EXECUTE FUNCTION quotes()",
}


@pytest.fixture
def quoting(till: Till) -> Callable[[str], None]:
    """Makes the database refuse the purchases of the canary."""

    def quoting(refusal: str) -> None:
        till.execute(
            "CREATE FUNCTION quotes() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no %% of %%', NEW.user_id, NEW.customer_email; END $$"
        )
        till.execute(REFUSALS[refusal].format(user=USER))

    return quoting


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_row_that_the_database_refuses_is_quoted_nowhere(
    till: Till, said: Said, quoting: Callable[[str], None], refusal: str
) -> None:
    till.sell_paid("user_1", customer_email=EMAIL)
    quoting(refusal)
    event = completed(till.account.complete(till.sell(USER, customer_email=EMAIL)))
    for name, delivered in DELIVERED.items():
        answer = said.answer(lambda delivered=delivered: delivered(till, event))
        assert till.credits(USER) == 0, name
        assert betrayed(answer + said.text) == [], name


@pytest.mark.parametrize(
    "request_",
    [
        {"operation": "adjust_credits", "user_id": USER, "delta": 5},
        {"operation": "erase_user", "user_id": USER},
    ],
    ids=lambda request: request["operation"],
)
def test_an_operation_that_the_database_refuses_quotes_nothing(
    till: Till, said: Said, request_: dict[str, Any]
) -> None:
    till.sell_paid(USER, customer_email=EMAIL)
    for table in ("credit_ledger", "payment_transactions", "users"):
        till.execute(f"ALTER TABLE {table} ADD CHECK (user_id = '{USER}' AND false) NOT VALID")
    signed = {"actor": EMAIL, "request_id": "1", "note": EMAIL}
    answer = said.answer(lambda: operations.handler(request_ | signed, None))
    assert betrayed(answer + said.text) == []
    assert "not_possible" in answer


# Every function, with a database URL that cannot be read as it was meant.


def deployment() -> Any:
    with cloudformation() as stack:
        migrate.handler(stack.request("Create"), Context())
        return stack.answers


def asked(**params: Any) -> dict[str, Any]:
    return {"report": "payments_for_user", "params": {"user_id": "u"}, **params}


def report_over_http(accept: str) -> Any:
    context = {"http": {"method": "GET", "path": "/reports/total_revenue"}}
    return reports.handler(
        {
            "rawPath": "/reports/total_revenue",
            "headers": {"accept": accept},
            "requestContext": context,
        },
        Context(),
    )


def widget() -> Any:
    call = {"report": "total_revenue", "widgetContext": {"params": {}}}
    return reports.handler(call, Context())


SIGNED = {"actor": "a", "request_id": "1"}
ASKED: dict[str, Invoke] = {
    "a report": lambda: reports.handler(asked(), None),
    "an export": lambda: reports.handler(asked(export=True), None),
    "a report as JSON over HTTP": lambda: report_over_http("application/json"),
    "a report as a page": lambda: report_over_http(BROWSER),
    "a report as CSV": lambda: report_over_http("text/csv"),
    "a dashboard": widget,
    "an adjustment": lambda: operations.handler(
        {"operation": "adjust_credits", "user_id": "u", "delta": 1, **SIGNED}, None
    ),
    "a resolution": lambda: operations.handler(
        {"operation": "resolve_payment", "payment_id": "p", **SIGNED}, None
    ),
    "a replay": lambda: operations.handler(
        {"operation": "replay_event", "event_id": "evt_1", **SIGNED}, None
    ),
    "the doctor": lambda: operations.handler({"operation": "doctor"}, None),
    "migrations": lambda: migrate.handler({}, None),
    "a deployment": deployment,
}
BAD_URLS = {
    "an @ in it": f"postgresql://till:p@{PASSWORD}@127.0.0.1:1/till",
    "a slash in it": f"postgresql://till:p/{PASSWORD}@127.0.0.1:1/till",
    "a percent sign in it": f"postgresql://till:p%{PASSWORD}@127.0.0.1:1/till",
    "a hash in it": f"postgresql://till:p#{PASSWORD}@127.0.0.1:1/till",
    "a colon in it": f"postgresql://till:p:{PASSWORD}@127.0.0.1:1/till",
    "a bracket in it": f"postgresql://till:p@[{PASSWORD}@127.0.0.1:1/till",
    "a question mark in it": f"postgresql://till:p?{PASSWORD}@127.0.0.1:1/till",
    "spaces": f"host=127.0.0.1 port=1 password=p {PASSWORD}",
    "no URL": PASSWORD,
    "nobody there": f"postgresql://till:{PASSWORD}@127.0.0.1:1/till",
    "less than verify-full": f"postgresql://till:{PASSWORD}@db.test/till?sslmode=off",
}


@pytest.fixture
def bad_url(
    request: pytest.FixtureRequest, till: Till, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    monkeypatch.setenv("DATABASE_URL", request.param)
    monkeypatch.setenv("REPORTS_EXPORT_BUCKET", "exports")
    yield
    app.close()


every_bad_url = pytest.mark.parametrize(
    "bad_url", BAD_URLS.values(), ids=list(BAD_URLS), indirect=True
)


@every_bad_url
@pytest.mark.usefixtures("bad_url")
def test_a_password_that_breaks_its_url_is_quoted_by_no_function(said: Said) -> None:
    for name, invoke in ASKED.items():
        assert betrayed(said.answer(invoke) + said.text) == [], name


@every_bad_url
@pytest.mark.usefixtures("bad_url")
def test_a_password_that_breaks_its_url_is_quoted_by_no_delivery(till: Till, said: Said) -> None:
    event = completed(till.account.complete(till.sell()))
    for name, delivered in DELIVERED.items():
        answer = said.answer(lambda delivered=delivered: delivered(till, event))
        assert betrayed(answer + said.text) == [], name


# Reports and migrations, on a database that quotes.


def test_a_report_that_fails_on_a_row_quotes_nothing(till: Till, said: Said) -> None:
    till.sell_paid(USER, customer_email=EMAIL)
    till.execute(
        "CREATE FUNCTION quotes(who text) RETURNS boolean LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no rows of %%', who; END $$"
    )
    till.execute("CREATE POLICY quotes ON payment_transactions USING (quotes(user_id))")
    till.execute("ALTER TABLE payment_transactions ENABLE ROW LEVEL SECURITY")
    invoke = lambda: reports.handler({"report": "recent_payments"}, None)  # noqa: E731
    answer = said.answer(invoke)
    assert "report_failed" in answer
    assert betrayed(answer + said.text) == []


@pytest.mark.parametrize("invoke", [lambda: migrate.handler({}, None), deployment])
def test_a_migration_that_fails_names_itself_and_quotes_no_value(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch, said: Said, invoke: Invoke
) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(
            "CREATE FUNCTION quotes() RETURNS event_trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'there is % already', '{EMAIL}'; END $$"
        )
        connection.execute(
            "CREATE EVENT TRIGGER quotes ON ddl_command_end"
            " WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION quotes()"
        )
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    answer = said.answer(invoke)
    app.close()
    assert betrayed(answer + said.text) == []
    assert "RaiseException (P0001) in 0001_payments_and_credits" in answer


# As containers that start: each function before the others have read the environment.
STARTS = """
import importlib, os, traceback
for function in ("webhook", "reports", "reconcile", "operations", "migrate"):
    if os.fork() == 0:
        try:
            print(importlib.import_module(f"handlers.{function}").handler({"headers": {}}, None))
        except Exception:
            traceback.print_exc()
        print(f"{function} was asked", flush=True)
        os._exit(0)
    os.wait()
"""


def test_a_secret_in_the_wrong_variable_is_quoted_by_no_function_that_starts() -> None:
    wrong = dict.fromkeys(("STRIPE_LIVEMODE", "UNKNOWN_USERS", "DATABASE_IAM_AUTH"), PASSWORD)
    started = subprocess.run(
        [sys.executable, "-c", STARTS],
        env={**os.environ, **wrong, "PYTHONPATH": str(PROJECT / "src")},
        capture_output=True,
        check=False,
        text=True,
    )
    assert started.stdout.count(" was asked\n") == 5
    assert betrayed(started.stdout + started.stderr) == []


@pytest.mark.parametrize(
    "address", [f"http://[{PASSWORD}", f"{PASSWORD}://x", f"http://127.0.0.1:1/{PASSWORD} x"]
)
def test_the_signed_address_of_a_deployment_is_quoted_nowhere(
    said: Said, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloudformation_protocol, "PAUSE_SECONDS", 0.0)
    answer = said.answer(lambda: deliver(address, {}))
    assert "NotDelivered" in answer
    assert betrayed(answer + said.text) == []
