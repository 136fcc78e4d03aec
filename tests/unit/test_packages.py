"""Which package a Checkout session sold, and when its credits must wait for ops."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.packages import Package, Rules, Sale, sale_of
from domain.payment import HeldReason
from domain.stripe_objects import Purchase
from tests.unit.builders import line_item, session
from tests.unit.purchases import (
    PACKAGES,
    PROFESSIONAL,
    STARTER,
    by_metadata,
    purchase,
    unknown_price,
)

OTHER = unknown_price()


def sold(package: Package, quantity: int, held_reason: HeldReason | None = None) -> Sale:
    return Sale(
        package_id=package.package_id,
        package_name=package.package_name,
        tokens=package.tokens * quantity,
        held_reason=held_reason,
    )


@pytest.mark.parametrize(
    ("items", "package", "quantity"),
    [
        pytest.param([line_item()], PROFESSIONAL, 1, id="one"),
        pytest.param([line_item(quantity=3)], PROFESSIONAL, 3, id="three"),
        pytest.param([line_item(quantity=None)], PROFESSIONAL, 1, id="quantity null"),
        pytest.param([line_item(price="price_starter_old")], STARTER, 1, id="one of two prices"),
        pytest.param([OTHER, line_item(quantity=2)], PROFESSIONAL, 2, id="beside something else"),
        pytest.param([line_item(quantity=2), OTHER], PROFESSIONAL, 2, id="before something else"),
        pytest.param([line_item(), line_item(quantity=2)], PROFESSIONAL, 3, id="two line items"),
        pytest.param(
            [line_item("price_starter"), line_item("price_starter_old", quantity=4)],
            STARTER,
            5,
            id="two prices of one package",
        ),
    ],
)
def test_a_known_price_decides_times_its_quantity(
    items: list[dict[str, Any]], package: Package, quantity: int
) -> None:
    assert sale_of(purchase(*items), PACKAGES) == sold(package, quantity)


def test_a_line_item_s_price_may_come_as_an_id() -> None:
    bare = {"price": "price_professional", "quantity": 2}
    assert sale_of(purchase(bare), PACKAGES) == sold(PROFESSIONAL, 2)


@pytest.mark.parametrize("missing", [{"quantity": 2}, {"price": None, "quantity": 2}])
def test_a_line_item_without_a_price_is_no_package(missing: dict[str, Any]) -> None:
    assert sale_of(purchase(missing, client_reference_id=None), PACKAGES) is None


def test_a_known_price_needs_no_amount_to_agree() -> None:
    discounted = purchase(amount_subtotal=1, amount_total=0, currency="jpy")
    assert sale_of(discounted, PACKAGES) == sold(PROFESSIONAL, 1)


def test_a_known_price_and_metadata_that_agree_are_no_mismatch() -> None:
    agreeing = purchase(line_item(quantity=2), metadata={"package_id": "professional"})
    assert sale_of(agreeing, PACKAGES) == sold(PROFESSIONAL, 2)


@pytest.mark.parametrize("named", ["starter", "no_such_package"])
def test_a_known_price_that_metadata_disagrees_with_is_held(named: str) -> None:
    disagreeing = purchase(metadata={"package_id": named})
    held = sold(PROFESSIONAL, 1, HeldReason.PACKAGE_MISMATCH)
    assert sale_of(disagreeing, PACKAGES) == held


@pytest.mark.parametrize(
    "metadata", [{}, {"package_id": "professional"}, {"package_id": "starter"}]
)
def test_two_packages_in_one_session_are_held(metadata: dict[str, str]) -> None:
    sale = sale_of(purchase(line_item(), line_item("price_starter"), metadata=metadata), PACKAGES)
    assert sale is not None
    assert sale.held_reason is HeldReason.PACKAGE_MISMATCH


@pytest.mark.parametrize("items", [[OTHER], [line_item("price_1"), line_item("price_2")]])
def test_without_a_known_price_metadata_names_the_package(items: list[dict[str, Any]]) -> None:
    assert sale_of(by_metadata(*items), PACKAGES) == sold(PROFESSIONAL, 1)


def test_a_package_that_was_not_bought_does_not_hide_the_one_that_metadata_names() -> None:
    beside = by_metadata(line_item("price_starter", quantity=0), OTHER)
    assert sale_of(beside, PACKAGES) == sold(PROFESSIONAL, 1)


def test_metadata_names_the_package_of_a_snapshot_without_line_items() -> None:
    snapshot = Purchase(session(metadata={"package_id": "professional"}))
    assert sale_of(snapshot, PACKAGES) == sold(PROFESSIONAL, 1)


@pytest.mark.parametrize(
    ("quantity", "subtotal", "held_reason"),
    [
        pytest.param(1, 4500, None, id="one at its price"),
        pytest.param(2, 9000, None, id="two at twice its price"),
        pytest.param(2, 4500, HeldReason.AMOUNT_MISMATCH, id="two at the price of one"),
        pytest.param(1, 9000, HeldReason.AMOUNT_MISMATCH, id="one at the price of two"),
        pytest.param(1, 4499, HeldReason.AMOUNT_MISMATCH, id="a cent less"),
        pytest.param(1, 4501, HeldReason.AMOUNT_MISMATCH, id="a cent more"),
        pytest.param(1, None, HeldReason.AMOUNT_MISMATCH, id="no subtotal"),
    ],
)
def test_a_package_named_by_metadata_must_be_sold_at_its_price(
    quantity: int, subtotal: int | None, held_reason: HeldReason | None
) -> None:
    named = by_metadata({**OTHER, "quantity": quantity}, amount_subtotal=subtotal)
    assert sale_of(named, PACKAGES) == sold(PROFESSIONAL, quantity, held_reason)


@pytest.mark.parametrize("currency", ["eur", "jpy", None])
def test_a_package_in_dollars_named_by_metadata_must_be_sold_in_dollars(
    currency: str | None,
) -> None:
    sale = sale_of(by_metadata(currency=currency), PACKAGES)
    assert sale == sold(PROFESSIONAL, 1, HeldReason.AMOUNT_MISMATCH)


@pytest.mark.parametrize(
    ("amount", "currency", "sold_in", "subtotal", "held_reason"),
    [
        pytest.param("45.000", "eur", "eur", 4500, None, id="euros"),
        pytest.param("45.000", "eur", "usd", 4500, HeldReason.AMOUNT_MISMATCH, id="as dollars"),
        pytest.param("1500.000", "jpy", "jpy", 1500, None, id="yen have no fraction"),
        pytest.param("1500.000", "jpy", "jpy", 150000, HeldReason.AMOUNT_MISMATCH, id="no sen"),
        pytest.param("5.120", "kwd", "kwd", 5120, None, id="a dinar has a thousand fils"),
        pytest.param("45.005", "usd", "usd", 4500, HeldReason.AMOUNT_MISMATCH, id="half a cent"),
    ],
)
def test_a_package_is_priced_in_major_units_of_its_currency(
    amount: str, currency: str, sold_in: str, subtotal: int, held_reason: HeldReason | None
) -> None:
    package = replace(PROFESSIONAL, amount=Decimal(amount), currency=currency)
    named = by_metadata(currency=sold_in, amount_subtotal=subtotal)
    assert sale_of(named, [package]) == sold(package, 1, held_reason)


@pytest.mark.parametrize("total", [0, 4000, 5400], ids=["free", "coupon", "with tax"])
def test_the_subtotal_must_agree_not_the_total(total: int) -> None:
    assert sale_of(by_metadata(amount_total=total), PACKAGES) == sold(PROFESSIONAL, 1)


@pytest.mark.parametrize(
    ("metadata", "package_id"),
    [
        pytest.param({"package_id": "platinum"}, "platinum", id="package not in the packages"),
        pytest.param({"user_id": "user_123"}, None, id="our user but no package"),
        pytest.param({"user_id": "user_123", "package_id": ""}, None, id="package empty"),
    ],
)
def test_our_metadata_without_a_known_package_is_held(
    metadata: dict[str, str], package_id: str | None
) -> None:
    assert sale_of(purchase(OTHER, metadata=metadata), PACKAGES) == Sale(
        package_id=package_id,
        package_name=None,
        tokens=None,
        held_reason=HeldReason.UNKNOWN_PACKAGE,
    )


@pytest.mark.parametrize(
    "metadata",
    [None, {}, {"package_id": "", "user_id": ""}, {"order": "17"}, {"package_id": None}],
    ids=["null", "empty", "empty values", "somebody else's", "null value"],
)
def test_neither_a_known_price_nor_our_metadata_is_not_ours(metadata: object) -> None:
    unnamed = purchase(OTHER, metadata=metadata, client_reference_id=None)
    assert sale_of(unnamed, PACKAGES) is None


def test_an_empty_catalogue_knows_no_price() -> None:
    assert sale_of(purchase(client_reference_id=None), ()) is None


def test_tokens_times_quantity_is_exact_at_large_values() -> None:
    huge = replace(PROFESSIONAL, tokens=2**60 + 1)
    sale = sale_of(purchase(line_item(quantity=3)), (huge,))
    assert sale is not None
    assert sale.tokens == 3 * 2**60 + 3


NAMED_BY_REFERENCE = purchase(OTHER, client_reference_id="user_123")


def test_a_paid_session_of_a_user_at_a_price_nobody_entered_is_held() -> None:
    sale = sale_of(NAMED_BY_REFERENCE, PACKAGES)
    assert sale is not None
    assert sale.held_reason is HeldReason.UNKNOWN_PACKAGE


@pytest.mark.parametrize(
    "unpaid",
    [
        {"payment_status": "unpaid", "payment_intent": None},
        {"payment_status": "no_payment_required", "status": "open", "payment_intent": None},
    ],
    ids=["unpaid", "free and open"],
)
def test_until_it_is_paid_it_may_be_another_product_s(unpaid: dict[str, Any]) -> None:
    assert sale_of(purchase(OTHER, **unpaid), PACKAGES) is None


@pytest.mark.parametrize("metadata", [{}, {"user_id": "user_123"}], ids=["reference", "metadata"])
def test_where_unlisted_sales_are_ignored_it_is_another_product_s(
    metadata: dict[str, str],
) -> None:
    ignoring = Rules(hold_unlisted_sales=False)
    assert sale_of(purchase(OTHER, metadata=metadata), PACKAGES, ignoring) is None


def test_a_package_that_is_named_is_ours_though_unlisted_sales_are_ignored() -> None:
    ignoring = Rules(hold_unlisted_sales=False)
    assert sale_of(by_metadata(), PACKAGES, ignoring) == sold(PROFESSIONAL, 1)
