"""What the doctor says of the packages and of Stripe's prices."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from operations.doctor import Check, PackageRow, Unknown
from tests.unit.doctor_builders import (
    GOLD,
    STARTER,
    database,
    diagnosis,
    price,
    stripe_facts,
    wrong,
)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (None, "is not known to Stripe"),
        (price(active=False), "is archived"),
        (price(type="recurring"), "is for subscriptions"),
        (price(unit_amount=None), "has no fixed amount"),
        (price(unit_amount=905), "costs 9.05 USD, but the package 10.00 USD"),
    ],
)
def test_a_price_must_sell_the_package_for_its_amount(
    found: Mapping[str, Any] | None, told: str
) -> None:
    message = wrong(diagnosis(stripe=stripe_facts(prices={"price_1": found})))["prices"]
    assert message.startswith(f"price_1 of package starter {told}")


def test_the_amount_of_a_price_in_another_currency_is_nobodys_to_say() -> None:
    assert (
        wrong(
            diagnosis(stripe=stripe_facts(prices={"price_1": price(currency="jpy", unit_amount=1)}))
        )
        == {}
    )


def sold_by(package: PackageRow, price: Mapping[str, Any] | None) -> list[Check]:
    """The diagnosis of a till with one package, and of its price."""
    return diagnosis(
        stripe=stripe_facts(prices={"price_1": price}), stored=database(packages=(package,))
    )


def test_a_package_in_yen_is_compared_and_made_in_yen() -> None:
    yen = replace(STARTER, amount=Decimal("1500.000"), currency="jpy")
    right = price(currency="jpy", unit_amount=1500)
    assert wrong(sold_by(yen, right)) == {}
    dearer = price(currency="jpy", unit_amount=1501)
    told = wrong(sold_by(yen, dearer))["prices"]
    assert "costs 1501 JPY, but the package 1500 JPY" in told
    command = wrong(sold_by(yen, None))["prices"].split("\n")[1]
    assert {"currency=jpy", "unit_amount=1500"} <= set(shlex.split(command))


def test_a_package_that_costs_half_a_cent_more_is_told_with_all_decimals() -> None:
    odd = replace(STARTER, amount=Decimal("10.005"))
    told = wrong(
        diagnosis(
            stripe=stripe_facts(prices={"price_1": price(unit_amount=1000)}),
            stored=database(packages=(odd,)),
        )
    )["prices"]
    assert "costs 10.00 USD, but the package 10.005 USD" in told


def test_an_archived_price_of_a_withdrawn_package_is_as_it_should_be() -> None:
    withdrawn = replace(STARTER, active=False)
    assert (
        wrong(
            diagnosis(
                stripe=stripe_facts(prices={"price_1": price(active=False)}),
                stored=database(packages=(withdrawn,)),
            )
        )
        == {}
    )


def test_each_wrong_price_is_a_check_of_its_own() -> None:
    checks = diagnosis(
        stripe=stripe_facts(prices={"price_1": None, "price_2": None}),
        stored=database(packages=(STARTER, GOLD)),
    )
    assert [each.check for each in checks if not each.ok] == ["prices", "prices"]


def test_a_price_of_two_packages_is_told() -> None:
    twin = replace(GOLD, stripe_price_ids=("price_1",), amount=Decimal(10))
    message = wrong(diagnosis(stored=database(packages=(STARTER, twin))))["shared_prices"]
    assert message.startswith("price_1 belongs to starter and gold")


def test_a_package_without_a_price_comes_with_the_commands_that_give_it_one() -> None:
    unpriced = replace(STARTER, stripe_price_ids=())
    message = wrong(diagnosis(stored=database(packages=(unpriced,))))["packages_without_price"]
    _, create, add = message.split("\n")
    assert shlex.split(create)[-2:] == ["-d", "product_data[name]=Starter"]
    assert add.endswith("WHERE package_id = 'starter';")


def test_a_withdrawn_package_needs_no_price() -> None:
    withdrawn = replace(STARTER, stripe_price_ids=(), active=False)
    assert wrong(diagnosis(stored=database(packages=(withdrawn,)))) == {}


def test_packages_that_cannot_be_read_are_told() -> None:
    checks = diagnosis(stored=database(packages=Unknown("UndefinedTable")))
    assert "UndefinedTable" in wrong(checks)["packages"]
