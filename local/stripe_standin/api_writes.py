"""The API's POST requests: create sessions, prices, products and refunds; expire a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from local.stripe_standin import catalogue, checkout, expansion, purchases, refunds
from local.stripe_standin.errors import ApiError, IllegalMove, Json, resource_missing
from local.stripe_standin.parameters import Parameters
from local.stripe_standin.store import Store

_Result = TypeVar("_Result")
_MODES = ("payment", "setup", "subscription")
_REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create_session(store: Store, given: Parameters) -> Json:
    """Source: https://docs.stripe.com/api/checkout/sessions/create"""
    tree = expansion.tree_of(given.texts("expand"))
    mode = given.one_of("mode", _MODES) or "payment"
    lines = [_line(store, each) for each in given.groups("line_items")]
    if not lines and mode != "setup":
        message = "Missing required param: line_items."
        raise given.invalid("line_items", message, "parameter_missing")
    intent_data = given.group("payment_intent_data")
    order = checkout.Order(
        lines=lines,
        currency=given.text("currency") or (lines[0][0]["currency"] if lines else "usd"),
        mode=mode,
        client_reference_id=given.text("client_reference_id"),
        customer_email=given.text("customer_email"),
        metadata=given.metadata(),
        payment_intent_metadata=intent_data.metadata(),
        payment_method_types=tuple(given.texts("payment_method_types")) or ("card",),
        success_url=given.text("success_url"),
        cancel_url=given.text("cancel_url"),
    )
    given.ignore("allow_promotion_codes", "automatic_tax", "customer_creation", "expires_at")
    given.ignore("invoice_creation", "locale", "submit_type", "ui_mode")
    given.finish()
    return expansion.expanded(store, checkout.create(store, order), tree)


def expire_session(store: Store, session_id: str, given: Parameters) -> Json:
    """Source: https://docs.stripe.com/api/checkout/sessions/expire"""
    tree = expansion.tree_of(given.texts("expand"))
    given.finish()
    session = store.find("checkout.session", session_id)
    if session is None:
        raise resource_missing("checkout.session", session_id, "session")
    _allowed(lambda: purchases.expire(store, session_id))
    return expansion.expanded(store, session, tree)


def create_refund(store: Store, given: Parameters) -> Json:
    """Source: https://docs.stripe.com/api/refunds/create"""
    tree = expansion.tree_of(given.texts("expand"))
    charge = _charge_to_refund(store, given)
    amount_minor = given.whole("amount", least=1)
    reason = given.one_of("reason", _REASONS)
    metadata = given.metadata()
    given.finish()
    refund = _allowed(lambda: refunds.create(store, charge, amount_minor, reason))
    store.update(refund, metadata=metadata)
    return expansion.expanded(store, refund, tree)


def create_product(store: Store, given: Parameters) -> Json:
    """Source: https://docs.stripe.com/api/products/create"""
    name, metadata = given.required("name"), given.metadata()
    given.ignore("active", "description", "expand")
    given.finish()
    return catalogue.create_product(store, name, metadata)


def create_price(store: Store, given: Parameters) -> Json:
    """Source: https://docs.stripe.com/api/prices/create"""
    tree = expansion.tree_of(given.texts("expand"))
    metadata = given.metadata()
    price = _new_price(store, given, metadata)
    given.ignore("active", "nickname", "lookup_key", "tax_behavior")
    given.finish()
    return expansion.expanded(store, price, tree)


def _line(store: Store, given: Parameters) -> tuple[Json, int]:
    quantity = given.whole("quantity", least=0)
    price_id = given.text("price")
    data = given.group("price_data")
    given.ignore("adjustable_quantity", "tax_rates", "dynamic_tax_rates")
    given.finish()
    if price_id is None:
        return _new_price(store, data, {}), 1 if quantity is None else quantity
    price = store.find("price", price_id)
    if price is None:
        raise resource_missing("price", price_id, given.name("price"), 400)
    return price, 1 if quantity is None else quantity


def _new_price(store: Store, given: Parameters, metadata: dict[str, str]) -> Json:
    currency = given.required("currency").lower()
    unit_amount = given.whole("unit_amount", least=0)
    if unit_amount is None:
        message = f"Missing required param: {given.name('unit_amount')}."
        raise given.invalid("unit_amount", message, "parameter_missing")
    product_id = given.text("product")
    if product_id is None:
        product_id = _new_product(store, given.group("product_data"))
    elif store.find("product", product_id) is None:
        raise resource_missing("product", product_id, given.name("product"), 400)
    return catalogue.create_price(store, product_id, unit_amount, currency, metadata)


def _new_product(store: Store, given: Parameters) -> str:
    product_id: str = catalogue.create_product(store, given.required("name"))["id"]
    return product_id


def _charge_to_refund(store: Store, given: Parameters) -> Json:
    charge_id, intent_id = given.text("charge"), given.text("payment_intent")
    if (charge_id is None) == (intent_id is None):
        message = "One of the following params should be provided: payment_intent or charge."
        raise ApiError(400, message)
    if intent_id is not None:
        intent = store.find("payment_intent", intent_id)
        if intent is None:
            raise resource_missing("payment_intent", intent_id, "payment_intent")
        charge_id = intent["latest_charge"]
    charge = store.find("charge", charge_id)
    if charge is None:
        raise resource_missing("charge", charge_id or "", "charge")
    return charge


def _allowed(move: Callable[[], _Result]) -> _Result:
    """Run a move; Stripe answers 400 where the state does not allow it."""
    try:
        return move()
    except IllegalMove as refused:
        raise ApiError(400, str(refused)) from refused
