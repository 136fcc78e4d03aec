"""Amounts: free sessions, discounts and taxes, other currencies, payments of other kinds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from standin.tests.builders import (
    PAID,
    a_paid_session,
    an_account,
    an_open_session,
    types,
)


def test_a_free_session_has_neither_intent_nor_charge() -> None:
    account = an_account()
    session_id = an_open_session(account, discount_minor=4900)
    events = account.complete(session_id)
    session = account.session(session_id)
    assert types(events) == ["checkout.session.completed"]
    assert (session["amount_total"], session["payment_intent"]) == (0, None)
    assert session["payment_status"] == "no_payment_required"


def test_discount_and_tax_are_shared_over_the_line_items_exactly() -> None:
    account = an_account()
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


def test_other_currencies_settle_in_us_dollars() -> None:
    account = an_account()
    session_id = a_paid_session(account, currency="eur", exchange_rate=Decimal("1.1"))
    entry = account.session(session_id, PAID)["payment_intent"]["latest_charge"][
        "balance_transaction"
    ]
    assert (entry["amount"], entry["currency"], entry["exchange_rate"]) == (5390, "usd", 1.1)


@pytest.mark.parametrize(
    ("currency", "cents"), [("jpy", 3283), ("kwd", 1593), ("isk", 35), ("usd", 4900)]
)
def test_the_rate_counts_minor_units_whatever_their_decimals(currency: str, cents: int) -> None:
    account = an_account()
    session = account.session(a_paid_session(account, currency=currency), PAID)
    charge = session["payment_intent"]["latest_charge"]
    assert (charge["amount"], charge["balance_transaction"]["amount"]) == (4900, cents)


def test_a_payment_outside_checkout_has_no_session() -> None:
    account = an_account()
    intent = account.pay_outside_checkout(1500)
    assert (intent["status"], account.sessions()) == ("succeeded", [])


def test_presentment_is_shown_beside_the_charged_amount() -> None:
    account = an_account()
    session = account.session(a_paid_session(account, presentment=(4522, "eur")))
    shown = {"presentment_amount": 4522, "presentment_currency": "eur"}
    assert session["presentment_details"] == shown
    assert (session["amount_total"], session["currency"]) == (4900, "usd")


def test_a_lost_event_is_gone_and_later_ones_keep_their_order() -> None:
    account = an_account()
    account.complete(an_open_session(account))
    before = types(account.events)
    account.lose_event(account.events[3]["id"])
    assert types(account.events) == before[:3] + before[4:]
