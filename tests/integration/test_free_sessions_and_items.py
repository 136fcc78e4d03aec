"""What is in the basket: nothing to pay, coupons, taxes, quantities, and several line items."""

from typing import Any

import pytest

from tests.till import Till, completed

pytestmark = pytest.mark.usefixtures("sound_books")


def mug(till: Till) -> str:
    """The price of something that is no package."""
    price = till.account.create_price(unit_amount_minor=700, currency="usd", product_name="A mug")
    return str(price["id"])


def money(till: Till, session_id: str) -> tuple[str, str, int]:
    """The row's amount paid, amount charged and credits."""
    payment = till.payment(session_id)
    return (
        str(payment["amount_paid"]),
        str(payment["amount_charged"]),
        payment["credits_granted"],
    )


def test_a_free_session_is_paid_with_nothing_and_credits_everything(till: Till) -> None:
    session_id = till.sell_paid(discount_minor=1000)
    payment = till.payment(session_id)
    assert payment["payment_status"] == "paid"
    assert payment["stripe_payment_intent_id"] is None
    assert payment["payment_method"] is None
    assert payment["paid_at"] is not None
    assert money(till, session_id) == ("0.00", "0.000", 1000)
    assert till.ledger() == [("purchase", 1000, 1000)]


def test_two_free_sessions_are_two_payments(till: Till) -> None:
    """Neither has a payment intent; a unique key must not take that for the same one."""
    for _ in range(2):
        till.sell_paid(discount_minor=1000)
    assert till.count("payment_transactions") == 2
    assert till.credits() == 2000


def test_a_free_session_of_several_credits_them_all(till: Till) -> None:
    till.sell_paid(quantity=3, discount_minor=3000)
    assert till.credits() == 3000


def test_a_free_session_that_nobody_completed_credits_nothing(till: Till) -> None:
    session_id = till.sell(discount_minor=1000)
    till.deliver(completed(till.account.expire(session_id)))
    assert till.payment(session_id)["payment_status"] == "expired"
    assert till.credits() == 0


def test_a_free_session_is_not_paid_before_it_is_completed(till: Till) -> None:
    """Stripe may say `no_payment_required` of a session that is open, or that expires."""
    session_id = till.sell(discount_minor=1000)
    event = completed(till.account.expire(session_id))
    session = till.account.store.get("checkout.session", session_id)
    till.account.store.update(session, payment_status="no_payment_required")
    till.deliver(event)
    assert till.payment(session_id)["payment_status"] == "expired"
    assert till.credits() == 0


def test_a_coupon_lowers_what_is_paid_and_not_the_credits(till: Till) -> None:
    session_id = till.sell_paid(discount_minor=250)
    assert money(till, session_id) == ("7.50", "7.500", 1000)


def test_a_coupon_does_not_disturb_a_package_that_is_named_by_metadata(till: Till) -> None:
    session_id = till.sell_paid(
        line_items=[(1000, 1)], discount_minor=250, metadata={"package_id": "starter"}
    )
    assert money(till, session_id) == ("7.50", "7.500", 1000)
    assert till.payment(session_id)["held_reason"] is None


def test_taxes_are_paid_and_do_not_change_the_credits(till: Till) -> None:
    session_id = till.sell_paid(tax_minor=80)
    assert money(till, session_id) == ("10.80", "10.800", 1000)


def test_a_refund_of_a_taxed_payment_is_a_share_of_all_that_was_charged(till: Till) -> None:
    session_id = till.sell_paid(tax_minor=80)
    till.account.refund(session_id, 540)
    till.deliver(till.latest("refund.created"))
    assert till.credits() == 500


@pytest.mark.parametrize("metadata", [{}, {"package_id": "starter"}])
def test_a_quantity_multiplies_the_tokens(till: Till, metadata: dict[str, str]) -> None:
    session_id = till.sell_paid(quantity=7, metadata=metadata)
    assert till.payment(session_id)["tokens_purchased"] == 7000
    assert money(till, session_id) == ("70.00", "70.000", 7000)


def test_a_quantity_of_a_package_named_by_metadata_multiplies_its_list_price(till: Till) -> None:
    session_id = till.sell_paid(line_items=[(1000, 4)], metadata={"package_id": "starter"})
    assert till.payment(session_id)["held_reason"] is None
    assert till.credits() == 4000


@pytest.mark.parametrize("position", [0, 1, 2])
def test_one_of_several_line_items_is_the_package(till: Till, position: int) -> None:
    line_items: list[tuple[Any, int]] = [(mug(till), 2), (500, 1)]
    line_items.insert(position, (till.price_of("starter"), 2))
    session_id = till.sell_paid(line_items=line_items)
    assert till.payment(session_id)["package_id"] == "starter"
    assert money(till, session_id) == ("39.00", "39.000", 2000)


@pytest.mark.parametrize("others", [9, 10, 99])
def test_the_package_is_found_behind_any_number_of_other_items(till: Till, others: int) -> None:
    """Stripe shows ten line items with a session, and sells up to a hundred."""
    line_items = [(mug(till), 1)] * others + [(till.price_of("starter"), 1)]
    till.sell_paid(line_items=line_items)
    assert till.credits() == 1000


def test_two_items_of_one_package_add_up(till: Till) -> None:
    starter = till.price_of("starter")
    session_id = till.sell_paid(line_items=[(starter, 1), (starter, 2)])
    assert till.payment(session_id)["tokens_purchased"] == 3000
    assert till.credits() == 3000


def test_two_packages_in_one_session_are_held(till: Till) -> None:
    line_items = [(till.price_of("starter"), 1), (till.price_of("professional"), 1)]
    session_id = till.sell_paid(line_items=line_items)
    assert till.payment(session_id)["held_reason"] == "package_mismatch"
    assert money(till, session_id) == ("55.00", "55.000", 0)


def test_a_package_that_is_no_longer_offered_is_honoured(till: Till) -> None:
    session_id = till.sell()
    till.execute("UPDATE packages SET active = false")
    till.deliver(completed(till.account.complete(session_id)))
    assert till.credits() == 1000


@pytest.mark.parametrize("mode", ["subscription", "setup"])
def test_a_session_in_another_mode_is_ignored(till: Till, mode: str) -> None:
    session_id = till.sell(mode=mode, metadata={"package_id": "starter"})
    event = completed(till.account.complete(session_id))
    assert till.deliver(event).outcome == "ignored"
    assert till.deliver(event, form="thin").outcome == "ignored"
    assert till.count("payment_transactions") == 0
