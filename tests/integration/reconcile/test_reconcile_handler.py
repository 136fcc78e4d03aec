"""What the handler answers, whoever calls it, and how the database is read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from adapters.reconcile import FIND_INCOMPLETE, FIND_PAID
from handlers import reconcile
from tests.integration.reconcile.past import Past

SCHEDULED = {
    "source": "aws.events",
    "detail-type": "Scheduled Event",
    "detail": {},
    "resources": ["arn:aws:events:us-east-1:123456789012:rule/reconcile"],
}


def test_a_scheduled_event_reconciles(past: Past) -> None:
    past.account.complete(past.till.sell())
    answer = reconcile.handler(SCHEDULED, None)
    assert (answer["finished"], answer["repairs_total"]) == (True, 1)


def test_an_answer_says_what_was_checked_and_up_to_when(past: Past) -> None:
    past.account.complete(past.till.sell())
    answer = past.reconcile()
    assert answer["checked"] == {"events": 2, "sessions": 1, "refunds": 0, "disputes": 0}
    assert set(answer["watermarks"]) == {"events", "sessions", "refunds", "disputes"}
    assert all(at.endswith("Z") for at in answer["watermarks"].values())
    assert (answer["error"], answer["stopped_because"], answer["since"]) == (None, None, None)


@pytest.mark.parametrize("request_", [[], {"since": "yesterday"}, {"dayz": 3}])
def test_a_mistake_is_answered_and_nothing_is_read(past: Past, request_: Any) -> None:
    assert reconcile.handler(request_, None)["error"]["code"] == "bad_request"
    assert past.till.stripe.requests == []


def test_a_broken_database_is_an_error_for_a_caller(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://postgres@127.0.0.1:1/nothing")
    assert past.reconcile()["error"]["code"] == "not_done"


def test_a_broken_database_fails_a_scheduled_run(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://postgres@127.0.0.1:1/nothing")
    with pytest.raises(reconcile.NotReconciled):
        reconcile.handler(SCHEDULED, None)


def test_a_schedule_that_is_gone_is_an_error_and_not_a_quiet_success(past: Past) -> None:
    past.till.execute("DELETE FROM reconcile_checkpoints")
    assert past.reconcile()["error"]["code"] == "not_done"


@pytest.fixture
def large(past: Past) -> Past:
    """A till with so many payments that reading all of them would not pay."""
    past.till.execute(
        "INSERT INTO payment_transactions (payment_id, user_id, stripe_session_id, package_id,"
        " package_name, tokens_purchased, amount_paid, payment_status, amount_charged,"
        " credits_granted, paid_at, created_at)"
        " SELECT 'pay_' || n, 'user_1', 'cs_' || n, 'starter', 'Starter', 1000, 10, 'paid', 10,"
        " 1000, at, at FROM generate_series(1, 5000) AS n,"
        " LATERAL (SELECT now() - make_interval(hours => n) AS at) AS made"
    )
    past.till.execute("ANALYZE payment_transactions")
    return past


def plan(past: Past, statement: str, parameters: dict[str, Any]) -> str:
    with psycopg.connect(past.till.database_url) as connection:
        rows = connection.execute(f"EXPLAIN {statement}", parameters).fetchall()
    return "\n".join(str(row[0]) for row in rows)


def days_ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


@pytest.mark.parametrize("after", [None, (days_ago(2), "pay_1")])
def test_incomplete_payments_are_found_by_their_own_index(
    large: Past, after: tuple[datetime, str] | None
) -> None:
    parameters = {
        "since": days_ago(60),
        "listed_from": days_ago(3),
        "after_at": after and after[0],
        "after_id": after and after[1],
    }
    assert "payment_transactions_incomplete" in plan(large, FIND_INCOMPLETE, parameters)


def test_paid_payments_are_found_by_their_own_index(large: Past) -> None:
    parameters = {"until": days_ago(4), "after_at": days_ago(5), "after_id": ""}
    assert "payment_transactions_by_paid_at" in plan(large, FIND_PAID, parameters)


def test_the_webhooks_role_may_do_what_reconcile_does(past: Past) -> None:
    with psycopg.connect(past.till.database_url) as connection:
        connection.execute("SET ROLE webhook_writer")
        connection.execute("SELECT count(*) FROM credit_ledger")
        connection.execute("UPDATE reconcile_checkpoints SET cursor = NULL")
        connection.execute("DELETE FROM reconcile_checkpoints WHERE run = 'no such run'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE credit_ledger SET delta = 1")
