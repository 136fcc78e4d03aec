"""What the doctor says of the packages and of Stripe's prices."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from operations.doctor import Unknown
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
    twin = replace(GOLD, stripe_price_ids=("price_1",), amount_usd_cents=1000)
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
