"""Checkout sessions over the API: created, changed, expired, and what Stripe refuses about them.

Source: https://docs.stripe.com/api/checkout/sessions
"""

from __future__ import annotations

from collections.abc import Sequence

from standin import checkout, discounts, published, purchases
from standin.calls import Call, Parameters, Work, named
from standin.errors import Json, invalid, missing
from standin.line_items import check_lines, check_total, read_lines
from standin.payment_intents import DESCRIBED
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
# The names of before 2026-03-25.dahlia are still sent by older programs.
_RENAMED = {"custom": "elements", "embedded": "embedded_page", "hosted": "hosted_page"}
_MODES = {
    "line_items": ("payment", "subscription"),
    "payment_intent_data": ("payment",),
    "setup_intent_data": ("setup",),
    "submit_type": ("payment", "subscription"),
    "subscription_data": ("subscription",),
}
# Ways to pay that never lead the buyer to another site.
_STAYING = frozenset(
    ("acss_debit", "au_becs_debit", "card", "link", "sepa_debit", "us_bank_account")
)
_SOONEST_SECONDS, _LATEST_SECONDS = 30 * 60, 24 * 3600
_MOST_CUSTOM_FIELDS = 3


def create_session(store: Store, call: Call) -> Work:
    before: list[Json] = []
    order = read_order(store, call.given, before)

    def work() -> Json:
        for each in before:
            store.add(each)
        return checkout.create(store, order)

    return work


def read_order(store: Store, given: Parameters, before: list[Json]) -> checkout.Order:
    """What a session is to be opened for; prices and products that it needs go to `before`."""
    mode, ui_mode = given.take("mode", "payment"), given.take("ui_mode", "hosted_page")
    shown_as = _RENAMED.get(ui_mode, ui_mode)
    ways = given.take("payment_method_types", []) + given.take("allowed_payment_method_types", [])
    _check_together(given, mode)
    _check_addresses(given, shown_as, ways)
    _check_expiry(given.peek("expires_at"), store.now())
    if mode != "setup" and not given.count("line_items"):
        raise missing("line_items")
    lines = read_lines(store, given, before)
    currency = check_lines(lines, mode, given.take("currency"), _MOST_LINES[mode])
    order = checkout.Order(
        lines=lines,
        currency=currency,
        mode=mode,
        customer=_customer(store, given),
        customer_email=given.take("customer_email"),
        metadata=given.metadata(),
        payment_method_types=ways or ("card",),
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
    metadata = call.given.changed_metadata(session["metadata"])
    return lambda: store.update(session, metadata=metadata)


def expire_session(store: Store, call: Call) -> Work:
    """Source: https://docs.stripe.com/api/checkout/sessions/expire"""
    session = named(store, "checkout.session", call.ids[0], "session")
    return lambda: purchases.expire(store, session["id"])


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
        "intent": published.shown("payment_intent", data.given(*DESCRIBED)),
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
    shown = published.shown("checkout.session", values, before=checkout.blank_session())
    configuration = given.take("payment_method_configuration")
    if configuration is not None:
        details = {"id": configuration, "parent": None}
        shown["payment_method_configuration_details"] = details
    return shown


def _check_together(given: Parameters, mode: str) -> None:
    """Raise for parameters that exclude each other, or that the mode does not have."""
    given.at_most_one("customer", "customer_email")
    given.at_most_one("customer", "customer_creation")
    given.at_most_one("allow_promotion_codes", "discounts")
    for name, modes in _MODES.items():
        if name in given and mode not in modes:
            raise given.invalid(name, f"You can not pass `{name}` in `{mode}` mode.")
    if "customer_update" in given and "customer" not in given:
        message = "`customer_update` can only be used with `customer`."
        raise given.invalid("customer_update", message)
    if given.count("custom_fields") > _MOST_CUSTOM_FIELDS:
        message = f"Array must have at most {_MOST_CUSTOM_FIELDS} elements."
        raise given.invalid("custom_fields", message)


def _check_addresses(given: Parameters, shown_as: str, ways: Sequence[str]) -> None:
    """Raise unless the session knows where its buyer goes, as its UI mode wants it."""
    if shown_as == "hosted_page":
        _refuse(given, shown_as, "return_url", "redirect_on_completion")
        given.needs("success_url")
        return
    _refuse(given, shown_as, "success_url", "cancel_url")
    if shown_as != "embedded_page":
        _refuse(given, shown_as, "redirect_on_completion")
    never = given.peek("redirect_on_completion") == "never"
    if never and "return_url" in given:
        message = "`return_url` can not be used with `redirect_on_completion` set to `never`."
        raise given.invalid("return_url", message)
    if not never and not (ways and _STAYING.issuperset(ways)):
        given.needs("return_url")


def _check_expiry(expires_at: int | None, now: int) -> None:
    if expires_at is not None and expires_at < now + _SOONEST_SECONDS:
        message = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session"
        raise invalid("expires_at", f"{message} creation.")
    if expires_at is not None and expires_at > now + _LATEST_SECONDS:
        message = "The `expires_at` timestamp must be less than 24 hours from Checkout Session"
        raise invalid("expires_at", f"{message} creation.")


def _refuse(given: Parameters, shown_as: str, *names: str) -> None:
    for name in names:
        if name in given:
            message = f"You can not pass `{name}` with `ui_mode` set to `{shown_as}`."
            raise given.invalid(name, message)
