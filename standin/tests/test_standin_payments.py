"""Paying: the events that Stripe sends for each move, in order, and the state that it leaves."""

from __future__ import annotations

from standin.tests.builders import (
    NOW,
    PAID,
    a_paid_session,
    an_account,
    an_open_session,
    charge_of,
    types,
)


def test_an_open_session_has_no_payment_intent() -> None:
    account = an_account()
    session = account.session(an_open_session(account))
    assert (session["status"], session["payment_status"]) == ("open", "unpaid")
    assert session["payment_intent"] is None
    assert account.events == []


def test_a_card_payment_sends_the_events_of_intent_charge_and_session() -> None:
    account = an_account()
    assert types(account.complete(an_open_session(account))) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.updated",
    ]


def test_a_card_payment_leaves_everything_paid_and_settled() -> None:
    account = an_account()
    session = account.session(a_paid_session(account), PAID)
    intent = session["payment_intent"]
    charge = intent["latest_charge"]
    assert (session["status"], session["payment_status"]) == ("complete", "paid")
    assert session["url"] is None
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 4900)
    assert (charge["status"], charge["amount_captured"]) == ("succeeded", 4900)
    assert (charge["balance_transaction"]["amount"], charge["balance_transaction"]["fee"]) == (
        4900,
        172,
    )


def test_an_events_object_is_the_state_at_that_moment() -> None:
    account = an_account()
    session_id = an_open_session(account)
    account.complete_unpaid(session_id)
    account.async_succeed(session_id)
    statuses = [
        event["data"]["object"]["payment_status"]
        for event in account.events
        if event["data"]["object"]["object"] == "checkout.session"
    ]
    assert statuses == ["unpaid", "paid"]


def test_an_unsettled_charge_is_settled_later() -> None:
    account = an_account()
    session_id = an_open_session(account)
    account.complete(session_id, settled=False)
    before = charge_of(account, session_id)["balance_transaction"]
    events = account.settle(session_id)
    assert before is None
    assert types(events) == ["charge.updated"]
    assert charge_of(account, session_id)["balance_transaction"].startswith("txn_")


def test_a_delayed_method_is_complete_and_unpaid() -> None:
    account = an_account()
    session_id = an_open_session(account)
    events = account.complete_unpaid(session_id)
    session = account.session(session_id, ["payment_intent"])
    assert types(events) == [
        "payment_intent.created",
        "charge.pending",
        "payment_intent.processing",
        "checkout.session.completed",
    ]
    assert (session["status"], session["payment_status"]) == ("complete", "unpaid")
    assert session["payment_intent"]["status"] == "processing"


def test_a_delayed_payment_that_succeeds_is_paid() -> None:
    account = an_account()
    session_id = an_open_session(account)
    account.complete_unpaid(session_id)
    assert types(account.async_succeed(session_id)) == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
        "charge.updated",
    ]
    assert account.session(session_id)["payment_status"] == "paid"
    kind = charge_of(account, session_id)["payment_method_details"]["type"]
    assert kind == "us_bank_account"


def test_a_delayed_payment_that_fails_stays_unpaid() -> None:
    account = an_account()
    session_id = an_open_session(account)
    account.complete_unpaid(session_id)
    assert types(account.async_fail(session_id)) == [
        "charge.failed",
        "payment_intent.payment_failed",
        "checkout.session.async_payment_failed",
    ]
    session = account.session(session_id, ["payment_intent"])
    assert session["payment_status"] == "unpaid"
    assert session["payment_intent"]["status"] == "requires_payment_method"


def test_a_declined_card_leaves_the_session_open_with_a_failed_charge() -> None:
    account = an_account()
    session_id = an_open_session(account)
    events = account.decline(session_id)
    session = account.session(session_id, ["payment_intent.latest_charge"])
    intent = session["payment_intent"]
    assert types(events) == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
    ]
    assert session["status"] == "open"
    assert intent["status"] == "requires_payment_method"
    assert intent["last_payment_error"]["code"] == "card_declined"
    assert intent["latest_charge"]["failure_code"] == "card_declined"


def test_a_retry_after_a_decline_uses_the_same_intent_and_a_new_charge() -> None:
    account = an_account()
    session_id = an_open_session(account)
    account.decline(session_id)
    first = account.session(session_id, ["payment_intent"])["payment_intent"]
    events = account.complete(session_id)
    second = account.session(session_id, ["payment_intent"])["payment_intent"]
    assert "payment_intent.created" not in types(events)
    assert second["id"] == first["id"]
    assert second["latest_charge"] != first["latest_charge"]
    assert second["last_payment_error"] is None


def test_expiry_cancels_the_intent_of_a_declined_card() -> None:
    account = an_account()
    session_id = an_open_session(account)
    account.decline(session_id)
    events = account.expire(session_id)
    assert types(events) == ["payment_intent.canceled", "checkout.session.expired"]
    assert account.session(session_id)["status"] == "expired"


def test_expiry_of_an_untouched_session_is_one_event() -> None:
    account = an_account()
    assert types(account.expire(an_open_session(account))) == ["checkout.session.expired"]


def test_canceling_the_intent_of_a_declined_card() -> None:
    account = an_account()
    session_id = an_open_session(account)
    account.decline(session_id)
    assert types(account.cancel_payment_intent(session_id)) == ["payment_intent.canceled"]
    intent = account.session(session_id, ["payment_intent"])["payment_intent"]
    assert (intent["status"], intent["canceled_at"]) == ("canceled", NOW)
