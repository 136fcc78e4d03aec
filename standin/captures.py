"""Money that is only reserved at first: captured whole or in part, let go, or lapsed.

Sources: https://docs.stripe.com/payments/place-a-hold-on-a-payment-method,
https://docs.stripe.com/api/payment_intents/capture
"""

from __future__ import annotations

from standin import charges, payment_intents, refunds
from standin.errors import IllegalMove, Json
from standin.store import Store


def capture(store: Store, intent: Json, amount_minor: int | None) -> None:
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
    payment_intents.succeed(store, intent, charge)
    for session in store.referring("checkout.session", "payment_intent", intent["id"]):
        store.update(session, payment_status="paid")
    if rest:
        store.record("charge.refunded", charge)


def check(intent: Json) -> None:
    """Raise unless money is reserved, and waits."""
    if intent["status"] != "requires_capture":
        message = f"The payment intent {intent['id']} has the status {intent['status']}, but"
        message += " only one that requires_capture can be captured."
        raise IllegalMove(message, "payment_intent_unexpected_state")


def cancel(store: Store, intent: Json, reason: str) -> None:
    """Let the reserved money go; nothing was taken."""
    charge = _let_go(store, intent)
    store.record("charge.refunded", charge)
    payment_intents.cancel(store, intent, reason)


def lapse(store: Store, intent: Json) -> None:
    """The bank gives up the reservation, because nobody captured it in time."""
    charge = _let_go(store, intent)
    payment_intents.cancel(store, intent, "automatic")
    store.record("charge.expired", charge)
    store.record("charge.refunded", charge)


def _let_go(store: Store, intent: Json) -> Json:
    charge = _reserved(store, intent)
    refunds.release(store, charge, charge["amount"])
    return charge


def _reserved(store: Store, intent: Json) -> Json:
    check(intent)
    return store.get("charge", intent["latest_charge"])
