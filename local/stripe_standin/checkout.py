"""Checkout sessions: opening one, and the ends it can come to without a payment.

A session in `payment` mode has no payment intent until the buyer confirms it.
Source: https://docs.stripe.com/changelog/2022-08-01/deferred-paymentintent-checkout-session
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from local.stripe_standin import money
from local.stripe_standin.errors import IllegalMove, Json
from local.stripe_standin.session_shape import blank_session, customer_details
from local.stripe_standin.store import Store

_SECONDS_OPEN = 24 * 3600


@dataclass(frozen=True)
class Order:
    """What a session is opened for. Amounts are in minor units of `currency`."""

    lines: Sequence[tuple[Json, int]]
    currency: str
    mode: str = "payment"
    client_reference_id: str | None = None
    customer_email: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    payment_intent_metadata: dict[str, str] = field(default_factory=dict)
    payment_method_types: tuple[str, ...] = ("card",)
    capture_method: str = "automatic_async"
    discount_minor: int = 0
    tax_minor: int = 0
    success_url: str | None = "https://example.com/success"
    cancel_url: str | None = None
    exchange_rate: Decimal | None = None
    presentment: tuple[int, str] | None = None
    buyer_email: str = "buyer@example.com"


def create(store: Store, order: Order) -> Json:
    """Open a session for an order; it expires 24 hours later unless completed."""
    items = _line_items(store, order)
    livemode = "live" if store.livemode else "test"
    session_id = store.ids.new(f"cs_{livemode}_a1", 58)
    store.line_items[session_id] = items
    store.orders[session_id] = _remembered(order)
    email = order.customer_email
    return store.add(
        {
            **blank_session(),
            **_amounts(order, items),
            "id": session_id,
            "object": "checkout.session",
            "cancel_url": order.cancel_url,
            "client_reference_id": order.client_reference_id,
            "created": store.now(),
            "customer_details": None if email is None else customer_details(email, None),
            "customer_email": email,
            "expires_at": store.now() + _SECONDS_OPEN,
            "livemode": store.livemode,
            "metadata": dict(order.metadata),
            "mode": order.mode,
            "payment_intent": None,
            "payment_method_types": list(order.payment_method_types),
            "payment_status": "no_payment_required" if order.mode == "setup" else "unpaid",
            "status": "open",
            "success_url": order.success_url,
            "url": store.checkout_url + session_id,
        }
    )


def open_session(store: Store, session_id: str) -> Json:
    """The session, if the buyer can still act on it; else IllegalMove."""
    session = store.get("checkout.session", session_id)
    if session["status"] != "open":
        raise IllegalMove(f"session {session_id} is {session['status']}, not open")
    return session


def close(store: Store, session: Json, payment_status: str) -> None:
    """Mark a session complete, with the details that its buyer gave."""
    email = session["customer_email"] or store.orders[session["id"]]["buyer_email"]
    store.update(
        session,
        status="complete",
        payment_status=payment_status,
        customer_details=customer_details(email, "US"),
        url=None,
    )
    presentment = store.orders[session["id"]]["presentment"]
    if presentment is not None:
        store.update(session, presentment_details=dict(presentment))


def complete_without_payment(store: Store, session: Json) -> None:
    """A free session, and the modes that take no payment by a payment intent of their own."""
    free = session["mode"] == "setup" or session["amount_total"] == 0
    if session["mode"] == "subscription":
        store.update(session, subscription=store.ids.new("sub_1"))
    close(store, session, "no_payment_required" if free else "paid")
    store.record("checkout.session.completed", session)


def _line_items(store: Store, order: Order) -> list[Json]:
    subtotals = [price["unit_amount"] * quantity for price, quantity in order.lines]
    discounts = money.shared(order.discount_minor, subtotals)
    taxes = money.shared(order.tax_minor, subtotals)
    return [
        _line_item(store, price, quantity, discount, tax)
        for (price, quantity), discount, tax in zip(order.lines, discounts, taxes, strict=True)
    ]


def _line_item(store: Store, price: Json, quantity: int, discount: int, tax: int) -> Json:
    subtotal = price["unit_amount"] * quantity
    return {
        "id": store.ids.new("li_1"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": discount,
        "amount_subtotal": subtotal,
        "amount_tax": tax,
        "amount_total": subtotal - discount + tax,
        "currency": price["currency"],
        "description": store.get("product", price["product"])["name"],
        "metadata": {},
        "price": price,
        "quantity": quantity,
    }


def _amounts(order: Order, items: Sequence[Json]) -> Json:
    if order.mode == "setup":
        nothing = {"amount_subtotal": None, "amount_total": None, "total_details": None}
        return {**nothing, "currency": order.currency}
    return {
        "amount_subtotal": sum(item["amount_subtotal"] for item in items),
        "amount_total": sum(item["amount_total"] for item in items),
        "currency": order.currency,
        "total_details": {
            "amount_discount": order.discount_minor,
            "amount_shipping": 0,
            "amount_tax": order.tax_minor,
        },
    }


def _remembered(order: Order) -> Json:
    """What only matters once the session is paid, and is no field of a session."""
    presentment = order.presentment and {
        "presentment_amount": order.presentment[0],
        "presentment_currency": order.presentment[1],
    }
    rate = order.exchange_rate or money.default_exchange_rate(order.currency)
    return {
        "buyer_email": order.buyer_email,
        "capture_method": order.capture_method,
        "exchange_rate": rate,
        "payment_intent_metadata": order.payment_intent_metadata,
        "presentment": presentment,
    }
