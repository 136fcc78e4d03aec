"""Purchases from Stripe's events to the balance, through the real handler and a real Postgres."""

import pytest

from tests.till import Till, completed


def test_a_paid_purchase_credits_the_user_and_stores_the_payment(till: Till) -> None:
    session_id = till.sell()
    answer = till.deliver(completed(till.account.complete(session_id)))
    payment = till.payment(session_id)
    assert answer.status_code == 200
    assert answer.body == {
        "outcome": "recorded",
        "event_id": answer.body["event_id"],
        "payment_id": payment["payment_id"],
    }
    assert till.credits() == 1000
    assert till.ledger() == [("purchase", 1000, 1000)]


def test_the_row_of_a_paid_purchase_says_everything_that_stripe_knows(till: Till) -> None:
    session_id = till.sell(customer_email="buyer@example.com", quantity=2)
    till.deliver(completed(till.account.complete(session_id)))
    payment = till.payment(session_id)
    assert (payment["package_id"], payment["package_name"]) == ("starter", "Starter")
    assert payment["tokens_purchased"] == payment["credits_granted"] == 2000
    assert str(payment["amount_paid"]) == "20.00"
    assert (payment["currency"], payment["payment_method"]) == ("usd", "card")
    assert payment["customer_email"] == "buyer@example.com"
    assert payment["stripe_payment_intent_id"].startswith("pi_")
    assert payment["enriched"] is True
    assert payment["paid_at"] is not None


def test_the_same_event_again_is_a_duplicate_and_stripe_is_not_asked(till: Till) -> None:
    event = completed(till.account.complete(till.sell()))
    first = till.deliver(event)
    asked = len(till.stripe.requests)
    again = till.deliver(event)
    assert again.body == {**first.body, "outcome": "duplicate"}
    assert till.credits() == 1000
    assert len(till.stripe.requests) == asked


def test_an_event_that_changes_nothing_is_unchanged_and_raises_the_revision(till: Till) -> None:
    session_id = till.sell()
    declined = till.account.decline(session_id)
    till.deliver(completed(till.account.complete(session_id)))
    (late,) = [event for event in declined if event["type"] == "payment_intent.payment_failed"]
    assert till.deliver(late).outcome == "unchanged"
    assert till.payment(session_id)["revision"] == 2
    assert till.credits() == 1000


def test_a_delayed_payment_is_pending_until_it_succeeds(till: Till) -> None:
    session_id = till.sell()
    till.deliver(completed(till.account.complete_unpaid(session_id)))
    assert till.payment(session_id)["payment_status"] == "pending"
    assert till.credits() == 0
    till.deliver(completed(till.account.async_succeed(session_id)))
    assert till.payment(session_id)["payment_status"] == "paid"
    assert till.credits() == 1000


def test_a_delayed_payment_that_fails_is_stored_as_failed(till: Till) -> None:
    session_id = till.sell()
    till.deliver(completed(till.account.complete_unpaid(session_id)))
    till.deliver(completed(till.account.async_fail(session_id)))
    payment = till.payment(session_id)
    assert (payment["payment_status"], payment["credits_granted"]) == ("failed", 0)
    assert str(payment["amount_paid"]) == "0.00"


def test_a_delayed_success_that_overtakes_the_completion_credits_once(till: Till) -> None:
    session_id = till.sell()
    unpaid = completed(till.account.complete_unpaid(session_id))
    succeeded = completed(till.account.async_succeed(session_id))
    assert [answer.outcome for answer in till.deliver_all([succeeded, unpaid])] == [
        "recorded",
        "unchanged",
    ]
    assert till.ledger() == [("purchase", 1000, 1000)]


def test_a_declined_card_is_stored_as_failed_though_its_event_names_no_session(till: Till) -> None:
    session_id = till.sell()
    events = till.account.decline(session_id)
    (failed,) = [event for event in events if event["type"] == "payment_intent.payment_failed"]
    assert till.deliver(failed).outcome == "recorded"
    payment = till.payment(session_id)
    assert (payment["payment_status"], payment["user_id"]) == ("failed", "user_123")
    assert till.credits() == 0


def test_a_declined_card_that_succeeds_on_retry_is_paid_in_the_same_row(till: Till) -> None:
    session_id = till.sell()
    till.deliver_all(till.account.decline(session_id))
    till.deliver_all(till.account.complete(session_id))
    assert till.payment(session_id)["payment_status"] == "paid"
    assert till.count("payment_transactions") == 1
    assert till.credits() == 1000


def test_an_expired_session_is_stored_as_expired(till: Till) -> None:
    session_id = till.sell()
    till.deliver(completed(till.account.expire(session_id)))
    payment = till.payment(session_id)
    assert (payment["payment_status"], payment["paid_at"]) == ("expired", None)


def test_two_purchases_of_one_user_add_up(till: Till) -> None:
    for _ in range(2):
        till.deliver(completed(till.account.complete(till.sell())))
    assert till.ledger() == [("purchase", 1000, 1000), ("purchase", 1000, 2000)]


def test_a_session_of_something_else_is_ignored_and_makes_no_row(till: Till) -> None:
    price = till.account.create_price(unit_amount_minor=2500, currency="usd", product_name="A mug")
    session_id = till.sell(user_id=None, line_items=[(price["id"], 1)])
    event = completed(till.account.complete(session_id))
    assert till.deliver(event).outcome == "ignored"
    assert till.count("payment_transactions") == 0
    assert till.deliver(event).outcome == "duplicate"


def test_one_event_costs_one_call_to_stripe(till: Till) -> None:
    session_id = till.sell()
    event = completed(till.account.complete(session_id))
    till.deliver(event)
    assert [(method, path.split("?")[0]) for method, path in till.stripe.requests] == [
        ("GET", f"/v1/checkout/sessions/{session_id}")
    ]


@pytest.mark.parametrize("mode", ["create", "hold"])
def test_a_user_never_seen_gets_a_row_or_has_the_payment_held(
    till: Till, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("UNKNOWN_USERS", mode)
    session_id = till.sell()
    till.deliver(completed(till.account.complete(session_id)))
    held, credited = ("unknown_user", 0) if mode == "hold" else (None, 1000)
    payment = till.payment(session_id)
    assert (payment["held_reason"], payment["credits_granted"]) == (held, credited)
    assert till.credits() == credited
    assert till.count("users") == (mode == "create")


def test_a_user_who_is_known_is_credited_where_unknown_ones_are_held(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNKNOWN_USERS", "hold")
    till.execute("INSERT INTO users (user_id) VALUES ('user_123')")
    till.deliver(completed(till.account.complete(till.sell())))
    assert till.credits() == 1000
