"""Sells the database's packages in a stand-in Stripe account."""

from __future__ import annotations

import psycopg

from local.stripe_standin import StripeAccount


def price_packages(account: StripeAccount, database_url: str) -> dict[str, str]:
    """Make a price in `account` for each package, and tell the database which is whose.

    Answers with the price id of each package id.
    """
    prices: dict[str, str] = {}
    with psycopg.connect(database_url) as connection:
        packages = connection.execute(
            "SELECT package_id, package_name, (amount_usd * 100)::bigint FROM packages"
            " WHERE active ORDER BY amount_usd"
        ).fetchall()
        for package_id, package_name, amount_minor in packages:
            prices[package_id] = account.create_price(amount_minor, "usd", package_name)["id"]
            connection.execute(
                "UPDATE packages SET stripe_price_ids = array_append(stripe_price_ids, %s)"
                " WHERE package_id = %s",
                (prices[package_id], package_id),
            )
    return prices
