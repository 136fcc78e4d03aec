"""Money that a card was reserved for: charged is what was captured of it, nothing until then.

https://docs.stripe.com/payments/place-a-hold-on-a-payment-method: Stripe releases the rest, which a
charge shows as refunded.
"""

from typing import Any

import pytest

from domain.payment import Payment
from tests.unit.builders import balance_transaction, charge, intent_charged, payment_intent
from tests.unit.purchases import derived, payment, purchase


def captured(of: int, part: int, **fields: Any) -> Payment:
    shown = {"amount": of, "captured": True, "amount_captured": part, **fields}
    return derived(purchase(payment_intent=intent_charged(**shown)))


def amounts(made: Payment) -> tuple[int | None, int, int, int]:
    return (
        made.amount_paid_cents,
        made.amount_charged_minor,
        made.amount_refunded_minor,
        made.credits_granted,
    )


@pytest.mark.parametrize(
    ("refunded", "kept"),
    [
        pytest.param(400, (600, 600, 0, 5000), id="the rest released"),
        pytest.param(0, (600, 600, 0, 5000), id="the rest not shown as refunded"),
        pytest.param(700, (600, 600, 300, 2500), id="and half of the captured refunded"),
        pytest.param(1000, (600, 600, 600, 0), id="and all of it refunded"),
    ],
)
def test_a_part_that_was_captured_is_what_was_charged(
    refunded: int, kept: tuple[int, int, int, int]
) -> None:
    assert amounts(captured(1000, 600, amount_refunded=refunded)) == kept


@pytest.mark.parametrize("refunded", [600, 1000], ids=["without the rest", "with the rest"])
def test_a_part_captured_and_refunded_is_refunded(refunded: int) -> None:
    made = captured(1000, 600, amount_refunded=refunded, refunded=True)
    assert (made.payment_status, made.credits_granted) == ("refunded", 0)


def test_a_refund_while_more_may_be_captured_is_a_refund() -> None:
    """https://docs.stripe.com/payments/multicapture: nothing is released before the last one."""
    assert amounts(captured(1000, 600, amount_refunded=300)) == (600, 600, 300, 2500)


def test_a_foreign_part_is_worth_what_it_was_settled_for() -> None:
    settled = balance_transaction(amount=651)
    made = captured(1000, 600, currency="eur", amount_refunded=400, balance_transaction=settled)
    assert amounts(made) == (651, 600, 0, 5000)


def test_a_whole_capture_is_a_charge_as_ever() -> None:
    assert captured(4500, 4500) == payment()


def test_more_captured_than_reserved_is_charged() -> None:
    assert amounts(captured(1000, 1200)) == (1200, 1200, 0, 5000)


RESERVED = charge(captured=False, amount_captured=0, balance_transaction=None)
LAPSED = {**RESERVED, "refunded": True, "amount_refunded": 4500}


@pytest.mark.parametrize("payment_status", ["unpaid", "paid"])
@pytest.mark.parametrize(
    ("intent_status", "latest_charge", "status"),
    [
        pytest.param("requires_capture", RESERVED, "pending", id="reserved"),
        pytest.param("canceled", LAPSED, "canceled", id="lapsed"),
        pytest.param("requires_capture", LAPSED, "canceled", id="lapsed, the intent behind"),
        pytest.param("succeeded", LAPSED, "canceled", id="lapsed, of an old version"),
    ],
)
def test_a_reservation_is_no_payment(
    payment_status: str, intent_status: str, latest_charge: dict[str, Any], status: str
) -> None:
    intent = payment_intent(status=intent_status, latest_charge=latest_charge)
    made = derived(purchase(payment_status=payment_status, payment_intent=intent))
    assert (made.payment_status, made.credits_granted, made.amount_paid_cents) == (status, 0, 0)
    assert made.amount_refunded_minor == 0
