"""What happens to a user or a payment while an operation waits comes before it or after it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.integration.operators import ask, error_code, nobodys
from tests.integration.reports.truth import assert_reports_are_true, reported
from tests.till import Till, another_container

pytestmark = pytest.mark.usefixtures("sound_books")


@contextmanager
def at_work(till: Till) -> Iterator[psycopg.Connection[Any]]:
    """Somebody else's transaction, committed at the end of the block."""
    with psycopg.connect(till.database_url) as connection:
        yield connection


def begun(till: Till, pool: ThreadPoolExecutor, *args: Any, **words: Any) -> Future[dict[str, Any]]:
    """An operation that has come so far that it waits for a lock."""
    asked = pool.submit(ask, *args, **words)
    waiting = (
        "SELECT FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while not till.rows(waiting):
        assert not asked.done()
    return asked


# A purchase of ana's as one statement writes it; what of it waits depends on the operation.
BUYS = (
    "INSERT INTO payment_transactions (payment_id, user_id, stripe_session_id, package_id,"
    " package_name, tokens_purchased, amount_paid, amount_charged, payment_status,"
    " credits_granted, paid_at) VALUES ('pay_late', 'ana', 'cs_late', 'starter', 'Starter', 1000,"
    " 10, 10, 'paid', 1000, now())",
    "UPDATE users SET credits = credits + 1000, ledger_entries = ledger_entries + 1"
    " WHERE user_id = 'ana'",
    "INSERT INTO credit_ledger (entry_id, user_id, payment_id, delta, balance_after, reason,"
    " entry_number) SELECT 'entry_late', user_id, 'pay_late', 1000, credits, 'purchase',"
    " ledger_entries FROM users WHERE user_id = 'ana'",
)


def test_a_purchase_during_an_erasure_is_erased_too(till: Till) -> None:
    till.sell_paid("ana")
    with ThreadPoolExecutor(1) as pool:
        with at_work(till) as buyer:
            for statement in BUYS:
                buyer.execute(statement)
            erased = begun(till, pool, "erase_user", user_id="ana")
        assert erased.result()["payments"] == 2
    assert till.rows("SELECT FROM payment_transactions WHERE user_id = 'ana'") == []
    assert till.rows("SELECT credits FROM users") == [{"credits": 2000}]


def test_a_payment_resolved_during_an_erasure_is_erased_with_its_credits(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNKNOWN_USERS", "hold")
    till.sell_paid("ana")
    with ThreadPoolExecutor(1) as pool:
        with at_work(till) as resolver:
            resolver.execute(
                "UPDATE payment_transactions SET held_reason = NULL, credits_granted = 1000,"
                " revision = revision + 1"
            )
            resolver.execute(
                "INSERT INTO users (user_id, credits, ledger_entries) VALUES ('ana', 1000, 1)"
            )
            resolver.execute(
                "INSERT INTO credit_ledger (entry_id, user_id, payment_id, delta, balance_after,"
                " reason, entry_number) SELECT 'entry_1', 'ana', payment_id, 1000, 1000,"
                " 'purchase', 1 FROM payment_transactions"
            )
            erased = begun(till, pool, "erase_user", user_id="ana")
        assert erased.result()["payments"] == 1
    assert till.rows("SELECT FROM users WHERE user_id = 'ana'") == []


def test_who_is_erased_first_is_no_longer_there_to_be_adjusted(till: Till) -> None:
    till.sell_paid("ana")
    with ThreadPoolExecutor(1) as pool:
        with at_work(till) as eraser:
            eraser.execute("UPDATE payment_transactions SET user_id = 'erased_1'")
            eraser.execute("UPDATE users SET user_id = 'erased_1'")
            adjusted = begun(till, pool, "adjust_credits", user_id="ana", delta=5)
        assert error_code(adjusted.result()) == "unknown_user"
    assert (till.credits("erased_1"), till.credits("ana")) == (1000, 0)
    assert len(till.rows("SELECT FROM stripe_events WHERE source = 'operations'")) == 0


def test_an_adjustment_counts_what_was_written_while_it_waited(till: Till) -> None:
    till.sell_paid("ana")
    with ThreadPoolExecutor(1) as pool:
        with at_work(till) as buyer:
            for statement in BUYS:
                buyer.execute(statement)
            adjusted = begun(till, pool, "adjust_credits", user_id="ana", delta=5)
        assert adjusted.result()["balance"] == 2005


def test_a_payment_released_meanwhile_is_not_dismissed(till: Till) -> None:
    session_id, payment_id = nobodys(till)
    with ThreadPoolExecutor(1) as pool:
        with at_work(till) as resolver:
            resolver.execute(
                "UPDATE payment_transactions SET held_reason = NULL, user_id = 'ana',"
                " payment_status = 'canceled', paid_at = NULL, amount_paid = 0,"
                " revision = revision + 1"
            )
            dismissed = begun(till, pool, "dismiss_payment", payment_id=payment_id)
        assert error_code(dismissed.result()) == "not_held"
    assert till.payment(session_id)["dismissed"] is False


def test_a_payment_refunded_meanwhile_is_dismissed_as_it_is_then(till: Till) -> None:
    session_id, payment_id = nobodys(till)
    with ThreadPoolExecutor(1) as pool:
        with at_work(till) as refunder:
            refunder.execute(
                "UPDATE payment_transactions SET amount_refunded = 4, revision = revision + 1"
            )
            dismissed = begun(till, pool, "dismiss_payment", payment_id=payment_id)
        assert dismissed.result()["outcome"] == "recorded"
    assert str(till.payment(session_id)["amount_refunded"]) == "4.000"
    assert_reports_are_true(till)
    assert reported("rollup_audit") + reported("customers_audit") == []


def test_a_payment_is_resolved_and_then_dismissed_behind_the_operators_back(till: Till) -> None:
    """Stripe has answered the resolution when the payment is dismissed: it must ask again."""
    session_id, payment_id = nobodys(till)

    def dismiss(_method: str, _path: str) -> None:
        till.stripe.faults.before_answer = None
        with another_container():
            assert ask("dismiss_payment", "b", payment_id=payment_id)["outcome"] == "recorded"

    till.stripe.faults.before_answer = dismiss
    answer = ask("resolve_payment", "a", payment_id=payment_id, user_id="ana")
    assert error_code(answer) == "not_done"
    assert "somebody else has decided" in answer["error"]["message"]
    assert (till.count("users"), till.payment(session_id)["dismissed"]) == (0, True)
    assert error_code(ask("resolve_payment", "a", payment_id=payment_id, user_id="ana")) == (
        "not_held"
    )
