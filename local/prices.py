"""Sells the database's packages in a stand-in Stripe account."""

from __future__ import annotations

import psycopg

from adapters.search_path import asking_for
from adapters.settings import settings
from domain.payment import to_minor
from standin import StripeAccount
from standin.ids import Ids


def price_packages(account: StripeAccount, database_url: str) -> dict[str, str]:
    """Make a price in `account` for each package, and tell the database which is whose.

    Answers with the price id of each package id, which is the same whenever the package and its
    amount are: an application that names it can go on with the next account.
    """
    prices: dict[str, str] = {}
    with psycopg.connect(asking_for(settings().database.schema, database_url)) as connection:
        packages = connection.execute(
            "SELECT package_id, package_name, amount, currency FROM packages"
            " WHERE active ORDER BY amount"
        ).fetchall()
        for package_id, package_name, amount, currency in packages:
            amount_minor = to_minor(amount, currency)
            price_id = Ids(f"{package_id}:{amount_minor}:{currency}").new("price_1")
            account.create_price(amount_minor, currency, package_name, price_id=price_id)
            prices[package_id] = price_id
            connection.execute(
                "UPDATE packages SET stripe_price_ids = array_append(stripe_price_ids, %(price)s)"
                " WHERE package_id = %(package)s AND %(price)s <> ALL (stripe_price_ids)",
                {"price": price_id, "package": package_id},
            )
    return prices
