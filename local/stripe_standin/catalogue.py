"""Products and prices.

Shapes: https://docs.stripe.com/api/products/object, https://docs.stripe.com/api/prices/object
"""

from __future__ import annotations

from collections.abc import Mapping

from local.stripe_standin.errors import Json
from local.stripe_standin.store import Store


def create_product(store: Store, name: str, metadata: Mapping[str, str] | None = None) -> Json:
    now = store.now()
    return store.add(
        {
            "id": store.ids.new("prod_", 14),
            "object": "product",
            "active": True,
            "created": now,
            "default_price": None,
            "description": None,
            "images": [],
            "livemode": store.livemode,
            "marketing_features": [],
            "metadata": dict(metadata or {}),
            "name": name,
            "package_dimensions": None,
            "shippable": None,
            "statement_descriptor": None,
            "tax_code": None,
            "type": "service",
            "unit_label": None,
            "updated": now,
            "url": None,
        }
    )


def create_price(
    store: Store,
    product_id: str,
    unit_amount_minor: int,
    currency: str,
    metadata: Mapping[str, str] | None = None,
    price_id: str | None = None,
) -> Json:
    return store.add(
        {
            "id": price_id or store.ids.new("price_1"),
            "object": "price",
            "active": True,
            "billing_scheme": "per_unit",
            "created": store.now(),
            "currency": currency,
            "custom_unit_amount": None,
            "livemode": store.livemode,
            "lookup_key": None,
            "metadata": dict(metadata or {}),
            "nickname": None,
            "product": product_id,
            "recurring": None,
            "tax_behavior": "unspecified",
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": unit_amount_minor,
            "unit_amount_decimal": str(unit_amount_minor),
        }
    )
