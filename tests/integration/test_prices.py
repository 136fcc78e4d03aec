"""The stand-in's prices for the packages stay what they are from one account to the next."""

from __future__ import annotations

import psycopg
import pytest

from local.migrate import migrate
from local.shop import price_packages
from standin import StripeAccount


def account(id_seed: str) -> StripeAccount:
    """Another seed, other ids: as each start of `make serve` has."""
    return StripeAccount(id_seed=id_seed)


def known(url: str) -> dict[str, list[str]]:
    """The price ids of each package, as the till knows them."""
    with psycopg.connect(url) as connection:
        return dict(connection.execute("SELECT package_id, stripe_price_ids FROM packages"))


def change(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())


def test_the_next_account_has_the_same_prices_and_the_packages_name_each_once(
    database_url: str,
) -> None:
    first = price_packages(account("first"), database_url)
    assert price_packages(account("second"), database_url) == first
    assert known(database_url) == {package: [price] for package, price in first.items()}


def test_a_price_is_what_its_account_sells_it_for(database_url: str) -> None:
    sold = account("any")
    price = sold.retrieve("price", price_packages(sold, database_url)["professional"])
    assert (price["unit_amount"], price["currency"]) == (4500, "usd")


def test_another_package_takes_no_price_from_the_others(database_url: str) -> None:
    first = price_packages(account("first"), database_url)
    change(database_url, "INSERT INTO packages VALUES ('team', 'Team', 9000, 60.00)")
    change(database_url, "UPDATE packages SET active = false WHERE package_id = 'starter'")
    second = price_packages(account("second"), database_url)
    assert second.keys() == {"professional", "team", "enterprise"}
    assert {package: first[package] for package in second.keys() & first.keys()} == {
        package: price for package, price in second.items() if package != "team"
    }
    assert len({*first.values(), second["team"]}) == 4


def test_another_amount_is_another_price_as_it_is_at_stripe(database_url: str) -> None:
    first = price_packages(account("first"), database_url)["starter"]
    change(database_url, "UPDATE packages SET amount = 11 WHERE package_id = 'starter'")
    second = price_packages(account("second"), database_url)["starter"]
    assert known(database_url)["starter"] == [first, second]


def test_a_package_in_yen_gets_a_price_in_yen(database_url: str) -> None:
    yen = "UPDATE packages SET amount = 1500, currency = 'jpy' WHERE package_id = 'starter'"
    change(database_url, yen)
    sold = account("any")
    starter = price_packages(sold, database_url)["starter"]
    (price,) = [each for each in sold.prices() if each["id"] == starter]
    assert (price["unit_amount"], price["currency"]) == (1500, "jpy")


def test_the_packages_of_a_till_in_a_schema_of_its_own_are_priced_there(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_SCHEMA", "My-Till")
    migrate(empty_database_url)
    assert price_packages(account("any"), empty_database_url).keys() == {
        "starter",
        "professional",
        "enterprise",
    }


def test_a_price_of_ones_own_stays(database_url: str) -> None:
    change(database_url, "UPDATE packages SET stripe_price_ids = '{price_own}'")
    prices = price_packages(account("any"), database_url)
    assert known(database_url)["starter"] == ["price_own", prices["starter"]]


def test_sessions_and_events_of_two_accounts_with_the_same_prices_differ(database_url: str) -> None:
    ids = set()
    for id_seed in ("first", "second"):
        sold = account(id_seed)
        price = price_packages(sold, database_url)["starter"]
        session_id = sold.create_checkout_session([(price, 1)])["id"]
        ids |= {session_id, *(event["id"] for event in sold.complete(session_id))}
    assert len(ids) == 2 * (1 + len(sold.events))
