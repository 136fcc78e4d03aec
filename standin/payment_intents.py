"""Payment intents: one a purchase, from confirmation to success, failure or cancellation.

Money may be only reserved at first: then it is captured whole or in part, let go, or lapses.
Sources: https://docs.stripe.com/api/payment_intents,
https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
"""

from __future__ import annotations

from standin import charges, refunds
from standin.calls import Call, Work, named
from standin.errors import IllegalMove, Json
from standin.published import shown
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
_DESCRIPTORS = ("statement_descriptor", "statement_descriptor_suffix")
_UNEXPECTED = "payment_intent_unexpected_state"


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
    method, customer = order["capture_method"], session["customer"]
    store.update(intent, capture_method=method, customer=customer, **order["intent"])
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
    fields = {
        "id": intent_id,
        "amount": amount_minor,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_standin",
        "confirmation_method": "automatic",
        "currency": currency,
        "managed_payments": {"enabled": False},
        "metadata": dict(metadata),
        "payment_method_options": {},
        "payment_method_types": list(payment_method_types),
        "source": None,
        "status": "requires_payment_method",
    }
    return store.add(store.new("payment_intent", **fields))


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


def cancel(store: Store, intent: Json, reason: str) -> Json:
    """Cancel what is not paid: a charge under way fails, reserved money goes back."""
    if intent["status"] == "requires_capture":
        store.record("charge.refunded", _let_go(store, intent))
    elif intent["status"] == "processing":
        charges.fail(store, store.get("charge", intent["latest_charge"]))
    elif intent["status"] != "requires_payment_method":
        message = f"The payment intent {intent['id']} has the status {intent['status']}, and"
        raise IllegalMove(f"{message} cannot be canceled.", _UNEXPECTED)
    return _end(store, intent, reason)


def expire(store: Store, intent: Json) -> None:
    """Nobody may pay any more; what is canceled stays as it is."""
    if intent["status"] != "canceled":
        _end(store, intent, "expired")


def capture(store: Store, intent: Json, amount_minor: int | None) -> Json:
    """Take what is reserved, or part of it; the rest goes back to the buyer as a refund."""
    charge = _reserved(store, intent)
    amount = charge["amount"] if amount_minor is None else amount_minor
    if not 0 < amount <= charge["amount"]:
        message = f"The amount {amount} is not what can be captured: up to {charge['amount']}."
        raise IllegalMove(message, "amount_too_large", "amount_to_capture")
    rest = charge["amount"] - amount
    if rest:
        refunds.release(store, charge, rest)
    charges.capture(store, charge, amount)
    succeed(store, intent, charge)
    for session in store.referring("checkout.session", "payment_intent", intent["id"]):
        store.update(session, payment_status="paid")
    if rest:
        store.record("charge.refunded", charge)
    return intent


def lapse(store: Store, intent: Json) -> None:
    """The bank gives up the reservation, because nobody captured it in time."""
    charge = _let_go(store, intent)
    _end(store, intent, "automatic")
    store.record("charge.expired", charge)
    store.record("charge.refunded", charge)


def cancel_call(store: Store, call: Call) -> Work:
    """`POST /v1/payment_intents/{id}/cancel`"""
    intent = named(store, "payment_intent", call.ids[0], "intent")
    reason = call.given.take("cancellation_reason")
    return lambda: cancel(store, intent, reason)


def capture_call(store: Store, call: Call) -> Work:
    """`POST /v1/payment_intents/{id}/capture`"""
    intent, given = named(store, "payment_intent", call.ids[0], "intent"), call.given
    amount = given.at_least_one("amount_to_capture")
    # The default, and all that the stand-in does: one capture, and the rest is let go.
    final = given.take("final_capture", True)
    changes = shown("payment_intent", given.given(*_DESCRIPTORS))
    changes["metadata"] = given.changed_metadata(intent["metadata"])

    def work() -> Json:
        if not final:
            raise IllegalMove("This payment intent cannot be captured more than once.")
        _reserved(store, intent)
        store.update(intent, **changes)
        return capture(store, intent, amount)

    return work


def _end(store: Store, intent: Json, reason: str) -> Json:
    changes = {"cancellation_reason": reason, "status": "canceled"}
    store.update(intent, amount_capturable=0, canceled_at=store.now(), **changes)
    store.record("payment_intent.canceled", intent)
    return intent


def _let_go(store: Store, intent: Json) -> Json:
    charge = _reserved(store, intent)
    refunds.release(store, charge, charge["amount"])
    return charge


def _reserved(store: Store, intent: Json) -> Json:
    """The charge whose money waits; IllegalMove if none does."""
    if intent["status"] != "requires_capture":
        message = f"The payment intent {intent['id']} has the status {intent['status']}, but"
        message += " only one that requires_capture can be captured."
        raise IllegalMove(message, _UNEXPECTED)
    return store.get("charge", intent["latest_charge"])


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
