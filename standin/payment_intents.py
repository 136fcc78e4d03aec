"""Payment intents: one a purchase, from confirmation to success, failure or cancellation.

Shape: https://docs.stripe.com/api/payment_intents/object
"""

from __future__ import annotations

from standin.errors import Json
from standin.store import Store

# What an intent says and nothing here acts upon; it is shown as it was sent.
DESCRIBED = (
    "description",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)

_DECLINED = "Your card was declined."
_BANK_FAILED = "The customer's bank account could not be debited."


def of_session(store: Store, session: Json) -> Json:
    """The session's payment intent; made now if the buyer confirms for the first time."""
    found = store.find("payment_intent", session["payment_intent"])
    if found is not None:
        return found
    order = store.orders[session["id"]]
    intent = create(
        store,
        session["amount_total"],
        session["currency"],
        session["payment_method_types"],
        order["payment_intent_metadata"],
    )
    store.update(
        intent,
        capture_method=order["capture_method"],
        customer=session["customer"],
        **order["intent"],
    )
    if order["presentment"] is not None:
        store.update(intent, presentment_details=dict(order["presentment"]))
    store.update(session, payment_intent=intent["id"])
    store.record("payment_intent.created", intent)
    return intent


def create(
    store: Store,
    amount_minor: int,
    currency: str,
    payment_method_types: list[str],
    metadata: dict[str, str],
) -> Json:
    intent_id = store.ids.new("pi_3")
    return store.add(
        {
            "id": intent_id,
            "object": "payment_intent",
            "amount": amount_minor,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": None,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic_async",
            "client_secret": f"{intent_id}_secret_standin",
            "confirmation_method": "automatic",
            "created": store.now(),
            "currency": currency,
            "customer": None,
            "customer_account": None,
            "description": None,
            "excluded_payment_method_types": None,
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": store.livemode,
            "managed_payments": {"enabled": False},
            "metadata": dict(metadata),
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_configuration_details": None,
            "payment_method_options": {},
            "payment_method_types": list(payment_method_types),
            "processing": None,
            "receipt_email": None,
            "review": None,
            "setup_future_usage": None,
            "shipping": None,
            "source": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": None,
        }
    )


def succeed(store: Store, intent: Json, charge: Json) -> None:
    store.update(
        intent,
        amount_capturable=0,
        amount_received=charge["amount_captured"],
        last_payment_error=None,
        latest_charge=charge["id"],
        payment_method=charge["payment_method"],
        status="succeeded",
    )
    store.record("payment_intent.succeeded", intent)


def reserve(store: Store, intent: Json, charge: Json) -> None:
    """The money is set aside, and waits for a capture."""
    store.update(
        intent,
        amount_capturable=charge["amount"],
        last_payment_error=None,
        latest_charge=charge["id"],
        payment_method=charge["payment_method"],
        status="requires_capture",
    )
    store.record("payment_intent.amount_capturable_updated", intent)


def process(store: Store, intent: Json, charge: Json) -> None:
    """The delayed method was accepted; the money is on its way or not."""
    store.update(
        intent,
        last_payment_error=None,
        latest_charge=charge["id"],
        payment_method=charge["payment_method"],
        status="processing",
    )
    store.record("payment_intent.processing", intent)


def fail(store: Store, intent: Json, charge: Json) -> None:
    """The charge failed. The intent waits for another payment method; failed is not final."""
    store.update(
        intent,
        last_payment_error=_last_payment_error(store, charge),
        latest_charge=charge["id"],
        payment_method=None,
        status="requires_payment_method",
    )
    store.record("payment_intent.payment_failed", intent)


def cancel(store: Store, intent: Json, reason: str) -> None:
    store.update(
        intent,
        amount_capturable=0,
        canceled_at=store.now(),
        cancellation_reason=reason,
        status="canceled",
    )
    store.record("payment_intent.canceled", intent)


def _last_payment_error(store: Store, charge: Json) -> Json:
    """Source: https://docs.stripe.com/api/payment_intents/object, `last_payment_error`."""
    code = charge["failure_code"]
    error: Json = {
        "charge": charge["id"],
        "code": code,
        "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
        "message": charge["failure_message"],
        "payment_method": store.get("payment_method", charge["payment_method"]),
        "type": "card_error" if code == "card_declined" else "invalid_request_error",
    }
    if code == "card_declined":
        error["decline_code"] = "generic_decline"
    return error


def failure_of(payment_method_type: str) -> tuple[str, str]:
    """Code and message of a failed charge.

    Source: https://docs.stripe.com/error-codes (card_declined, payment_method_provider_decline)
    """
    if payment_method_type == "card":
        return "card_declined", _DECLINED
    return "payment_method_provider_decline", _BANK_FAILED
