"""Prices and products as calls of the API make them, also those made along the way (`*_data`).

Sources: https://docs.stripe.com/api/prices/create, https://docs.stripe.com/api/products/create
"""

from __future__ import annotations

from decimal import Decimal

from standin import catalogue, shapes
from standin.calls import named
from standin.currencies import MOST_MINOR
from standin.errors import Json, lacking
from standin.parameters import Parameters
from standin.store import Store

_PRODUCT_DATA = ("active", "description", "images", "statement_descriptor", "tax_code")
_RECURRING: Json = {"interval_count": 1, "usage_type": "licensed"}


def complete_price(store: Store, given: Parameters, new: Json) -> list[Json]:
    """A price by `POST /v1/prices`; answers the product that is made with it, if one is."""
    new |= _priced(given)
    before: list[Json] = []
    new["product"] = _product_of(store, given, before)
    return before


def complete_product(store: Store, given: Parameters, new: Json) -> list[Json]:
    """A product by `POST /v1/products`; answers the default price that is made with it."""
    new["updated"] = store.now()
    if "default_price_data" not in given:
        return []
    data = given.group("default_price_data")
    price = catalogue.new_price(store, new["id"], 0, metadata=data.metadata())
    price |= _priced(data) | data.given("tax_behavior")
    data.finish()
    new["default_price"] = price["id"]
    return [price]


def price_from_data(store: Store, data: Parameters, before: list[Json]) -> Json:
    """A price for one purchase only, from `price_data`; what it needs is added to `before`."""
    fields = _priced(data) | data.given("tax_behavior")
    product_id = _product_of(store, data, before)
    data.finish()
    price = catalogue.new_price(store, product_id, 0, **{**fields, "active": False})
    before.append(price)
    return price


def _priced(given: Parameters) -> Json:
    amount = _unit_amount_minor(given)
    recurring = given.take("recurring")
    if recurring is not None:
        fields = {"recurring": {**_RECURRING, **recurring}}
        recurring = shapes.shown("price", fields)["recurring"]
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
    before.append(catalogue.new_product(store, **fields))
    made: str = before[-1]["id"]
    return made
