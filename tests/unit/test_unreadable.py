"""Whatever Stripe's answer contains, the purchase is recorded; what cannot be read is held, and
never becomes somebody else's credit."""

from decimal import Decimal
from typing import Any

import pytest

from domain.packages import MOST_TOKENS, Package
from domain.payment import HeldReason, Payment
from domain.stripe_objects import LARGEST_AMOUNT_MINOR
from tests.unit.builders import Json, charge, dispute, intent_charged, line_item, payment_intent
from tests.unit.purchases import (
    PACKAGES,
    PROFESSIONAL,
    STARTER,
    by_metadata,
    charged,
    derived,
    payment,
    purchase,
    resolution,
    unknown_price,
)

UNSTORABLE = ["\0", "ana\0", "\0ana", "\ud83d", "ana\ude00", "x" * 501, 7, True, ["ana"], {"id": 1}]
# One of each reason: what cannot be stored, what is too long, what is no text.
UNSTORABLE_KINDS = ["ana\0", "ana\ude00", "x" * 501, 7]
ODD_QUANTITIES = [-1, -(10**30), "3", "", 2.5, 3.0, True, [], {}, float("inf")]
QUANTITY_KINDS = [-1, "3", 2.5, True]
ODD_AMOUNTS = [-1, "4500", 45.0, True, [], {}, LARGEST_AMOUNT_MINOR + 1, 10**30]
AMOUNT_KINDS = [-1, "4500", 45.0, LARGEST_AMOUNT_MINOR + 1]
ODD_CURRENCIES = ["USD", "us", "usdx", "u$d", "", " usd", "usd\n", "\0\0\0", 840, [], "ñan"]


def is_held_as_unreadable(made: Payment) -> bool:
    return (made.payment_status, made.held_reason, made.credits_granted) == (
        "paid",
        HeldReason.UNREADABLE,
        0,
    )


@pytest.mark.parametrize("user_id", UNSTORABLE, ids=repr)
def test_a_user_whose_id_cannot_be_stored_is_nobody_else(user_id: object) -> None:
    made = derived(purchase(metadata={"user_id": user_id}, client_reference_id="user_123"))
    assert (made.user_id, is_held_as_unreadable(made)) == (None, True)


@pytest.mark.parametrize("user_id", UNSTORABLE_KINDS, ids=repr)
def test_a_reference_that_cannot_be_stored_is_held_too(user_id: object) -> None:
    assert is_held_as_unreadable(derived(purchase(client_reference_id=user_id)))


@pytest.mark.parametrize("package_id", UNSTORABLE_KINDS, ids=repr)
@pytest.mark.parametrize("item", [line_item(), unknown_price()], ids=["priced", "not priced"])
def test_a_package_whose_id_cannot_be_stored_is_held(package_id: object, item: Json) -> None:
    made = derived(purchase(item, metadata={"package_id": package_id}))
    assert is_held_as_unreadable(made)


@pytest.mark.parametrize("email", UNSTORABLE_KINDS, ids=repr)
def test_an_email_that_cannot_be_stored_is_left_out_and_holds_nothing(email: object) -> None:
    made = derived(purchase(customer_details={"email": email}))
    assert made == payment(customer_email=None)


@pytest.mark.parametrize("method", UNSTORABLE_KINDS, ids=repr)
def test_a_method_that_cannot_be_stored_is_left_out_and_holds_nothing(method: object) -> None:
    intent = intent_charged(payment_method_details={"type": method})
    made = derived(purchase(payment_intent=intent, payment_method_types=None))
    assert made == payment(payment_method=None)


@pytest.mark.parametrize("quantity", ODD_QUANTITIES, ids=repr)
def test_a_quantity_that_is_none_is_held(quantity: object) -> None:
    made = derived(purchase(line_item(quantity=quantity)))
    assert (is_held_as_unreadable(made), made.package_id) == (True, "professional")


@pytest.mark.parametrize("quantity", [*QUANTITY_KINDS, 0], ids=repr)
def test_so_is_one_of_a_package_named_by_metadata(quantity: object) -> None:
    assert is_held_as_unreadable(derived(by_metadata(unknown_price(quantity=quantity))))


@pytest.mark.parametrize("quantity", QUANTITY_KINDS, ids=repr)
def test_the_quantity_of_something_else_does_not_matter(quantity: object) -> None:
    assert derived(purchase(line_item(), unknown_price(quantity=quantity))) == payment()


def test_a_quantity_of_nothing_is_not_bought() -> None:
    assert derived(purchase(line_item("price_starter", quantity=0), line_item())) == payment()


def test_where_nothing_was_bought_money_was_taken_all_the_same() -> None:
    assert is_held_as_unreadable(derived(purchase(line_item(quantity=0))))


@pytest.mark.parametrize("quantity", [MOST_TOKENS // 5000 + 1, 10**18, 10**30])
def test_more_tokens_than_a_balance_holds_are_held(quantity: int) -> None:
    made = derived(purchase(line_item(quantity=quantity)))
    assert (is_held_as_unreadable(made), made.tokens_purchased) == (True, None)


def test_as_many_tokens_as_a_balance_holds_are_granted() -> None:
    one = Package(
        package_id="one",
        package_name="One",
        tokens=1,
        amount=Decimal("0.01"),
        stripe_price_ids=frozenset(("price_one",)),
    )
    made = derived(purchase(line_item("price_one", quantity=MOST_TOKENS)), packages=(one,))
    assert made.credits_granted == MOST_TOKENS


@pytest.mark.parametrize("currency", ODD_CURRENCIES, ids=repr)
def test_a_currency_that_is_not_three_small_letters_is_held_under_none(currency: object) -> None:
    made = derived(purchase(currency=currency, payment_intent=intent_charged(currency=currency)))
    assert (is_held_as_unreadable(made), made.currency) == (True, "xxx")


@pytest.mark.parametrize("currency", ["USD", "us", "usd\n", "\0\0\0", 840, "ñan"], ids=repr)
def test_an_unpaid_session_of_an_odd_currency_is_recorded(currency: object) -> None:
    made = derived(purchase(payment_status="unpaid", payment_intent=None, currency=currency))
    assert (made.payment_status, made.currency, made.held_reason) == ("pending", "xxx", None)


@pytest.mark.parametrize("value", ODD_AMOUNTS, ids=repr)
def test_an_amount_of_the_charge_that_cannot_be_read_is_held(value: object) -> None:
    assert is_held_as_unreadable(derived(charged(amount=value)))


@pytest.mark.parametrize("field", ["amount_refunded", "amount_captured"])
@pytest.mark.parametrize("value", AMOUNT_KINDS, ids=repr)
def test_so_is_what_was_refunded_or_captured_of_it(field: str, value: object) -> None:
    assert is_held_as_unreadable(derived(charged(**{field: value})))


@pytest.mark.parametrize("value", [*AMOUNT_KINDS, None], ids=repr)
def test_so_is_the_total_of_a_session_whose_charge_is_not_shown(value: object) -> None:
    assert is_held_as_unreadable(derived(purchase(amount_total=value, payment_intent="pi_1")))


@pytest.mark.parametrize("value", AMOUNT_KINDS, ids=repr)
def test_so_is_a_disputed_amount_that_cannot_be_read(value: Any) -> None:
    made = derived(charged(dispute("lost", value)))
    assert (made.held_reason, made.credits_granted) == (HeldReason.UNREADABLE, 0)


@pytest.mark.parametrize("value", AMOUNT_KINDS, ids=repr)
def test_a_settlement_that_cannot_be_read_is_unknown_and_holds_nothing(value: object) -> None:
    settled = {"amount": value, "currency": "usd"}
    made = derived(charged(currency="eur", balance_transaction=settled))
    assert (made.amount_paid_cents, made.credits_granted) == (None, 5000)


def test_what_was_readable_of_an_unreadable_payment_is_kept() -> None:
    made = derived(charged(amount_refunded="a lot"))
    assert (made.amount_charged_minor, made.amount_paid_cents, made.user_id) == (
        4500,
        4500,
        "user_123",
    )


ODD_LISTS = [None, "pm", {}, [], [None], [7], [["card"]], ["card", "link"], [{"type": "card"}]]


@pytest.mark.parametrize("offered", ODD_LISTS, ids=repr)
def test_an_odd_list_of_methods_names_none(offered: object) -> None:
    tried = payment_intent(status="processing", latest_charge=charge(payment_method_details=None))
    made = derived(purchase(payment_intent=tried, payment_method_types=offered))
    assert made.payment_method is None


@pytest.mark.parametrize("created", [-1, 10**30, "now", 1.5, True, {}], ids=repr)
def test_an_odd_time_is_passed_over_for_the_session_s(created: object) -> None:
    intent = intent_charged(created=created, balance_transaction=None)
    assert (
        derived(purchase(payment_intent=intent)).paid_at
        == derived(
            purchase(payment_intent=intent_charged(created=None, balance_transaction=None))
        ).paid_at
    )


@pytest.mark.parametrize("quantity", QUANTITY_KINDS, ids=repr)
def test_an_operator_accepts_one_where_no_quantity_can_be_read(quantity: object) -> None:
    held = payment(held_reason=HeldReason.UNREADABLE, credits_granted=0)
    accepted = derived(purchase(line_item(quantity=quantity)), held, resolution())
    assert accepted == payment(resolved=True)


def test_an_operator_names_the_user_whom_nobody_could_read() -> None:
    held = payment(user_id=None, held_reason=HeldReason.UNREADABLE, credits_granted=0)
    nobody = purchase(metadata={"user_id": "\0"})
    assert derived(nobody, held, resolution("user_123")) == payment(resolved=True)


def test_a_payment_that_becomes_readable_is_granted() -> None:
    held = derived(charged(amount_refunded="a lot"))
    assert derived(purchase(), held) == payment()


def test_a_price_that_two_packages_have_is_for_an_operator_to_decide() -> None:
    price = frozenset(("price_professional",))
    twice = (PROFESSIONAL, Package(**{**_fields(STARTER), "stripe_price_ids": price}))
    made = derived(purchase(), packages=twice)
    assert (made.held_reason, made.credits_granted) == (HeldReason.PACKAGE_MISMATCH, 0)


def _fields(package: Package) -> Json:
    return {name: getattr(package, name) for name in Package.__dataclass_fields__}


def test_a_dismissed_payment_stays_as_it_is_whatever_stripe_says() -> None:
    dismissed = payment(dismissed=True, credits_granted=0)
    assert derived(charged(amount_refunded=900), dismissed, packages=PACKAGES) == dismissed
