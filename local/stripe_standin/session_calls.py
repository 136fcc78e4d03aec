"""Checkout sessions over the API: create, update and expire.

Source: https://docs.stripe.com/api/checkout/sessions
"""

from __future__ import annotations

from local.stripe_standin import checkout, discounts, purchases, session_rules, shapes
from local.stripe_standin.api_writes import merged
from local.stripe_standin.calls import Call, Work, named
from local.stripe_standin.errors import Json, missing
from local.stripe_standin.line_calls import check_lines, check_total, read_lines
from local.stripe_standin.parameters import Parameters
from local.stripe_standin.session_shape import blank_session
from local.stripe_standin.store import Store

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
# Of `payment_intent_data`: shown on the payment intent as they were sent.
_INTENT = (
    "description",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
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
    mode = given.take("mode", "payment")
    shown_as = session_rules.ui_mode(given)
    ways = given.take("payment_method_types", []) + given.take("allowed_payment_method_types", [])
    expires_at = given.take("expires_at")
    session_rules.check_together(given, mode)
    session_rules.check_addresses(given, shown_as, ways)
    session_rules.check_expiry(expires_at, store.now())
    if mode != "setup" and not given.count("line_items"):
        raise missing("line_items")
    lines = read_lines(store, given, before)
    currency = check_lines(lines, mode, given.take("currency"), _MOST_LINES[mode])
    customer, found = given.take("customer"), discounts.read(store, given)
    if customer is not None:
        named(store, "customer", customer, "customer", 400)
    _check_amounts(store, lines, found, currency, customer, mode)
    data = given.group("payment_intent_data")
    options = given.peek("payment_method_options") or {}
    order = checkout.Order(
        lines=lines,
        currency=currency,
        mode=mode,
        customer=customer,
        customer_email=given.take("customer_email"),
        metadata=given.metadata(),
        payment_intent_metadata=data.metadata(),
        payment_method_types=tuple(ways) or ("card",),
        capture_method=_capture_method(data.take("capture_method"), options),
        discounts=found,
        expires_at=expires_at,
        keeps_address=(given.take("customer_update") or {}).get("address") == "auto",
        shown={"ui_mode": shown_as, **_shown(given)},
        intent=shapes.shown("payment_intent", data.given(*_INTENT)),
    )
    data.finish()
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


def _check_amounts(
    store: Store,
    lines: list[checkout.Line],
    found: list[Json],
    currency: str,
    customer: str | None,
    mode: str,
) -> None:
    subtotal = sum(line.price["unit_amount"] * line.quantity for line in lines)
    less = discounts.minor(store, found, subtotal, currency, customer)
    if mode == "payment":
        check_total(subtotal - less, currency)


def _capture_method(asked: str | None, options: Json) -> str:
    """Cards can be captured by hand although other ways to pay are not."""
    return asked or (options.get("card") or {}).get("capture_method") or "automatic_async"


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
