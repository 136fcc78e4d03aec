"""The amounts of a payment: charged in a currency, paid in US dollars, and given back."""

from typing import Any

import pytest

from domain.payment import Payment
from domain.stripe_objects import Purchase
from tests.unit.builders import (
    balance_transaction,
    charge,
    dispute,
    intent_charged,
    line_item,
    payment_intent,
    session,
)
from tests.unit.purchases import charged, derived, purchase


def abroad(currency: str, amount_minor: int, settlement: object, **session: Any) -> Payment:
    """A purchase charged in another currency and settled like this."""
    intent = intent_charged(amount=amount_minor, currency=currency, balance_transaction=settlement)
    money: dict[str, Any] = {
        "currency": currency,
        "amount_subtotal": amount_minor,
        "amount_total": amount_minor,
    }
    return derived(purchase(payment_intent=intent, **money, **session))


def free(**fields: Any) -> Payment:
    zero: dict[str, Any] = {
        "payment_status": "no_payment_required",
        "amount_total": 0,
        "payment_intent": None,
    }
    return derived(purchase(**zero, **fields))


@pytest.mark.parametrize(
    ("currency", "amount_minor"),
    [("eur", 4167), ("jpy", 6716), ("kwd", 13850), ("isk", 625000), ("ugx", 16700000)],
)
def test_another_currency_is_kept_and_paid_in_the_dollars_that_were_settled(
    currency: str, amount_minor: int
) -> None:
    made = abroad(currency, amount_minor, balance_transaction(amount=4499, exchange_rate=0.67))
    assert (made.currency, made.amount_charged_minor, made.amount_paid_cents) == (
        currency,
        amount_minor,
        4499,
    )


@pytest.mark.parametrize(
    "settlement",
    [None, "txn_1", balance_transaction(currency="eur"), balance_transaction(currency=None)],
    ids=["not settled yet", "not expanded", "settled in euros", "settled in nothing"],
)
def test_the_dollars_of_another_currency_are_unknown_until_settled_in_dollars(
    settlement: object,
) -> None:
    assert abroad("eur", 4167, settlement).amount_paid_cents is None


def test_unknown_dollars_withhold_no_credits() -> None:
    assert abroad("eur", 4167, None).credits_granted == 5000


@pytest.mark.parametrize(
    "settlement", [None, balance_transaction(amount=4167, currency="eur")], ids=["none", "euros"]
)
def test_a_dollar_charge_is_paid_as_charged_however_it_settles(settlement: object) -> None:
    assert derived(charged(balance_transaction=settlement)).amount_paid_cents == 4500


def test_a_refund_does_not_lower_the_amount_paid() -> None:
    assert derived(charged(amount_refunded=900)).amount_paid_cents == 4500


def test_the_buyer_s_presentment_currency_is_not_the_charge() -> None:
    shown = {"presentment_amount": 4167, "presentment_currency": "eur"}
    made = derived(purchase(presentment_details=shown, payment_intent=payment_intent()))
    assert (made.currency, made.amount_charged_minor, made.amount_paid_cents) == ("usd", 4500, 4500)


def test_an_account_that_charges_in_another_currency_than_the_session_s_is_believed() -> None:
    intent = intent_charged(
        amount=4167, currency="eur", balance_transaction=balance_transaction(amount=4480)
    )
    made = derived(purchase(payment_intent=intent))
    assert (made.currency, made.amount_charged_minor, made.amount_paid_cents) == ("eur", 4167, 4480)


@pytest.mark.parametrize("currency", ["usd", "jpy"])
def test_a_free_session_is_paid_with_nothing_and_entitles_to_all(currency: str) -> None:
    made = free(currency=currency)
    assert (made.amount_paid_cents, made.amount_charged_minor, made.credits_granted) == (0, 0, 5000)


@pytest.mark.parametrize("total", [4000, 5400], ids=["coupon", "tax"])
def test_coupon_and_tax_change_the_amount_and_not_the_tokens(total: int) -> None:
    made = derived(purchase(amount_total=total, payment_intent=intent_charged(amount=total)))
    assert (made.amount_paid_cents, made.amount_charged_minor, made.credits_granted) == (
        total,
        total,
        5000,
    )


def test_a_quantity_multiplies_the_tokens() -> None:
    made = derived(purchase(line_item(quantity=3), payment_intent=intent_charged(amount=13500)))
    assert (made.tokens_purchased, made.credits_granted) == (15000, 15000)


@pytest.mark.parametrize("status", ["failed", "pending"])
def test_an_unpaid_session_is_charged_what_it_asks_for(status: str) -> None:
    intent = payment_intent(status="processing", latest_charge=charge(status=status, amount=1))
    made = derived(purchase(payment_status="unpaid", payment_intent=intent))
    assert made.amount_charged_minor == 4500


@pytest.mark.parametrize("total", [None, "absent"])
def test_a_session_without_a_total_asks_for_nothing(total: object) -> None:
    shown = session(payment_status="unpaid", payment_intent=None, amount_total=None)
    if total == "absent":
        del shown["amount_total"]
    assert derived(Purchase(shown, [line_item()])).amount_charged_minor == 0


def test_refunded_and_disputed_amounts_are_kept_apart() -> None:
    made = derived(charged(dispute("lost", 300), amount_refunded=200))
    assert (made.amount_refunded_minor, made.amount_disputed_minor) == (200, 300)


@pytest.mark.parametrize(("asked", "currency"), [("eur", "eur"), (None, "usd"), ("", "usd")])
def test_an_unpaid_session_has_the_currency_it_asks_in_by_default_dollars(
    asked: str | None, currency: str
) -> None:
    unpaid = purchase(payment_status="unpaid", payment_intent=None, currency=asked)
    assert derived(unpaid).currency == currency
