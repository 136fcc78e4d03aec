"""Charges in other currencies: their own amounts exactly, and US dollars as Stripe settled them.

Exponents and special cases: https://docs.stripe.com/currencies
"""

from decimal import Decimal

import pytest

from standin import money
from tests.till import Till, completed

pytestmark = pytest.mark.usefixtures("sound_books")


def foreign_price(till: Till, currency: str, amount_minor: int) -> str:
    """A price of the Starter package in another currency."""
    price = till.account.create_price(amount_minor, currency, "Starter")
    till.execute(
        "UPDATE packages SET stripe_price_ids = stripe_price_ids || %s::text"
        " WHERE package_id = 'starter'",
        price["id"],
    )
    return str(price["id"])


def sell_in(
    till: Till, currency: str, amount_minor: int, exchange_rate: Decimal | None = None
) -> str:
    """An open session for the Starter package in another currency."""
    line_items = [(foreign_price(till, currency, amount_minor), 1)]
    return till.sell(line_items=line_items, exchange_rate=exchange_rate)


def paid_in(
    till: Till, currency: str, amount_minor: int, exchange_rate: Decimal | None = None
) -> str:
    session_id = sell_in(till, currency, amount_minor, exchange_rate)
    till.deliver(completed(till.account.complete(session_id)))
    return session_id


def test_a_charge_in_euros_is_paid_in_the_dollars_that_stripe_settled(till: Till) -> None:
    session_id = paid_in(till, "eur", 920, Decimal("1.0854"))
    payment = till.payment(session_id)
    assert (payment["currency"], str(payment["amount_charged"])) == ("eur", "9.200")
    assert str(payment["amount_paid"]) == "9.99"
    assert till.credits() == 1000


@pytest.mark.parametrize(
    ("currency", "amount_minor", "charged", "dollars"),
    [
        pytest.param("jpy", 1500, "1500.000", "10.05", id="JPY has no decimals"),
        pytest.param("krw", 14000, "14000.000", "10.22", id="KRW has no decimals"),
        pytest.param("kwd", 5120, "5.120", "16.64", id="KWD has three decimals"),
        pytest.param("isk", 140000, "1400.000", "10.08", id="ISK is sent with two"),
        pytest.param("ugx", 3700000, "37000.000", "9.99", id="UGX is sent with two"),
        pytest.param("huf", 370000, "3700.000", "9.99", id="HUF has two in charges"),
        pytest.param("twd", 32000, "320.000", "9.92", id="TWD has two in charges"),
        pytest.param("gbp", 799, "7.990", "10.15", id="GBP has two"),
    ],
)
def test_the_amount_charged_is_in_major_units_of_its_currency(
    till: Till, currency: str, amount_minor: int, charged: str, dollars: str
) -> None:
    payment = till.payment(paid_in(till, currency, amount_minor))
    assert (str(payment["amount_charged"]), str(payment["amount_paid"])) == (charged, dollars)


@pytest.mark.parametrize(
    ("currency", "amount_minor", "refund_minor", "refunded", "left"),
    [
        ("jpy", 1500, 500, "500.000", 666),
        ("kwd", 5120, 1, "0.001", 999),
        ("eur", 920, 920, "9.200", 0),
    ],
)
def test_a_refund_is_in_the_currency_of_the_charge(
    till: Till, currency: str, amount_minor: int, refund_minor: int, refunded: str, left: int
) -> None:
    session_id = paid_in(till, currency, amount_minor)
    till.account.refund(session_id, refund_minor)
    till.deliver(till.latest("charge.refunded"))
    assert str(till.payment(session_id)["amount_refunded"]) == refunded
    assert till.credits() == left


def test_a_dispute_is_in_the_currency_of_the_charge(till: Till) -> None:
    session_id = paid_in(till, "kwd", 5120)
    till.account.dispute(session_id, 1280)
    till.deliver(till.latest("charge.dispute.created"))
    payment = till.payment(session_id)
    assert (str(payment["amount_disputed"]), payment["credits_granted"]) == ("1.280", 750)


def test_a_charge_that_is_settled_in_another_currency_has_no_dollar_amount(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(money, "SETTLEMENT_CURRENCY", "eur")
    payment = till.payment(paid_in(till, "gbp", 799))
    assert (payment["amount_paid"], payment["credits_granted"]) == (None, 1000)


def test_the_dollar_amount_of_a_charge_not_settled_yet_comes_with_a_later_event(
    till: Till,
) -> None:
    session_id = sell_in(till, "eur", 920, Decimal("1.0854"))
    till.deliver(completed(till.account.complete(session_id, settled=False)))
    payment = till.payment(session_id)
    assert (payment["payment_status"], payment["amount_paid"]) == ("paid", None)
    assert till.credits() == 1000
    till.account.settle(session_id)
    assert till.deliver(till.latest("payment_intent.succeeded")).outcome == "recorded"
    assert str(till.payment(session_id)["amount_paid"]) == "9.99"
    assert till.ledger() == [("purchase", 1000, 1000)]


def test_a_charge_in_dollars_need_not_be_settled_to_have_its_amount(till: Till) -> None:
    session_id = till.sell()
    till.deliver(completed(till.account.complete(session_id, settled=False)))
    assert str(till.payment(session_id)["amount_paid"]) == "10.00"


@pytest.mark.parametrize("currency", ["eur", "jpy"])
def test_an_unpaid_charge_in_another_currency_has_paid_nothing(till: Till, currency: str) -> None:
    session_id = sell_in(till, currency, 900)
    till.deliver(completed(till.account.complete_unpaid(session_id, "sepa_debit")))
    payment = till.payment(session_id)
    assert (payment["amount_paid"], payment["currency"]) == (0, currency)


def test_what_adaptive_pricing_showed_the_buyer_is_not_the_charge(till: Till) -> None:
    session_id = till.sell_paid(presentment=(1512, "jpy"))
    payment = till.payment(session_id)
    assert (payment["currency"], str(payment["amount_charged"])) == ("usd", "10.000")
    assert str(payment["amount_paid"]) == "10.00"


def test_a_package_named_by_metadata_must_be_sold_in_dollars(till: Till) -> None:
    """1000 minor units of another currency are not the 10.00 dollars of the list price."""
    session_id = till.sell_paid(
        line_items=[(1000, 1)], currency="eur", metadata={"package_id": "starter"}
    )
    assert till.payment(session_id)["held_reason"] == "amount_mismatch"


@pytest.mark.parametrize(
    ("currency", "amount", "amount_minor"), [("eur", "9.20", 920), ("jpy", "1500", 1500)]
)
def test_a_package_priced_in_another_currency_is_sold_by_its_metadata_alone(
    till: Till, currency: str, amount: str, amount_minor: int
) -> None:
    till.execute(
        "UPDATE packages SET amount = %s::numeric, currency = %s WHERE package_id = 'starter'",
        amount,
        currency,
    )
    price = till.account.create_price(amount_minor, currency, "Something of the shop's")
    session_id = till.sell_paid(line_items=[(price["id"], 1)], metadata={"package_id": "starter"})
    assert (till.payment(session_id)["held_reason"], till.credits()) == (None, 1000)
