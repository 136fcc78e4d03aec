"""Refunds, full and partial, and refunds that the bank sends back.

Shape: https://docs.stripe.com/api/refunds/object
Rules: https://docs.stripe.com/refunds, https://docs.stripe.com/refunds#failed-refunds
"""

from __future__ import annotations

from standin import balance, money
from standin.calls import Call, Parameters, Work, named
from standin.errors import ApiError, IllegalMove, Json
from standin.store import Store

# Money that a dispute took cannot be refunded as well; an inquiry took none.
_BLOCKING_DISPUTES = frozenset({"needs_response", "under_review", "lost"})


def create(
    store: Store,
    charge: Json,
    amount_minor: int | None,
    reason: str | None,
    metadata: Json | None = None,
) -> Json:
    """Refund part of a charge, or what is left of it, and record the events."""
    amount = _refundable(store, charge, amount_minor)
    refund = store.add(_new_refund(store, charge, amount, reason, metadata or {}))
    entry = balance.refund_entry(store, charge, refund)
    store.update(refund, balance_transaction=entry["id"])
    _set_amount_refunded(store, charge, charge["amount_refunded"] + amount)
    store.record("refund.created", refund)
    store.record("charge.refunded", charge)
    return refund


def release(store: Store, charge: Json, amount_minor: int) -> None:
    """What was reserved and never taken goes back, so that no balance transaction belongs to it.

    Source: https://docs.stripe.com/api/payment_intents/capture, `amount_to_capture`
    """
    refund = store.add(_new_refund(store, charge, amount_minor, None, {}))
    if "card" in refund["destination_details"]:
        refund["destination_details"]["card"]["type"] = "reversal"
    _set_amount_refunded(store, charge, charge["amount_refunded"] + amount_minor)


def fail(store: Store, refund_id: str) -> None:
    """The bank could not deliver the refund: the money is back, and so is the charge's amount."""
    refund = store.get("refund", refund_id)
    if refund["status"] == "failed":
        raise IllegalMove(f"refund {refund_id} has failed already")
    if refund["balance_transaction"] is None:
        raise IllegalMove(f"refund {refund_id} moved no money")
    charge = store.get("charge", refund["charge"])
    entry = balance.refund_failure_entry(store, charge, refund)
    store.update(
        refund,
        status="failed",
        failure_reason="expired_or_canceled_card",
        failure_balance_transaction=entry["id"],
    )
    _set_amount_refunded(store, charge, charge["amount_refunded"] - refund["amount"])
    store.record("refund.updated", refund)
    store.record("charge.refund.updated", refund)
    store.record("refund.failed", refund)


def create_call(store: Store, call: Call) -> Work:
    """`POST /v1/refunds`"""
    given = call.given
    charge = _charge_to_refund(store, given)
    amount = given.at_least_one("amount")
    reason, metadata = given.take("reason"), given.metadata()
    return lambda: create(store, charge, amount, reason, metadata)


def _refundable(store: Store, charge: Json, amount_minor: int | None) -> int:
    charge_id = charge["id"]
    if charge["status"] != "succeeded" or not charge["captured"]:
        state = "not captured" if charge["status"] == "succeeded" else charge["status"]
        raise IllegalMove(f"Charge {charge_id} is {state}: there is nothing to refund.")
    if charge["refunded"]:
        message = f"Charge {charge_id} has already been refunded."
        raise IllegalMove(message, "charge_already_refunded")
    disputes = store.referring("dispute", "charge", charge_id)
    if any(dispute["status"] in _BLOCKING_DISPUTES for dispute in disputes):
        message = f"Charge {charge_id} has been charged back; cannot issue a refund."
        raise IllegalMove(message, "charge_disputed")
    left: int = charge["amount"] - charge["amount_refunded"]
    amount = left if amount_minor is None else amount_minor
    if not 0 < amount <= left:
        asked, most = (money.display(each, charge["currency"]) for each in (amount, left))
        message = f"Refund amount ({asked}) is greater than unrefunded amount on charge ({most})"
        raise IllegalMove(message, param="amount")
    return amount


def _set_amount_refunded(store: Store, charge: Json, amount_minor: int) -> None:
    full = amount_minor == charge["amount"]
    store.update(charge, amount_refunded=amount_minor, refunded=full)


def _new_refund(
    store: Store, charge: Json, amount_minor: int, reason: str | None, metadata: Json
) -> Json:
    kind = charge["payment_method_details"]["type"]
    by_card = {"card": {"type": "refund", "reference_status": "pending"}, "type": "card"}
    return store.new(
        "refund",
        id=store.ids.new("re_3"),
        amount=amount_minor,
        charge=charge["id"],
        currency=charge["currency"],
        customer=charge["customer"],
        customer_account=None,
        destination_details=by_card if kind == "card" else {"type": kind},
        metadata=metadata,
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        reason=reason,
        status="succeeded",
    )


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
