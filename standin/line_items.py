"""Line items: what a session or a payment link sells, and what Stripe refuses about it.

Source: https://docs.stripe.com/api/checkout/sessions/create, `line_items`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from standin.calls import Parameters, named
from standin.errors import ApiError, IllegalMove, Json, invalid
from standin.money import MOST_MINOR, display, least_minor
from standin.products import create_price, price_from_data
from standin.published import shown
from standin.store import Store

_MOST_QUANTITY = 999_999
_TOO_SMALL = "parameter_invalid_integer"


@dataclass(frozen=True)
class Line:
    """A price times a quantity, with what the line item shows beside them."""

    price: Json
    quantity: int
    shown: Json = field(default_factory=dict)


def sold(store: Store, price: str | int, quantity: int, currency: str | None) -> Line:
    """A line as a program gives it: the id of a price, or an amount in minor units."""
    if isinstance(price, int):
        return Line(create_price(store, "Tokens", price, currency or "usd"), quantity)
    found = store.get("price", price)
    if currency not in (None, found["currency"]):
        raise IllegalMove(f"price {price} is in {found['currency']}, not {currency}")
    return Line(found, quantity)


def line_item(store: Store, line: Line, products: Mapping[str, Json] | None = None) -> Json:
    """A line as the API shows it. `products` are those that are not in the store yet."""
    product_id = line.price["product"]
    product = (products or {}).get(product_id) or store.get("product", product_id)
    amount = line.price["unit_amount"] * line.quantity
    fields: Json = {
        "id": store.ids.new("li_1"),
        "amount_subtotal": amount,
        "amount_total": amount,
        "currency": line.price["currency"],
        "description": product["name"],
        "metadata": {},
        "price": line.price,
        "quantity": line.quantity,
        **line.shown,
    }
    return store.new("item", **fields)


def read_lines(store: Store, given: Parameters, before: list[Json]) -> list[Line]:
    """The lines of `line_items`; the prices and products that they need are added to `before`."""
    return [_line(store, each, before) for each in given.groups("line_items")]


def check_lines(lines: Sequence[Line], mode: str, currency: str | None, most: int) -> str:
    """Raise for lines that do not go together, or not with the mode; answers their currency."""
    if len(lines) > most:
        raise invalid("line_items", f"Array must have at most {most} elements.")
    recurring = [line.price["recurring"] for line in lines if line.price["recurring"]]
    if mode == "payment" and recurring:
        message = "You specified `payment` mode but passed a recurring price. Either switch to"
        raise invalid("line_items", f"{message} `subscription` mode or use only one-time prices.")
    if mode == "subscription" and not recurring:
        message = "You must provide at least one recurring price in `subscription` mode."
        raise invalid("line_items", message)
    if len({(each["interval"], each["interval_count"]) for each in recurring}) > 1:
        message = "Checkout does not support multiple prices with different billing intervals."
        raise invalid("line_items", message)
    return _one_currency(lines, currency)


def check_total(total_minor: int, currency: str) -> None:
    """Raise for an amount that Stripe does not charge. Nothing to pay is fine."""
    least = least_minor(currency)
    if total_minor > MOST_MINOR:
        most = display(MOST_MINOR, currency)
        message = f"The Checkout Session's total amount due must be no more than {most}."
        raise ApiError(400, message, code="amount_too_large")
    if 0 < total_minor < least:
        message = "The Checkout Session's total amount due must add up to at least"
        raise ApiError(400, f"{message} {display(least, currency)}.", code="amount_too_small")


def _line(store: Store, given: Parameters, before: list[Json]) -> Line:
    given.at_most_one("price", "price_data")
    adjustable = given.take("adjustable_quantity")
    quantity = _quantity(given, adjustable)
    if "price_data" in given:
        price = price_from_data(store, given.group("price_data"), before)
    else:
        price = _active(store, given.required("price"), given.name("price"))
    beside: Json = {"metadata": given.metadata()}
    if adjustable is not None:
        fields = {"adjustable_quantity": {"maximum": 99, "minimum": 0, **adjustable}}
        beside |= shown("item", fields)
    given.finish()
    return Line(price, quantity, beside)


def _quantity(given: Parameters, adjustable: Any) -> int:
    quantity: int = given.required("quantity")
    least = 0 if adjustable and adjustable["enabled"] else 1
    if quantity < least:
        message = f"This value must be greater than or equal to {least}."
        raise given.invalid("quantity", message, _TOO_SMALL)
    if quantity > _MOST_QUANTITY:
        message = f"This value must be less than or equal to {_MOST_QUANTITY}."
        raise given.invalid("quantity", message, _TOO_SMALL)
    return quantity


def _active(store: Store, price_id: str, param: str) -> Json:
    price = named(store, "price", price_id, param, 400)
    if not price["active"]:
        message = "The price specified is inactive. This field only accepts active prices."
        raise invalid(param, message)
    return price


def _one_currency(lines: Sequence[Line], currency: str | None) -> str:
    found = list(dict.fromkeys(line.price["currency"] for line in lines))
    if len(found) > 1:
        message = "All line items must have the same currency, but these have"
        raise invalid("line_items", f"{message} {' and '.join(found)}.")
    if currency is not None and found not in ([], [currency]):
        message = f"The currency {currency} is not that of the line items, which is {found[0]}."
        raise invalid("currency", message)
    return currency or (found[0] if found else "usd")
