"""Checkout sessions: opening one, and the ends it can come to without a payment.

A session in `payment` mode has no payment intent until the buyer confirms it.
Source: https://docs.stripe.com/changelog/2022-08-01/deferred-paymentintent-checkout-session
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import heappush
from typing import TypedDict

from standin import discounts, money
from standin.errors import IllegalMove, Json
from standin.line_items import Line, line_item
from standin.published import blank
from standin.store import Store

NEW_CUSTOMER: Json = {"balance": 0, "delinquent": False, "tax_exempt": "none"}

_SECONDS_OPEN = 24 * 3600


class Terms(TypedDict, total=False):
    """What a program may say about a session that it opens, beside its lines.

    `buyer_email` is what the buyer types when no `customer_email` is given;
    `exchange_rate` is US cents for one minor unit of the currency;
    `presentment` is (amount in minor units, currency) that Adaptive Pricing showed.
    """

    metadata: dict[str, str] | None
    customer_email: str | None
    buyer_email: str
    mode: str
    discount_minor: int
    tax_minor: int
    payment_method_types: Sequence[str]
    payment_intent_metadata: dict[str, str] | None
    capture_method: str
    exchange_rate: Decimal | None
    presentment: tuple[int, str] | None


@dataclass(frozen=True)
class Order:
    """What a session is opened for. Amounts are in minor units of `currency`.

    `shown` are fields of the session as they are sent, `intent` those of its payment intent;
    `discounts` are `{"coupon", "promotion_code"}`, and `discount_minor` is taken off beside them.
    """

    lines: Sequence[Line]
    currency: str
    mode: str = "payment"
    customer: str | None = None
    customer_email: str | None = None
    metadata: dict[str, str] | None = None
    payment_intent_metadata: dict[str, str] | None = None
    payment_method_types: Sequence[str] = ("card",)
    capture_method: str = "automatic_async"
    discounts: Sequence[Json] = ()
    discount_minor: int = 0
    tax_minor: int = 0
    expires_at: int | None = None
    exchange_rate: Decimal | None = None
    presentment: tuple[int, str] | None = None
    buyer_email: str = "buyer@example.com"
    keeps_address: bool = False
    shown: Json = field(default_factory=dict)
    intent: Json = field(default_factory=dict)


def create(store: Store, order: Order) -> Json:
    """Open a session for an order; it expires 24 hours later unless completed."""
    livemode = "live" if store.livemode else "test"
    session_id = store.ids.new(f"cs_{livemode}_a1", 58)
    store.line_items[session_id] = [line_item(store, line) for line in order.lines]
    store.orders[session_id] = _remembered(order)
    expires_at = order.expires_at or store.now() + _SECONDS_OPEN
    heappush(store.open_until, (expires_at, session_id))
    session = {
        **blank_session(),
        "id": session_id,
        "created": store.now(),
        "livemode": store.livemode,
        "currency": order.currency,
        "customer": order.customer,
        "customer_email": order.customer_email,
        "discounts": list(order.discounts),
        "expires_at": expires_at,
        "metadata": dict(order.metadata or {}),
        "mode": order.mode,
        "payment_method_types": list(order.payment_method_types),
        "payment_status": "no_payment_required" if order.mode == "setup" else "unpaid",
        "status": "open",
        **order.shown,
    }
    hosted = session["ui_mode"] == "hosted_page"
    session["url"] = store.checkout_url + session_id if hosted else None
    session["client_secret"] = None if hosted else f"{session_id}_secret_standin"
    email = _known_email(store, session)
    session["customer_details"] = None if email is None else _customer_details(email, None)
    store.add(session)
    price(store, session)
    return session


def blank_session() -> Json:
    """A session that is not stored, with what Stripe decides where nobody asks for anything."""
    invoice_data = blank("payment_pages_checkout_session_invoice_settings")
    return blank("checkout.session") | {
        "adaptive_pricing": {"enabled": True},
        "customer_creation": "if_required",
        "discounts": [],
        "invoice_creation": {"enabled": False, "invoice_data": invoice_data | {"metadata": {}}},
        "managed_payments": {"enabled": False},
        "payment_method_collection": "if_required",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "phone_number_collection": {"enabled": False},
        "ui_mode": "hosted_page",
    }


def price(store: Store, session: Json) -> None:
    """Work out the amounts of an open session from its line items and discounts."""
    if session["mode"] == "setup":
        return
    items, order = store.line_items[session["id"]], store.orders[session["id"]]
    subtotals = [item["price"]["unit_amount"] * item["quantity"] for item in items]
    subtotal, currency = sum(subtotals), session["currency"]
    args = (session["discounts"], subtotal, currency, session["customer"])
    discount = order["discount_minor"] + discounts.minor(store, *args)
    shared = zip(
        items,
        subtotals,
        money.shared(discount, subtotals),
        money.shared(order["tax_minor"], subtotals),
        strict=True,
    )
    for item, amount, less, tax in shared:
        item |= {"amount_discount": less, "amount_subtotal": amount, "amount_tax": tax}
        item["amount_total"] = amount - less + tax
    details = {"amount_discount": discount, "amount_shipping": 0, "amount_tax": order["tax_minor"]}
    total = subtotal - discount + order["tax_minor"]
    store.update(session, amount_subtotal=subtotal, amount_total=total, total_details=details)


def enter_code(store: Store, session_id: str, code: str) -> Json:
    """Apply the promotion code that the buyer typed, instead of any other discount."""
    session = open_session(store, session_id)
    if not session["allow_promotion_codes"]:
        raise IllegalMove(f"session {session_id} takes no promotion codes")
    found = discounts.by_code(store, code)
    if found is None:
        raise IllegalMove(f"There is no promotion code {code}.")
    new = [discounts.of_promotion_code(found)]
    args = (new, session["amount_subtotal"], session["currency"], session["customer"])
    discounts.minor(store, *args)
    store.update(session, discounts=new)
    price(store, session)
    return session


def adjust_quantity(store: Store, session_id: str, item_id: str, quantity: int) -> Json:
    """Change the quantity of a line item within its limits."""
    session = open_session(store, session_id)
    item = next((each for each in store.line_items[session_id] if each["id"] == item_id), None)
    limits = (item or {}).get("adjustable_quantity") or {"enabled": False}
    if item is None or not limits["enabled"]:
        raise IllegalMove(f"the quantity of {item_id} cannot be changed")
    if not limits["minimum"] <= quantity <= limits["maximum"]:
        message = f"The quantity must be from {limits['minimum']} to {limits['maximum']}."
        raise IllegalMove(message)
    item["quantity"] = quantity
    price(store, session)
    return session


def open_session(store: Store, session_id: str) -> Json:
    """The session, if the buyer can still act on it; else IllegalMove."""
    session = store.get("checkout.session", session_id)
    if session["status"] != "open":
        raise IllegalMove(f"session {session_id} is {session['status']}, not open")
    return session


def buyer_email(store: Store, session: Json) -> str:
    """The buyer's address: what is known of it, else what they type."""
    typed: str = store.orders[session["id"]]["buyer_email"]
    return _known_email(store, session) or typed


def close(store: Store, session: Json, payment_status: str) -> None:
    """Mark a session complete, with the details that its buyer gave."""
    order = store.orders[session["id"]]
    email = buyer_email(store, session)
    if session["customer_creation"] == "always":
        _create_customer(store, session, email)
    details = _customer_details(email, "US")
    changes = {"status": "complete", "payment_status": payment_status, "url": None}
    store.update(session, customer_details=details, **changes)
    if order["presentment"] is not None:
        store.update(session, presentment_details=dict(order["presentment"]))
    customer = store.find("customer", session["customer"])
    if customer is not None and order["keeps_address"]:
        store.update(customer, address=details["address"])
    discounts.redeem(store, session["discounts"])


def complete_without_payment(store: Store, session: Json) -> None:
    """A free session, and the modes that take no payment by a payment intent of their own."""
    free = session["mode"] == "setup" or session["amount_total"] == 0
    if session["mode"] == "subscription":
        store.update(session, subscription=store.ids.new("sub_1"))
    close(store, session, "no_payment_required" if free else "paid")
    store.record("checkout.session.completed", session)


def _known_email(store: Store, session: Json) -> str | None:
    """What is known of the buyer's address before they type one."""
    customer = store.find("customer", session["customer"])
    email: str | None = session["customer_email"] or (customer or {}).get("email")
    return email


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
        "discount_minor": order.discount_minor,
        "exchange_rate": rate,
        "intent": order.intent,
        "keeps_address": order.keeps_address,
        "payment_intent_metadata": order.payment_intent_metadata or {},
        "presentment": presentment,
        "tax_minor": order.tax_minor,
    }


def _customer_details(email: str, country: str | None) -> Json:
    """What the buyer typed into Checkout."""
    details = blank("payment_pages_checkout_session_customer_details")
    address = blank("address") | {"country": country}
    return details | {"address": address, "email": email, "tax_exempt": "none", "tax_ids": []}


def _create_customer(store: Store, session: Json, email: str) -> None:
    """The customer of a session with `customer_creation=always`, once its buyer is known."""
    customer_id = store.ids.new("cus_", 14)
    fields = {**NEW_CUSTOMER, "id": customer_id, "email": email, "metadata": {}}
    store.record("customer.created", store.add(store.new("customer", **fields)))
    store.update(session, customer=customer_id)
