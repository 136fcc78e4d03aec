"""Charges: one for every attempt to take the money.

Shape: https://docs.stripe.com/api/charges/object
"""

from __future__ import annotations

from standin import balance, payment_methods
from standin.errors import Json
from standin.payment_intents import failure_of
from standin.store import Store

_OF_THE_INTENT = (
    "description",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)
_SECONDS_TO_CAPTURE = 7 * 24 * 3600


def create(store: Store, intent: Json, payment_method_type: str, email: str | None) -> Json:
    """A new attempt for a payment intent; nothing about its success is decided yet."""
    method = payment_methods.create(store, payment_method_type, email)
    charge = store.add(
        {
            **_untouched(),
            "id": store.ids.new("ch_3"),
            "object": "charge",
            "amount": intent["amount"],
            "billing_details": method["billing_details"],
            "created": store.now(),
            "currency": intent["currency"],
            "customer": intent["customer"],
            "livemode": store.livemode,
            "metadata": dict(intent["metadata"]),
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": payment_methods.charge_details(
                payment_method_type, intent["amount"]
            ),
            "receipt_email": intent["receipt_email"] or email,
            **{name: intent[name] for name in _OF_THE_INTENT},
        }
    )
    if "presentment_details" in intent:
        store.update(charge, presentment_details=intent["presentment_details"])
    return charge


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


def wait(store: Store, charge: Json) -> None:
    store.record("charge.pending", charge)


def fail(store: Store, charge: Json) -> None:
    code, message = failure_of(charge["payment_method_details"]["type"])
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


def _untouched() -> Json:
    return {
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "calculated_statement_descriptor": "TOKENS",
        "captured": False,
        "customer": None,
        "description": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "on_behalf_of": None,
        "outcome": None,
        "paid": False,
        "radar_options": {},
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "pending",
        "transfer_data": None,
        "transfer_group": None,
    }
