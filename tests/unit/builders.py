"""Makes Stripe's objects, each with as little as a test needs to say.

Defaults are a Professional package sold to user_123, paid by card; keywords replace fields.
Shapes: https://docs.stripe.com/api at version 2026-10-28.endive, without the fields nobody reads.
"""

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

SESSION_ID, INTENT_ID, CHARGE_ID = "cs_test_1", "pi_1", "ch_1"
# Each a different second, so that a test sees which of them was taken.
SESSION_CREATED, CHARGE_CREATED, SETTLED, EVENT_CREATED = 1000, 2000, 2500, 3000


def balance_transaction(**fields: Any) -> Json:
    """A charge's settlement in US dollars."""
    defaults = {
        "id": "txn_1",
        "object": "balance_transaction",
        "amount": 4500,
        "currency": "usd",
        "created": CHARGE_CREATED,
        "exchange_rate": None,
        "fee": 161,
        "net": 4339,
        "type": "charge",
    }
    return {**defaults, **fields}


def charge(**fields: Any) -> Json:
    """A charge that succeeded."""
    defaults = {
        "id": CHARGE_ID,
        "object": "charge",
        "amount": 4500,
        "amount_refunded": 0,
        "balance_transaction": balance_transaction(),
        "billing_details": {"email": None},
        "created": CHARGE_CREATED,
        "currency": "usd",
        "disputed": False,
        "paid": True,
        "payment_intent": INTENT_ID,
        "payment_method_details": {"type": "card", "card": {"brand": "visa"}},
        "receipt_email": None,
        "refunded": False,
        "status": "succeeded",
    }
    return {**defaults, **fields}


def payment_intent(**fields: Any) -> Json:
    """A payment intent that succeeded."""
    defaults = {
        "id": INTENT_ID,
        "object": "payment_intent",
        "amount": 4500,
        "currency": "usd",
        "last_payment_error": None,
        "latest_charge": charge(),
        "metadata": {},
        "status": "succeeded",
    }
    return {**defaults, **fields}


def intent_charged(**fields: Any) -> Json:
    """A payment intent that succeeded by a charge with these fields."""
    return payment_intent(latest_charge=charge(**fields))


def session(**fields: Any) -> Json:
    """A Checkout session, complete and paid, with its payment intent expanded."""
    defaults = {
        "id": SESSION_ID,
        "object": "checkout.session",
        "amount_subtotal": 4500,
        "amount_total": 4500,
        "client_reference_id": "user_123",
        "created": SESSION_CREATED,
        "currency": "usd",
        "customer_details": {"email": "buyer@example.com"},
        "customer_email": None,
        "livemode": False,
        "metadata": {},
        "mode": "payment",
        "payment_intent": payment_intent(),
        "payment_method_types": ["card"],
        "payment_status": "paid",
        "status": "complete",
    }
    return {**defaults, **fields}


def line_item(price: str = "price_professional", **fields: Any) -> Json:
    """One of what has this price."""
    defaults = {"object": "item", "price": {"id": price, "object": "price"}, "quantity": 1}
    return {**defaults, **fields}


def dispute(status: str, amount: int = 4500, moved: Sequence[int] = ()) -> Json:
    """A dispute of the charge; `moved` are the amounts of its balance transactions."""
    return {
        "id": "du_1",
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [balance_transaction(amount=each) for each in moved],
        "charge": CHARGE_ID,
        "currency": "usd",
        "payment_intent": INTENT_ID,
        "status": status,
    }


def refund(**fields: Any) -> Json:
    defaults = {
        "id": "re_1",
        "object": "refund",
        "amount": 4500,
        "charge": CHARGE_ID,
        "payment_intent": INTENT_ID,
        "status": "succeeded",
    }
    return {**defaults, **fields}


def event(event_type: str, about: object, **fields: Any) -> Json:
    """A snapshot event about an object."""
    defaults = {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": EVENT_CREATED,
        "data": {"object": about},
        "livemode": False,
        "type": event_type,
    }
    return {**defaults, **fields}


def thin_event(event_type: str, object_id: str, **fields: Any) -> Json:
    """A thin event about the object of this id."""
    defaults = {
        "id": "evt_1",
        "object": "v2.core.event",
        "context": None,
        "created": "1970-01-01T00:50:00.000Z",
        "livemode": False,
        "related_object": {"id": object_id, "type": "checkout.session", "url": "/v1/…"},
        "type": event_type,
    }
    return {**defaults, **fields}
