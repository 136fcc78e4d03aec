"""Customers that Checkout makes. Those that an application makes are in the table of resources.

Shape: https://docs.stripe.com/api/customers/object
"""

from __future__ import annotations

from standin import shapes
from standin.errors import Json
from standin.store import Store

DEFAULTS: Json = {"balance": 0, "delinquent": False, "tax_exempt": "none"}


def create_for(store: Store, session: Json, email: str) -> None:
    """The customer of a session with `customer_creation=always`, once its buyer is known."""
    customer = store.add(
        {
            **shapes.blank("customer"),
            **DEFAULTS,
            "id": store.ids.new("cus_", 14),
            "object": "customer",
            "created": store.now(),
            "email": email,
            "livemode": store.livemode,
            "metadata": {},
        }
    )
    store.record("customer.created", customer)
    store.update(session, customer=customer["id"])
