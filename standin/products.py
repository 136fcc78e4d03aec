"""Products and prices: made in Python, over the API, and along the way (`*_data`).

Sources: https://docs.stripe.com/api/products, https://docs.stripe.com/api/prices
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from standin.calls import Parameters, named
from standin.errors import Json, lacking
from standin.money import MOST_MINOR
from standin.published import shown
from standin.store import Store

_PRODUCT_DATA = ("active", "description", "images", "statement_descriptor", "tax_code")
_RECURRING: Json = {"interval_count": 1, "usage_type": "licensed"}


def create_price(
    store: Store,
    product_name: str,
    unit_amount_minor: int,
    currency: str,
    metadata: Mapping[str, str] | None = None,
    price_id: str | None = None,
) -> Json:
    """A price with a product of its own, made in Python."""
    product = store.add(new_product(store, name=product_name))
    fields: Json = {"currency": currency, "metadata": dict(metadata or {})}
    if price_id is not None:
        fields["id"] = price_id
    amount = {"unit_amount": unit_amount_minor, "unit_amount_decimal": str(unit_amount_minor)}
    return store.add(new_price(store, product["id"], **amount, **fields))


def new_product(store: Store, **fields: Any) -> Json:
    """A product that is not in the store yet."""
    product_id = store.ids.new("prod_", 14)
    return store.new("product", **{"id": product_id, "active": True, "type": "service", **fields})


def new_price(store: Store, product_id: str, **fields: Any) -> Json:
    """A price that is not in the store yet."""
    made = {"id": store.ids.new("price_1"), "active": True, "tax_behavior": "unspecified"}
    return store.new("price", product=product_id, **{**made, **fields})


def complete_price(store: Store, given: Parameters, new: Json) -> list[Json]:
    """A price by `POST /v1/prices`; answers the product that is made with it, if one is."""
    new |= _priced(given)
    before: list[Json] = []
    new["product"] = _product_of(store, given, before)
    return before


def complete_product(store: Store, given: Parameters, new: Json) -> list[Json]:
    """A product by `POST /v1/products`; answers the default price that is made with it."""
    if "default_price_data" not in given:
        return []
    data = given.group("default_price_data")
    fields = {"metadata": data.metadata(), **_priced(data), **data.given("tax_behavior")}
    data.finish()
    price = new_price(store, new["id"], **fields)
    new["default_price"] = price["id"]
    return [price]


def price_from_data(store: Store, data: Parameters, before: list[Json]) -> Json:
    """A price for one purchase only, from `price_data`; what it needs is added to `before`."""
    fields = _priced(data) | data.given("tax_behavior")
    product_id = _product_of(store, data, before)
    data.finish()
    price = new_price(store, product_id, **fields, active=False)
    before.append(price)
    return price


def _priced(given: Parameters) -> Json:
    amount = _unit_amount_minor(given)
    recurring = given.take("recurring")
    if recurring is not None:
        fields = {"recurring": {**_RECURRING, **recurring}}
        recurring = shown("price", fields)["recurring"]
    return {
        "billing_scheme": "per_unit",
        "currency": given.required("currency"),
        "recurring": recurring,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }


def _unit_amount_minor(given: Parameters) -> int:
    given.at_most_one("unit_amount", "unit_amount_decimal")
    if "unit_amount_decimal" not in given:
        return _within(given, "unit_amount", given.required("unit_amount"))
    amount = Decimal(given.take("unit_amount_decimal"))
    if amount != amount.to_integral_value():
        name = given.name("unit_amount_decimal")
        raise lacking(f"{name} with a part of a minor unit", name)
    return _within(given, "unit_amount_decimal", int(amount))


def _within(given: Parameters, name: str, amount_minor: int) -> int:
    code = "parameter_invalid_integer"
    if amount_minor < 0:
        raise given.invalid(name, "This value must be greater than or equal to 0.", code)
    if amount_minor > MOST_MINOR:
        message = f"This value must be less than or equal to {MOST_MINOR}."
        raise given.invalid(name, message, code)
    return amount_minor


def _product_of(store: Store, given: Parameters, before: list[Json]) -> str:
    given.at_most_one("product", "product_data")
    if "product_data" not in given:
        product_id: str = given.required("product")
        named(store, "product", product_id, given.name("product"), 400)
        return product_id
    data = given.group("product_data")
    fields = {"name": data.required("name"), "metadata": data.metadata()}
    fields |= data.given(*_PRODUCT_DATA, "unit_label")
    data.finish()
    before.append(new_product(store, **fields))
    made: str = before[-1]["id"]
    return made
