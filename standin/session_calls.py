"""Checkout sessions over the API: create, update and expire.

Source: https://docs.stripe.com/api/checkout/sessions
"""

from __future__ import annotations

from standin import checkout, discounts, purchases, session_rules, shapes
from standin.api_writes import merged
from standin.calls import Call, Work, named
from standin.errors import Json
from standin.line_calls import check_lines, check_total, read_lines
from standin.parameters import Parameters
from standin.payment_intents import DESCRIBED
from standin.session_shape import blank_session
from standin.store import Store

_MOST_LINES = {"payment": 100, "subscription": 40, "setup": 0}
# Shown on the session as they were sent.
_SHOWN = (
    "adaptive_pricing",
    "after_expiration",
    "allow_promotion_codes",
    "automatic_tax",
    "billing_address_collection",
    "branding_settings",
    "cancel_url",
    "client_reference_id",
    "consent_collection",
    "custom_fields",
    "custom_text",
    "customer_creation",
    "excluded_payment_method_types",
    "integration_identifier",
    "invoice_creation",
    "locale",
    "managed_payments",
    "name_collection",
    "optional_items",
    "origin_context",
    "payment_method_collection",
    "payment_method_options",
    "permissions",
    "phone_number_collection",
    "redirect_on_completion",
    "return_url",
    "saved_payment_method_options",
    "shipping_address_collection",
    "submit_type",
    "success_url",
    "tax_id_collection",
    "wallet_options",
)


def create_session(store: Store, call: Call) -> Work:
    before: list[Json] = []
    order = read_order(store, call.given, before)

    def work() -> Json:
        for each in before:
            store.add(each)
        return checkout.create(store, order)

    return work


def read_order(store: Store, given: Parameters, before: list[Json]) -> checkout.Order:
    """What a session is to be opened for; what it needs in the catalogue is added to `before`."""
    mode, shown_as = given.take("mode", "payment"), session_rules.ui_mode(given)
    ways = given.take("payment_method_types", []) + given.take("allowed_payment_method_types", [])
    session_rules.check(given, mode, shown_as, ways, store.now())
    lines = read_lines(store, given, before)
    currency = check_lines(lines, mode, given.take("currency"), _MOST_LINES[mode])
    order = checkout.Order(
        lines=lines,
        currency=currency,
        mode=mode,
        customer=_customer(store, given),
        customer_email=given.take("customer_email"),
        metadata=given.metadata(),
        payment_method_types=tuple(ways) or ("card",),
        discounts=discounts.read(store, given),
        expires_at=given.take("expires_at"),
        keeps_address=(given.take("customer_update") or {}).get("address") == "auto",
        **_of_the_intent(given),
        shown={"ui_mode": shown_as, **_shown(given)},
    )
    _check_amounts(store, order)
    return order


def update_session(store: Store, call: Call) -> Work:
    """Source: https://docs.stripe.com/api/checkout/sessions/update"""
    session = named(store, "checkout.session", call.ids[0], "session")
    metadata = session["metadata"]
    if "metadata" in call.given:
        metadata = merged(metadata, call.given.take("metadata"))

    def work() -> Json:
        store.update(session, metadata=metadata)
        return session

    return work


def expire_session(store: Store, call: Call) -> Work:
    """Source: https://docs.stripe.com/api/checkout/sessions/expire"""
    session = named(store, "checkout.session", call.ids[0], "session")

    def work() -> Json:
        purchases.expire(store, session["id"])
        return session

    return work


def _customer(store: Store, given: Parameters) -> str | None:
    customer: str | None = given.take("customer")
    if customer is not None:
        named(store, "customer", customer, "customer", 400)
    return customer


def _of_the_intent(given: Parameters) -> Json:
    """What `payment_intent_data` says. Cards may be captured by hand, other ways to pay not."""
    data = given.group("payment_intent_data")
    by_card = (given.peek("payment_method_options") or {}).get("card") or {}
    method = data.take("capture_method") or by_card.get("capture_method")
    fields = {
        "payment_intent_metadata": data.metadata(),
        "capture_method": method or "automatic_async",
        "intent": shapes.shown("payment_intent", data.given(*DESCRIBED)),
    }
    data.finish()
    return fields


def _check_amounts(store: Store, order: checkout.Order) -> None:
    subtotal = sum(line.price["unit_amount"] * line.quantity for line in order.lines)
    found, currency = list(order.discounts), order.currency
    less = discounts.minor(store, found, subtotal, currency, order.customer)
    if order.mode == "payment":
        check_total(subtotal - less, currency)


def _shown(given: Parameters) -> Json:
    values = given.given(*_SHOWN)
    for each in values.get("custom_fields", ()):
        each.setdefault(each["type"], {})
    shown = shapes.shown("checkout.session", values, before=blank_session())
    configuration = given.take("payment_method_configuration")
    if configuration is not None:
        details = {"id": configuration, "parent": None}
        shown["payment_method_configuration_details"] = details
    return shown
