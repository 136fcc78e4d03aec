"""Paying: the events of each move, in order, the state that it leaves, and its amounts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from standin import StripeAccount
from standin.tests.builders import NOW, PAID, a_paid_session, an_open_session, charge_of, types


def test_an_open_session_has_no_payment_intent(account: StripeAccount) -> None:
    session = account.session(an_open_session(account))
    assert (session["status"], session["payment_status"]) == ("open", "unpaid")
    assert session["payment_intent"] is None
    assert account.events == []


def test_a_card_payment_sends_the_events_of_intent_charge_and_session(
    account: StripeAccount,
) -> None:
    assert types(account.complete(an_open_session(account))) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.updated",
    ]


def test_a_card_payment_leaves_everything_paid_and_settled(account: StripeAccount) -> None:
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


def test_an_events_object_is_the_state_at_that_moment(account: StripeAccount) -> None:
    session_id = an_open_session(account)
    account.complete_unpaid(session_id)
    account.async_succeed(session_id)
    statuses = [
        event["data"]["object"]["payment_status"]
        for event in account.events
        if event["data"]["object"]["object"] == "checkout.session"
    ]
    assert statuses == ["unpaid", "paid"]


def test_an_unsettled_charge_is_settled_later(account: StripeAccount) -> None:
    session_id = an_open_session(account)
    account.complete(session_id, settled=False)
    before = charge_of(account, session_id)["balance_transaction"]
    events = account.settle(session_id)
    assert before is None
    assert types(events) == ["charge.updated"]
    assert charge_of(account, session_id)["balance_transaction"].startswith("txn_")


def test_a_delayed_method_is_complete_and_unpaid(account: StripeAccount) -> None:
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


def test_a_delayed_payment_that_succeeds_is_paid(account: StripeAccount) -> None:
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


def test_a_delayed_payment_that_fails_stays_unpaid(account: StripeAccount) -> None:
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


def test_a_declined_card_leaves_the_session_open_with_a_failed_charge(
    account: StripeAccount,
) -> None:
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


def test_a_retry_after_a_decline_uses_the_same_intent_and_a_new_charge(
    account: StripeAccount,
) -> None:
    session_id = an_open_session(account)
    account.decline(session_id)
    first = account.session(session_id, ["payment_intent"])["payment_intent"]
    events = account.complete(session_id)
    second = account.session(session_id, ["payment_intent"])["payment_intent"]
    assert "payment_intent.created" not in types(events)
    assert second["id"] == first["id"]
    assert second["latest_charge"] != first["latest_charge"]
    assert second["last_payment_error"] is None


def test_expiry_cancels_the_intent_of_a_declined_card(account: StripeAccount) -> None:
    session_id = an_open_session(account)
    account.decline(session_id)
    events = account.expire(session_id)
    assert types(events) == ["payment_intent.canceled", "checkout.session.expired"]
    assert account.session(session_id)["status"] == "expired"


def test_expiry_of_an_untouched_session_is_one_event(account: StripeAccount) -> None:
    assert types(account.expire(an_open_session(account))) == ["checkout.session.expired"]


def test_canceling_the_intent_of_a_declined_card(account: StripeAccount) -> None:
    session_id = an_open_session(account)
    account.decline(session_id)
    assert types(account.cancel_payment_intent(session_id)) == ["payment_intent.canceled"]
    intent = account.session(session_id, ["payment_intent"])["payment_intent"]
    assert (intent["status"], intent["canceled_at"]) == ("canceled", NOW)


def test_a_free_session_has_neither_intent_nor_charge(account: StripeAccount) -> None:
    session_id = an_open_session(account, discount_minor=4900)
    events = account.complete(session_id)
    session = account.session(session_id)
    assert types(events) == ["checkout.session.completed"]
    assert (session["amount_total"], session["payment_intent"]) == (0, None)
    assert session["payment_status"] == "no_payment_required"


def test_discount_and_tax_are_shared_over_the_line_items_exactly(account: StripeAccount) -> None:
    first, second = account.create_price(1000)["id"], account.create_price(333)["id"]
    items = [(first, 1), (second, 3), (777, 1)]
    session_id = an_open_session(
        account, line_items=items, discount_minor=100, tax_minor=205, currency="usd"
    )
    session = account.session(session_id, ["line_items"])
    lines = session["line_items"]["data"]
    assert session["amount_total"] == 1000 + 999 + 777 - 100 + 205
    assert sum(line["amount_total"] for line in lines) == session["amount_total"]
    assert sum(line["amount_discount"] for line in lines) == 100
    assert sum(line["amount_tax"] for line in lines) == 205


def test_other_currencies_settle_in_us_dollars(account: StripeAccount) -> None:
    session_id = a_paid_session(account, currency="eur", exchange_rate=Decimal("1.1"))
    entry = account.session(session_id, PAID)["payment_intent"]["latest_charge"][
        "balance_transaction"
    ]
    assert (entry["amount"], entry["currency"], entry["exchange_rate"]) == (5390, "usd", 1.1)


@pytest.mark.parametrize(
    ("currency", "cents"), [("jpy", 3283), ("kwd", 1593), ("isk", 35), ("usd", 4900)]
)
def test_the_rate_counts_minor_units_whatever_their_decimals(
    account: StripeAccount, currency: str, cents: int
) -> None:
    session = account.session(a_paid_session(account, currency=currency), PAID)
    charge = session["payment_intent"]["latest_charge"]
    assert (charge["amount"], charge["balance_transaction"]["amount"]) == (4900, cents)


def test_a_payment_outside_checkout_has_no_session(account: StripeAccount) -> None:
    intent = account.pay_outside_checkout(1500)
    assert (intent["status"], account.sessions()) == ("succeeded", [])


def test_presentment_is_shown_beside_the_charged_amount(account: StripeAccount) -> None:
    session = account.session(a_paid_session(account, presentment=(4522, "eur")))
    shown = {"presentment_amount": 4522, "presentment_currency": "eur"}
    assert session["presentment_details"] == shown
    assert (session["amount_total"], session["currency"]) == (4900, "usd")


def test_a_lost_event_is_gone_and_later_ones_keep_their_order(account: StripeAccount) -> None:
    account.complete(an_open_session(account))
    before = types(account.events)
    account.lose_event(account.events[3]["id"])
    assert types(account.events) == before[:3] + before[4:]
