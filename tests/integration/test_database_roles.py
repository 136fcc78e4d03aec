"""What each database role can do, its function's whole work, and what it cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from adapters.migrations import Migrated, Migration, migrations_on_disk
from handlers import operations, reconcile, reports
from tests.integration.reconcile.past import Past, open_past
from tests.integration.roles import apply, as_role, role_of
from tests.till import Till, completed


@pytest.fixture
def past(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Past]:
    with open_past(database_url, monkeypatch) as opened:
        yield opened


def test_the_webhook_does_its_whole_work_as_webhook_writer(till: Till) -> None:
    with role_of(till, "webhook_writer"):
        session_id = till.sell_paid()
        till.account.refund(session_id, 400)
        till.deliver(till.latest("refund.created"))
        till.account.dispute(session_id, 100)
        till.deliver(till.latest("charge.dispute.created"))
        ignored = till.account.complete(till.sell(None, line_items=[(100, 1)]))
        assert till.deliver(completed(ignored)).outcome == "ignored"
    assert [entry[0] for entry in till.ledger()] == ["purchase", "refund", "dispute"]


def test_reconcile_does_its_whole_work_as_webhook_writer(past: Past) -> None:
    past.at(days_ago=2)
    past.account.complete(past.till.sell())
    with role_of(past.till, "webhook_writer"):
        backfill = reconcile.handler({"days": 3}, None)
        scheduled = reconcile.handler({}, None)
        proof = reconcile.handler({"prove": True, "days": 3}, None)
    assert (backfill["error"], scheduled["error"], proof.get("error")) == (None, None, None)
    assert past.till.credits() == 1000


def test_every_report_can_be_read_as_report_reader(till: Till) -> None:
    till.sell_paid()
    with role_of(till, "report_reader"):
        catalogue = answered({})["reports"]
        for report in catalogue:
            answered({"report": report["name"], "params": example(report)})
    assert catalogue


def answered(call: dict[str, Any]) -> dict[str, Any]:
    answer = reports.handler(call, None)
    assert isinstance(answer, dict)
    assert "error" not in answer, (call, answer)
    return answer


def example(report: dict[str, Any]) -> dict[str, str]:
    """A value for each parameter that must be given."""
    return {each["name"]: "user_123" for each in report["params"] if each.get("required")}


def asked(operation: str, **fields: Any) -> str:
    """The outcome of an operation, under a request id of its own."""
    request = {"operation": operation, "actor": "olga", "request_id": operation, **fields}
    return str(operations.handler(request, None).get("outcome"))


def test_operations_do_their_whole_work_as_operator(till: Till) -> None:
    held, unwanted, nobodys = (
        till.payment(till.sell_paid(user_id=None))["payment_id"] for _ in range(3)
    )
    missed = completed(till.account.complete(till.sell("user_9")))
    mistaken = till.payment(till.sell_paid("user_6"))["payment_id"]
    with role_of(till, "operator"):
        outcomes = [
            asked("resolve_payment", payment_id=held, user_id="user_7"),
            asked("move_payment", payment_id=mistaken, user_id="user_7"),
            asked("adjust_credits", user_id="user_7", delta=-10),
            asked("grant_credits", user_id="user_7", amount=10),
            asked("spend_credits", user_id="user_7", amount=10),
            asked("replay_event", event_id=missed["id"]),
            asked("erase_user", user_id="user_7"),
            asked("dismiss_payment", payment_id=unwanted),
            asked("erase_user", payment_id=nobodys, request_id="another"),
        ]
    assert outcomes == ["recorded"] * len(outcomes)


def test_a_later_migration_is_applied_as_migrator(till: Till) -> None:
    script = (
        "CREATE TABLE vouchers (voucher_id text PRIMARY KEY, payment_id text"
        " REFERENCES payment_transactions);"
        "ALTER TABLE users ADD COLUMN nickname text;"
        "GRANT SELECT ON vouchers TO report_reader;"
    )
    later = Migration("9999_vouchers", script, hashlib.sha256(script.encode()).hexdigest())
    done = apply(as_role(till.database_url, "migrator"), [*migrations_on_disk(), later])
    assert isinstance(done, Migrated)
    assert done.applied == ("9999_vouchers",)


FORBIDDEN = {
    "webhook_writer": (
        "DELETE FROM payment_transactions",
        "TRUNCATE payment_transactions CASCADE",
        "DELETE FROM users",
        "UPDATE credit_ledger SET delta = 1",
        "DELETE FROM credit_ledger",
        "TRUNCATE credit_ledger",
        "UPDATE stripe_events SET outcome = 'ignored'",
        "DELETE FROM stripe_events",
        "INSERT INTO credit_requests (request_id, kind) VALUES ('mine', 'operation')",
        "SELECT spend_credits('user_1', 1, 'mine')",
        "UPDATE packages SET tokens = 1000000",
        "UPDATE schema_migrations SET checksum = ''",
        "ALTER TABLE credit_ledger DISABLE TRIGGER ALL",
    ),
    "operator": (
        "DELETE FROM payment_transactions",
        "DELETE FROM users",
        "UPDATE credit_ledger SET delta = 1",
        "DELETE FROM credit_ledger",
        "UPDATE stripe_events SET outcome = 'ignored'",
        "DELETE FROM stripe_events",
        "DELETE FROM packages",
        "DELETE FROM reconcile_checkpoints",
        "UPDATE schema_migrations SET checksum = ''",
        "UPDATE credit_requests SET amount = 1",
        "UPDATE credit_requests SET request_id = 'another'",
        "DELETE FROM credit_requests",
    ),
    "report_reader": (
        "INSERT INTO users (user_id) VALUES ('user_1')",
        "UPDATE users SET credits = 1000000",
        "DELETE FROM folded_payment_totals",
        "INSERT INTO packages VALUES ('gold', 'Gold', 1, 1)",
        "SELECT FROM users FOR UPDATE",
    ),
}
FORBIDDEN_TO_ALL = (
    "CREATE TABLE mine (n int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "ALTER TABLE users DROP COLUMN credits",
    "DROP TABLE credit_ledger",
    "COPY users TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/passwd')",
)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (role, statement)
        for role, own in FORBIDDEN.items()
        for statement in (*own, *FORBIDDEN_TO_ALL)
    ],
)
def test_a_role_cannot_do_what_is_not_its_work(till: Till, role: str, statement: str) -> None:
    with (
        psycopg.connect(as_role(till.database_url, role)) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


@pytest.mark.parametrize("table", ["credit_ledger", "payment_transactions", "users"])
def test_nobody_else_is_let_in(till: Till, table: str) -> None:
    with psycopg.connect(till.database_url) as connection:
        connection.execute("SET LOCAL ROLE pg_monitor")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(f"SELECT FROM {table}".encode())
