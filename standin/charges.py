"""Charges: one for every attempt to take the money.

Shape: https://docs.stripe.com/api/charges/object
"""

from __future__ import annotations

from standin import balance, payment_methods
from standin.errors import Json
from standin.store import Store

_OF_THE_INTENT = (
    "amount",
    "currency",
    "customer",
    "description",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)
_SECONDS_TO_CAPTURE = 7 * 24 * 3600
# Code and message of a failed charge. Source: https://docs.stripe.com/error-codes
_CARD_DECLINED = ("card_declined", "Your card was declined.")
_BANK_FAILED = (
    "payment_method_provider_decline",
    "The customer's bank account could not be debited.",
)


def create(store: Store, intent: Json, payment_method_type: str, email: str | None) -> Json:
    """A new attempt for a payment intent; nothing about its success is decided yet."""
    method = payment_methods.create(store, payment_method_type, email)
    fields = {
        **{name: intent[name] for name in _OF_THE_INTENT},
        "id": store.ids.new("ch_3"),
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "TOKENS",
        "fraud_details": {},
        "metadata": dict(intent["metadata"]),
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": payment_methods.charge_details(
            payment_method_type, intent["amount"]
        ),
        "radar_options": {},
        "receipt_email": intent["receipt_email"] or email,
        "source": None,
        "status": "pending",
    }
    if "presentment_details" in intent:
        fields["presentment_details"] = intent["presentment_details"]
    return store.add(store.new("charge", **fields))


def succeed(store: Store, charge: Json) -> None:
    store.update(charge, amount_captured=charge["amount"], captured=True)
    reserve(store, charge)


def reserve(store: Store, charge: Json) -> None:
    """The bank agrees. Unless the charge is captured too, the money is only set aside."""
    if not charge["captured"] and "card" in charge["payment_method_details"]:
        lapses_at = store.now() + _SECONDS_TO_CAPTURE
        charge["payment_method_details"]["card"]["capture_before"] = lapses_at
    store.update(
        charge,
        outcome=_outcome("authorized", "approved_by_network", "Payment complete."),
        paid=True,
        receipt_url=f"https://pay.stripe.com/receipts/payment/{charge['id']}",
        status="succeeded",
    )
    store.record("charge.succeeded", charge)


def capture(store: Store, charge: Json, amount_minor: int) -> None:
    """Take a reserved charge's money, or part of it; it is settled at once."""
    store.update(charge, amount_captured=amount_minor, captured=True)
    store.update(charge, balance_transaction=balance.charge_entry(store, charge)["id"])
    store.record("charge.captured", charge)


def fail(store: Store, charge: Json) -> None:
    by_card = charge["payment_method_details"]["type"] == "card"
    code, message = _CARD_DECLINED if by_card else _BANK_FAILED
    store.update(
        charge,
        failure_code=code,
        failure_message=message,
        outcome=_outcome("issuer_declined", "declined_by_network", message),
        paid=False,
        status="failed",
    )
    store.record("charge.failed", charge)


def settle(store: Store, charge: Json) -> None:
    """Give the charge its balance transaction, as asynchronous capture does a moment later.

    Source: https://docs.stripe.com/payments/payment-intents/asynchronous-capture
    """
    entry = balance.charge_entry(store, charge)
    store.update(charge, balance_transaction=entry["id"])
    store.record("charge.updated", charge)


def _outcome(kind: str, network_status: str, message: str) -> Json:
    declined = kind == "issuer_declined"
    return {
        "advice_code": "try_again_later" if declined else None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network_status,
        "reason": "generic_decline" if declined else None,
        "risk_level": "normal",
        "risk_score": 8,
        "seller_message": message,
        "type": kind,
    }
