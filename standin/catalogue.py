"""Products and prices.

Shapes: https://docs.stripe.com/api/products/object, https://docs.stripe.com/api/prices/object
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from standin.errors import Json
from standin.store import Store


def create_product(store: Store, name: str) -> Json:
    return store.add(new_product(store, name=name))


def create_price(
    store: Store,
    product_id: str,
    unit_amount_minor: int,
    currency: str,
    metadata: Mapping[str, str] | None = None,
    price_id: str | None = None,
) -> Json:
    changes: Json = {"currency": currency, "metadata": dict(metadata or {})}
    if price_id is not None:
        changes["id"] = price_id
    return store.add(new_price(store, product_id, unit_amount_minor, **changes))


def new_product(store: Store, **changes: Any) -> Json:
    """A product that is not in the store yet."""
    now = store.now()
    return {
        "id": store.ids.new("prod_", 14),
        "object": "product",
        "active": True,
        "created": now,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": store.livemode,
        "marketing_features": [],
        "metadata": {},
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": now,
        "url": None,
        **changes,
    }


def new_price(store: Store, product_id: str, unit_amount_minor: int, **changes: Any) -> Json:
    """A price that is not in the store yet."""
    return {
        "id": store.ids.new("price_1"),
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": store.now(),
        "custom_unit_amount": None,
        "livemode": store.livemode,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product_id,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if changes.get("recurring") else "one_time",
        "unit_amount": unit_amount_minor,
        "unit_amount_decimal": str(unit_amount_minor),
        **changes,
    }
