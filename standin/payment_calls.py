"""What is done over the API with money: capture, cancel, refund, and answers to disputes.

Sources: https://docs.stripe.com/api/payment_intents, https://docs.stripe.com/api/refunds,
https://docs.stripe.com/api/disputes
"""

from __future__ import annotations

from standin import captures, disputes, purchases, refunds, shapes
from standin.api_writes import merged
from standin.calls import Call, Work, named
from standin.errors import ApiError, IllegalMove, Json
from standin.parameters import Parameters
from standin.store import Store

_DESCRIPTORS = ("statement_descriptor", "statement_descriptor_suffix")


def capture_intent(store: Store, call: Call) -> Work:
    intent = named(store, "payment_intent", call.ids[0], "intent")
    amount = _at_least_one(call.given, "amount_to_capture")
    # The default, and all that the stand-in does: one capture, and the rest is let go.
    final = call.given.take("final_capture", True)
    changes = shapes.shown("payment_intent", call.given.given(*_DESCRIPTORS))
    if "metadata" in call.given:
        changes["metadata"] = merged(intent["metadata"], call.given.take("metadata"))

    def work() -> Json:
        if not final:
            raise IllegalMove("This payment intent cannot be captured more than once.")
        captures.check(intent)
        store.update(intent, **changes)
        captures.capture(store, intent, amount)
        return intent

    return work


def cancel_intent(store: Store, call: Call) -> Work:
    intent = named(store, "payment_intent", call.ids[0], "intent")
    reason = call.given.take("cancellation_reason")

    def work() -> Json:
        purchases.cancel_intent(store, intent, reason)
        return intent

    return work


def create_refund(store: Store, call: Call) -> Work:
    given = call.given
    charge = _charge_to_refund(store, given)
    amount = _at_least_one(given, "amount")
    reason, metadata = given.take("reason"), given.metadata()
    return lambda: refunds.create(store, charge, amount, reason, metadata)


def update_dispute(store: Store, call: Call) -> Work:
    """Evidence is submitted at once, unless it is asked to be kept for later."""
    dispute = named(store, "dispute", call.ids[0], "dispute")
    given = call.given
    evidence = given.take("evidence")
    submits = given.take("submit", evidence is not None)
    shown = shapes.shown("dispute", {"evidence": evidence or {}}, before=dispute)["evidence"]
    metadata = dispute["metadata"]
    if "metadata" in given:
        metadata = merged(metadata, given.take("metadata"))

    def work() -> Json:
        disputes.change(store, dispute, metadata, shown if evidence is not None else None, submits)
        return dispute

    return work


def close_dispute(store: Store, call: Call) -> Work:
    """Source: https://docs.stripe.com/api/disputes/close: the seller gives in."""
    dispute = named(store, "dispute", call.ids[0], "dispute")

    def work() -> Json:
        disputes.close(store, dispute)
        return dispute

    return work


def _at_least_one(given: Parameters, name: str) -> int | None:
    amount: int | None = given.take(name)
    if amount is not None and amount < 1:
        message = "This value must be greater than or equal to 1."
        raise given.invalid(name, message, "parameter_invalid_integer")
    return amount


def _charge_to_refund(store: Store, given: Parameters) -> Json:
    charge_id, intent_id = given.take("charge"), given.take("payment_intent")
    if charge_id is None and intent_id is None:
        message = "One of the following params should be provided for this request:"
        raise ApiError(400, f"{message} payment_intent or charge.", code="parameter_missing")
    if charge_id is not None:
        charge = named(store, "charge", charge_id, "charge")
        if intent_id not in (None, charge["payment_intent"]):
            raise ApiError(400, f"The charge {charge_id} is not of {intent_id}.", param="charge")
        return charge
    intent = named(store, "payment_intent", intent_id, "payment_intent")
    found = store.find("charge", intent["latest_charge"])
    if found is None:
        message = f"This PaymentIntent ({intent_id}) does not have a successful charge to refund."
        raise ApiError(400, message, param="payment_intent")
    return found
