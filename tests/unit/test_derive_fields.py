"""The columns of a payment beside its amounts: when, by what, by whom."""

from typing import Any

import pytest

from domain.payment import Payment
from tests.unit.builders import (
    CHARGE_CREATED,
    SESSION_CREATED,
    SETTLED,
    balance_transaction,
    intent_charged,
    payment_intent,
)
from tests.unit.purchases import at, charged, derived, payment, purchase


def free() -> Payment:
    zero: dict[str, Any] = {
        "payment_status": "no_payment_required",
        "amount_total": 0,
        "payment_intent": None,
    }
    return derived(purchase(**zero))


def test_a_plain_purchase_gives_every_column() -> None:
    assert derived(purchase()) == payment()


def test_a_free_session_has_no_intent_and_no_method() -> None:
    made = free()
    assert (made.stripe_payment_intent_id, made.payment_method) == (None, None)


def test_a_free_session_was_paid_when_it_was_made() -> None:
    assert free().paid_at == at(SESSION_CREATED)


@pytest.mark.parametrize(
    ("created", "settled", "paid_at"),
    [
        pytest.param(CHARGE_CREATED, CHARGE_CREATED, CHARGE_CREATED, id="a card"),
        pytest.param(CHARGE_CREATED, SETTLED, SETTLED, id="a delayed method"),
        pytest.param(CHARGE_CREATED, None, CHARGE_CREATED, id="not settled yet"),
        pytest.param(None, SETTLED, SETTLED, id="charge undated"),
        pytest.param(None, None, SESSION_CREATED, id="nothing dated but the session"),
    ],
)
def test_a_payment_is_paid_when_stripe_took_the_money(
    created: int | None, settled: int | None, paid_at: int
) -> None:
    settlement = None if settled is None else balance_transaction(created=settled)
    made = derived(charged(created=created, balance_transaction=settlement))
    assert made.paid_at == at(paid_at)


def test_the_method_really_used_counts_not_the_ones_offered() -> None:
    used = intent_charged(payment_method_details={"type": "us_bank_account"})
    made = derived(purchase(payment_intent=used, payment_method_types=["card"]))
    assert made.payment_method == "us_bank_account"


@pytest.mark.parametrize(
    ("error", "offered", "method"),
    [
        pytest.param(None, ["card"], "card", id="the only one offered"),
        pytest.param(None, ["card", "paypal"], None, id="one of two offered"),
        pytest.param(None, None, None, id="none offered"),
        pytest.param(
            {"payment_method": {"type": "paypal"}}, ["card"], "paypal", id="the failed one"
        ),
        pytest.param(
            {"payment_method": "pm_1"}, ["card"], "card", id="the failed one not expanded"
        ),
    ],
)
def test_before_a_charge_the_method_is_the_one_tried_or_the_only_one(
    error: object, offered: object, method: str | None
) -> None:
    tried = payment_intent(
        status="requires_payment_method", last_payment_error=error, latest_charge=None
    )
    unpaid = purchase(payment_status="unpaid", payment_intent=tried, payment_method_types=offered)
    assert derived(unpaid).payment_method == method


@pytest.mark.parametrize(
    ("details", "given", "billing", "receipt", "email"),
    [
        ("a@example.com", "b@example.com", "c@example.com", "d@example.com", "a@example.com"),
        (None, "b@example.com", "c@example.com", "d@example.com", "b@example.com"),
        ("", "", "c@example.com", "d@example.com", "c@example.com"),
        (None, None, None, "d@example.com", "d@example.com"),
        (None, None, None, None, None),
    ],
    ids=["at checkout", "given before", "with the card", "for the receipt", "none"],
)
def test_the_customer_s_email_is_the_nearest_to_the_checkout(
    details: str | None,
    given: str | None,
    billing: str | None,
    receipt: str | None,
    email: str | None,
) -> None:
    intent = intent_charged(billing_details={"email": billing}, receipt_email=receipt)
    bought = purchase(
        customer_details={"email": details}, customer_email=given, payment_intent=intent
    )
    assert derived(bought).customer_email == email


def test_empty_emails_are_none() -> None:
    intent = intent_charged(billing_details={"email": ""}, receipt_email="")
    empty = purchase(customer_details={"email": ""}, customer_email="", payment_intent=intent)
    assert derived(empty).customer_email is None


def test_details_that_are_null_hide_no_email() -> None:
    intent = intent_charged(billing_details=None, receipt_email="d@example.com")
    bare = purchase(customer_details=None, payment_intent=intent)
    assert derived(bare).customer_email == "d@example.com"


def test_a_purchase_in_which_nothing_is_dated_is_paid_at_the_epoch() -> None:
    undated = intent_charged(created=None, balance_transaction=None)
    made = derived(purchase(created=None, payment_intent=undated))
    assert made.paid_at == at(0)
