"""Declined cards, canceled payment intents, delayed methods that fail: failed is not final, and
what was paid never becomes failed."""

import pytest

from tests.till import Till, completed, shuffled

pytestmark = pytest.mark.usefixtures("sound_books")

FAILED = "payment_intent.payment_failed"


def status(till: Till, session_id: str) -> str:
    return str(till.payment(session_id)["payment_status"])


def test_the_session_of_a_declined_card_is_found_through_stripe(till: Till) -> None:
    session_id = till.sell(customer_email="buyer@example.com")
    till.account.decline(session_id)
    event = till.latest(FAILED)
    assert event["data"]["object"]["metadata"] == {}
    till.deliver(event)
    payment = till.payment(session_id)
    assert (payment["payment_status"], payment["user_id"]) == ("failed", "user_123")
    assert (payment["package_id"], payment["payment_method"]) == ("starter", "card")
    assert payment["customer_email"] == "buyer@example.com"
    assert (payment["amount_paid"], payment["amount_charged"]) == (0, 10)
    assert payment["paid_at"] is None


def test_a_payment_without_a_checkout_session_is_ignored_and_remembered(till: Till) -> None:
    till.account.pay_outside_checkout(1000, metadata={"package_id": "starter"})
    event = till.latest("payment_intent.succeeded")
    assert till.deliver(event).outcome == "ignored"
    assert till.deliver(event).outcome == "duplicate"
    assert till.count("payment_transactions") == 0


def test_a_canceled_payment_intent_is_stored_as_canceled(till: Till) -> None:
    session_id = till.sell()
    till.account.decline(session_id)
    till.account.cancel_payment_intent(session_id)
    till.deliver(till.latest("payment_intent.canceled"))
    assert status(till, session_id) == "canceled"


def test_a_delayed_payment_that_is_canceled_is_stored_as_canceled(till: Till) -> None:
    session_id = till.sell()
    till.deliver(completed(till.account.complete_unpaid(session_id)))
    assert status(till, session_id) == "pending"
    till.account.cancel_payment_intent(session_id)
    till.deliver(till.latest("payment_intent.canceled"))
    assert status(till, session_id) == "canceled"


@pytest.mark.parametrize("event_type", [FAILED, "checkout.session.async_payment_failed"])
def test_either_event_of_a_delayed_payment_that_fails_is_enough(
    till: Till, event_type: str
) -> None:
    session_id = till.sell()
    till.deliver(completed(till.account.complete_unpaid(session_id)))
    till.account.async_fail(session_id)
    assert till.deliver(till.latest(event_type)).outcome == "recorded"
    assert status(till, session_id) == "failed"
    assert till.payment(session_id)["payment_method"] == "us_bank_account"


def test_a_delayed_payment_after_a_declined_card_is_pending(till: Till) -> None:
    session_id = till.sell()
    till.deliver_all(till.account.decline(session_id))
    till.deliver(completed(till.account.complete_unpaid(session_id)))
    assert status(till, session_id) == "pending"


def test_failed_is_not_final(till: Till) -> None:
    session_id = till.sell()
    for _ in range(2):
        till.deliver_all(till.account.decline(session_id))
        assert status(till, session_id) == "failed"
    till.deliver(completed(till.account.complete(session_id)))
    assert status(till, session_id) == "paid"
    assert till.ledger() == [("purchase", 1000, 1000)]


@pytest.mark.parametrize("seed", range(6))
def test_paid_never_becomes_failed_in_whatever_order_events_arrive(till: Till, seed: int) -> None:
    session_id = till.sell()
    till.account.decline(session_id)
    till.account.complete(session_id)
    for event in shuffled(till.account.events, seed):
        till.deliver(event)
        assert status(till, session_id) == "paid"
    assert till.ledger() == [("purchase", 1000, 1000)]


def test_a_late_failure_of_a_delayed_payment_that_was_retried_changes_nothing(till: Till) -> None:
    session_id = till.sell()
    till.account.decline(session_id)
    late = till.latest(FAILED)
    till.deliver(completed(till.account.complete_unpaid(session_id)))
    assert till.deliver(late).outcome == "unchanged"
    assert status(till, session_id) == "pending"
    till.deliver(completed(till.account.async_succeed(session_id)))
    assert till.credits() == 1000


def test_a_session_that_expires_after_a_declined_card_is_expired(till: Till) -> None:
    session_id = till.sell()
    till.account.decline(session_id)
    late = till.latest(FAILED)
    till.deliver(completed(till.account.expire(session_id)))
    assert status(till, session_id) == "expired"
    for event in (late, till.latest("payment_intent.canceled")):
        assert till.deliver(event).outcome == "unchanged"
    assert status(till, session_id) == "expired"


def test_a_failure_makes_no_ledger_entry_and_leaves_the_balance(till: Till) -> None:
    till.sell_paid()
    till.deliver_all(till.account.decline(till.sell()))
    assert till.ledger() == [("purchase", 1000, 1000)]
