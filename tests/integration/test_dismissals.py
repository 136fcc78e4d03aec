"""Held payments that are no sale of ours: they leave the queue and every revenue."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.integration.operators import ask, error_code, nobodys
from tests.integration.reports.truth import assert_reports_are_true, fold, reported
from tests.till import Till

pytestmark = pytest.mark.usefixtures("sound_books")

MUG: dict[str, Any] = {"line_items": [(4500, 1)], "metadata": {"package_id": "gold"}}
HELD: dict[str, dict[str, Any]] = {
    "no_user": {"user_id": None},
    "unknown_package": MUG,
    "package_mismatch": {"metadata": {"package_id": "professional"}},
    "amount_mismatch": {"line_items": [(4500, 1)], "metadata": {"package_id": "starter"}},
    "in euros": {**MUG, "currency": "eur"},
}
REVENUES = (
    "SELECT SUM(amount_paid) as total_revenue FROM payment_transactions"
    " WHERE payment_status = 'paid'",
    "SELECT package_name, COUNT(*) as count, SUM(amount_paid) as revenue"
    " FROM payment_transactions WHERE payment_status = 'paid' GROUP BY package_name",
    "SELECT pt.*, u.user_id FROM payment_transactions pt JOIN users u ON pt.user_id = u.user_id"
    " WHERE payment_status = 'paid' ORDER BY created_at DESC LIMIT 100",
    "SELECT sum(amount_paid) FROM payment_transactions",
)


@pytest.fixture(params=HELD)
def session_id(request: pytest.FixtureRequest, till: Till) -> str:
    """A session that is held, for each reason."""
    made = till.sell_paid(**HELD[request.param])
    assert till.payment(made)["held_reason"] is not None
    return made


def payment_id(till: Till, session_id: str) -> str:
    return str(till.payment(session_id)["payment_id"])


def test_a_dismissed_payment_counts_for_nothing_and_keeps_what_was_charged(
    till: Till, session_id: str
) -> None:
    before = till.payment(session_id)
    answer = ask("dismiss_payment", payment_id=before["payment_id"])
    assert answer == {
        "operation": "dismiss_payment",
        "request_id": "req_1",
        "outcome": "recorded",
        "payment_id": before["payment_id"],
    }
    after = till.payment(session_id)
    assert after == before | {
        "payment_status": "canceled",
        "held_reason": None,
        "paid_at": None,
        "amount_paid": 0,
        "credits_granted": 0,
        "dismissed": True,
        "revision": before["revision"] + 1,
        "updated_at": after["updated_at"],
    }


def test_a_dismissed_payment_is_in_no_revenue(till: Till) -> None:
    sold = till.sell_paid("user_9")
    without = [till.rows(query) for query in REVENUES]
    for reason, session in HELD.items():
        dismissed = payment_id(till, till.sell_paid(**session))
        ask("dismiss_payment", reason, payment_id=dismissed)
    assert [till.rows(query) for query in REVENUES] == without
    assert till.payment(sold)["amount_paid"] == 10


@pytest.mark.parametrize("refunded_minor", [None, 100])
def test_the_summaries_are_true_and_the_queue_is_empty(
    till: Till, refunded_minor: int | None
) -> None:
    till.sell_paid("user_9")
    for reason, session in HELD.items():
        session_id = till.sell_paid(**session)
        if refunded_minor:
            till.account.refund(session_id, refunded_minor)
            till.deliver(till.latest("refund.created"))
        ask("dismiss_payment", reason, payment_id=payment_id(till, session_id))
    assert_reports_are_true(till)
    assert reported("held_payments") == []
    assert reported("refunds_and_disputes") == []
    assert reported("rollup_audit") + reported("customers_audit") == []


def test_a_payment_that_the_totals_have_is_dismissed_too(till: Till) -> None:
    _, held = nobodys(till)
    fold(till)
    ask("dismiss_payment", payment_id=held)
    assert_reports_are_true(till)
    assert reported("rollup_audit") == []


def test_it_is_remembered_who_dismissed_a_payment_and_why(till: Till) -> None:
    session_id, held = nobodys(till)
    ask("dismiss_payment", payment_id=held)
    remembered = till.rows("SELECT * FROM stripe_events WHERE event_id = 'operation:req_1'")[0]
    del remembered["received_at"]
    assert remembered == {
        "event_id": "operation:req_1",
        "event_type": "operation.dismiss_payment",
        "api_version": None,
        "object_id": session_id,
        "event_created": None,
        "source": "operations",
        "outcome": "recorded",
        "payment_id": held,
        "request": {"payment_id": held},
        "actor": "olga",
        "note": "a ticket",
    }


def test_a_payment_is_dismissed_once(till: Till) -> None:
    session_id, held = nobodys(till)
    ask("dismiss_payment", payment_id=held)
    before = till.payment(session_id)
    assert ask("dismiss_payment", payment_id=held)["outcome"] == "duplicate"
    assert error_code(ask("dismiss_payment", "req_2", payment_id=held)) == "not_held"
    assert till.payment(session_id) == before


def test_a_dismissed_payment_is_not_resolved(till: Till) -> None:
    _, held = nobodys(till)
    ask("dismiss_payment", payment_id=held)
    answer = ask("resolve_payment", "req_2", payment_id=held, user_id="user_9")
    assert (error_code(answer), till.count("users")) == ("not_held", 0)


def paid(till: Till) -> str:
    return till.sell_paid()


def pending(till: Till) -> str:
    session_id = till.sell()
    till.deliver_all(till.account.complete_unpaid(session_id))
    return session_id


def failed(till: Till) -> str:
    session_id = till.sell()
    till.deliver_all(till.account.decline(session_id))
    return session_id


def refunded(till: Till) -> str:
    session_id = till.sell_paid()
    till.account.refund(session_id)
    till.deliver(till.latest("refund.created"))
    return session_id


def resolved(till: Till) -> str:
    session_id, held = nobodys(till)
    ask("resolve_payment", "earlier", payment_id=held, user_id="user_9")
    return session_id


@pytest.mark.parametrize("made", [paid, pending, failed, refunded, resolved])
def test_only_a_held_payment_is_dismissed(till: Till, made: Callable[[Till], str]) -> None:
    session_id = made(till)
    before = till.payment(session_id)
    answer = ask("dismiss_payment", payment_id=before["payment_id"])
    assert error_code(answer) == "not_held"
    assert till.payment(session_id) == before


def test_a_payment_that_is_not_there_is_not_dismissed(till: Till) -> None:
    assert error_code(ask("dismiss_payment", payment_id="pay_none")) == "unknown_payment"
    assert till.count("stripe_events") == 0


@pytest.mark.parametrize("column", ["amount_paid = 10", "payment_status = 'failed'"])
def test_the_database_lets_a_dismissed_payment_count_for_nothing(till: Till, column: str) -> None:
    _, held = nobodys(till)
    ask("dismiss_payment", payment_id=held)
    with pytest.raises(psycopg.errors.CheckViolation):
        till.execute(f"UPDATE payment_transactions SET {column}")
