"""The rules that the database itself carries: what breaks them cannot be written."""

from typing import Any

import psycopg
import pytest

from tests.till import Till, completed

ROLE_OF_WEBHOOK = "webhook_writer"


@pytest.fixture
def paid(till: Till) -> Till:
    """A till with one paid payment of user_123."""
    till.deliver(completed(till.account.complete(till.sell())))
    return till


REFUSED: dict[str, str] = {
    "more credits than were sold": "UPDATE payment_transactions SET credits_granted = 1001",
    "fewer credits than were paid for": "UPDATE payment_transactions SET credits_granted = 999",
    "credits for refunded money": "UPDATE payment_transactions SET amount_refunded = 5",
    "credits while held": "UPDATE payment_transactions SET held_reason = 'no_user'",
    "an unknown held reason": "UPDATE payment_transactions SET held_reason = 'mood'",
    "an unknown status": "UPDATE payment_transactions SET payment_status = 'ok'",
    "an unpaid payment with credits": "UPDATE payment_transactions SET payment_status = 'failed'",
    "a paid payment without a time": "UPDATE payment_transactions SET paid_at = NULL",
    "a paid payment without a user": "UPDATE payment_transactions SET user_id = NULL",
    "a paid payment without a package": "UPDATE payment_transactions SET package_id = NULL",
    "a negative amount": "UPDATE payment_transactions SET amount_paid = -1",
    "a currency in capitals": "UPDATE payment_transactions SET currency = 'USD'",
    "a session paid twice": "INSERT INTO payment_transactions (payment_id, stripe_session_id,"
    " payment_status, amount_charged) SELECT 'pay_2', stripe_session_id, 'pending', 0"
    " FROM payment_transactions",
    "an entry of nobody": "INSERT INTO credit_ledger (entry_id, user_id, actor, delta,"
    " balance_after, reason, entry_number) VALUES ('e', 'nobody', 'ops', 1, 1, 'adjustment', 1)",
    "an entry without payment or actor": "INSERT INTO credit_ledger (entry_id, user_id, delta,"
    " balance_after, reason, entry_number) VALUES ('e', 'user_123', 1, 1, 'adjustment', 2)",
    "an entry of nothing": "UPDATE credit_ledger SET delta = 0",
    "two entries of one number": "INSERT INTO credit_ledger (entry_id, user_id, actor, delta,"
    " balance_after, reason, entry_number) VALUES ('e', 'user_123', 'ops', 1, 1, 'adjustment', 1)",
    "a second till": "INSERT INTO till (installed_at) VALUES (now())",
    "a price that is null": "UPDATE packages SET stripe_price_ids = '{price_1,NULL}'",
    "a price without a name": "UPDATE packages SET stripe_price_ids = '{price_1,\"\"}'",
    "prices in two dimensions": "UPDATE packages SET stripe_price_ids = '{{price_1},{price_2}}'",
    "a package in a currency in capitals": "UPDATE packages SET currency = 'EUR'",
    "a package without tokens": "UPDATE packages SET tokens = 0",
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=list(REFUSED))
def test_the_database_refuses(paid: Till, statement: str) -> None:
    with pytest.raises(psycopg.errors.IntegrityError):
        paid.execute(statement)


FORBIDDEN = (
    "UPDATE credit_ledger SET delta = 5",
    "DELETE FROM credit_ledger",
    "TRUNCATE credit_ledger",
    "DELETE FROM payment_transactions",
    "DELETE FROM users",
    "UPDATE stripe_events SET outcome = 'ignored'",
    "UPDATE packages SET tokens = 7",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_webhook_cannot_change_the_past(paid: Till, statement: str) -> None:
    with psycopg.connect(paid.database_url) as connection:
        connection.execute(f"SET ROLE {ROLE_OF_WEBHOOK}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_the_webhook_can_do_its_work_under_its_own_role(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = till.sell()
    events: list[dict[str, Any]] = till.account.complete(session_id)
    separator = "&" if "?" in till.database_url else "?"
    monkeypatch.setenv(
        "DATABASE_URL", f"{till.database_url}{separator}options=-c%20role%3D{ROLE_OF_WEBHOOK}"
    )
    assert till.deliver(completed(events)).outcome == "recorded"
    refund = till.account.refund(session_id, 500)
    assert refund["object"] == "refund"
    assert till.deliver(till.account.events[-1]).outcome == "recorded"
    assert till.credits() == 500


def test_five_thousandths_of_a_dinar_are_kept(till: Till) -> None:
    till.execute(
        "INSERT INTO payment_transactions (payment_id, stripe_session_id, currency,"
        " payment_status, amount_charged) VALUES ('pay_1', 'cs_1', 'kwd', 'pending', 5.125)"
    )
    assert str(till.payment("cs_1")["amount_charged"]) == "5.125"
