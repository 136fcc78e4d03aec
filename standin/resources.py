"""The API's resources: of each, one line of what can be created, changed, listed and deleted.

Source: https://docs.stripe.com/api. What is in `creates` and `updates` is shown on the object
as it was sent; what a resource does beyond that is in its `prepare`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from standin import checkout, discounts, payment_links, products
from standin.calls import Parameters
from standin.errors import Json
from standin.payment_intents import DESCRIBED
from standin.store import Store

Prepare = Callable[[Store, Parameters, Json], list[Json]]


@dataclass(frozen=True)
class Resource:
    """How one type of object is reached.

    `param` is the name of its id in errors, `prefix` that of ids which a creation makes, and
    `defaults` what a new object has unless something else was sent. `prepare` takes what a
    creation has beside `creates`, completes the object, and answers the objects that are to be
    stored before it. `filters` are a list's: parameter → field. `events` is the first part of
    the events' names.
    """

    object_type: str
    param: str = "id"
    prefix: str = ""
    creates: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    updates: tuple[str, ...] = ()
    prepare: Prepare | None = None
    filters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    listed: bool = True
    deleted: bool = False
    events: str = ""


def _same(*names: str, **others: str) -> Mapping[str, str]:
    return MappingProxyType({**{name: name for name in names}, **others})


_CUSTOMER = (
    "address",
    "balance",
    "business_name",
    "description",
    "email",
    "individual_name",
    "invoice_prefix",
    "name",
    "next_invoice_sequence",
    "phone",
    "preferred_locales",
    "shipping",
    "tax_exempt",
)
_PRODUCT = (
    "active",
    "description",
    "images",
    "marketing_features",
    "name",
    "package_dimensions",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
)
_PRICE = ("active", "lookup_key", "nickname", "tax_behavior")


RESOURCES = {
    "balance_transactions": Resource(
        "balance_transaction", filters=_same("source", "currency", "type")
    ),
    "charges": Resource(
        "charge",
        updates=("description", "fraud_details", "receipt_email", "shipping", "transfer_group"),
        filters=_same("payment_intent", "customer", "transfer_group"),
        events="charge",
    ),
    "checkout/sessions": Resource(
        "checkout.session",
        "session",
        filters=_same(
            *("payment_intent", "customer", "customer_details", "payment_link", "status"),
            "subscription",
        ),
    ),
    "coupons": Resource(
        "coupon",
        "coupon",
        creates=(
            *("amount_off", "currency", "duration", "duration_in_months", "id"),
            *("max_redemptions", "name", "percent_off", "redeem_by"),
        ),
        defaults={"duration": "once", "valid": True},
        updates=("name",),
        prepare=discounts.complete_coupon,
        deleted=True,
        events="coupon",
    ),
    "customers": Resource(
        "customer",
        "customer",
        "cus_",
        creates=_CUSTOMER,
        defaults=checkout.NEW_CUSTOMER,
        updates=_CUSTOMER,
        filters=_same("email"),
        deleted=True,
        events="customer",
    ),
    "disputes": Resource("dispute", "dispute", filters=_same("charge", "payment_intent")),
    "events": Resource("event"),
    "payment_intents": Resource(
        "payment_intent", "intent", updates=DESCRIBED, filters=_same("customer")
    ),
    "payment_links": Resource(
        "payment_link",
        "payment_link",
        "plink_1",
        creates=payment_links.SHOWN,
        defaults=payment_links.DEFAULTS,
        updates=("active", *payment_links.SHOWN),
        prepare=payment_links.complete,
        filters=_same("active"),
        events="payment_link",
    ),
    "payment_methods": Resource("payment_method", "payment_method", listed=False),
    "prices": Resource(
        "price",
        "price",
        "price_1",
        creates=_PRICE,
        defaults={"active": True, "tax_behavior": "unspecified"},
        updates=_PRICE,
        prepare=products.complete_price,
        filters=_same(
            *("product", "active", "currency", "recurring", "type"), lookup_keys="lookup_key"
        ),
        events="price",
    ),
    "products": Resource(
        "product",
        "id",
        "prod_",
        creates=(*_PRODUCT, "id"),
        defaults={"active": True, "type": "service"},
        updates=(*_PRODUCT, "default_price"),
        prepare=products.complete_product,
        filters=_same("active", "shippable", "url", ids="id"),
        events="product",
    ),
    "promotion_codes": Resource(
        "promotion_code",
        "promotion_code",
        "promo_1",
        creates=(
            *("active", "code", "customer", "expires_at", "max_redemptions", "promotion"),
            "restrictions",
        ),
        defaults={"active": True},
        updates=("active", "restrictions"),
        prepare=discounts.complete_promotion_code,
        filters=_same("active", "code", "customer", coupon="promotion.coupon"),
        events="promotion_code",
    ),
    "refunds": Resource(
        "refund", "refund", filters=_same("charge", "payment_intent"), events="refund"
    ),
    "webhook_endpoints": Resource("webhook_endpoint", "webhook_endpoint"),
}
