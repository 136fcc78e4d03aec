"""What the buyer paid with, as a payment method and as the details on a charge.

Shapes: https://docs.stripe.com/api/payment_methods/object and, for charges,
https://docs.stripe.com/api/charges/object#charge_object-payment_method_details
"""

from __future__ import annotations

from standin.errors import IllegalMove, Json
from standin.published import blank
from standin.store import Store

# Methods that tell only days later whether the money came.
# Source: https://docs.stripe.com/checkout/fulfillment#delayed-notification
DELAYED = frozenset(
    {
        "acss_debit",
        "au_becs_debit",
        "bacs_debit",
        "boleto",
        "customer_balance",
        "konbini",
        "multibanco",
        "oxxo",
        "sepa_debit",
        "us_bank_account",
    }
)

_CHECKS: Json = {
    "address_line1_check": None,
    "address_postal_code_check": None,
    "cvc_check": "pass",
}
_CARD: Json = {
    "brand": "visa",
    "checks": _CHECKS,
    "country": "US",
    "exp_month": 8,
    "exp_year": 2034,
    "fingerprint": "AOB934RVNwzk6xtn",
    "funding": "credit",
    "last4": "4242",
    "regulated_status": "unregulated",
    "wallet": None,
}
_BANK_ACCOUNT: Json = {
    "account_holder_type": "individual",
    "account_type": "checking",
    "bank_name": "STRIPE TEST BANK",
    "fingerprint": "FFDMA0xfhBjWSZLu",
    "last4": "6789",
    "routing_number": "110000000",
}


def require_delayed(payment_method_type: str) -> None:
    """Raise IllegalMove for a method that succeeds or fails at once, such as a card."""
    if payment_method_type not in DELAYED:
        raise IllegalMove(f"{payment_method_type} is not a delayed payment method")


def create(store: Store, payment_method_type: str, email: str | None) -> Json:
    fields = {
        "id": store.ids.new("pm_1"),
        "allow_redisplay": "limited",
        "billing_details": {
            **blank("billing_details"),
            "address": {**blank("address"), "country": "US"},
            "email": email,
        },
        "metadata": {},
        "type": payment_method_type,
        payment_method_type: _details_on_method(payment_method_type),
    }
    return store.add(store.new("payment_method", **fields))


def charge_details(payment_method_type: str, amount_minor: int) -> Json:
    """`payment_method_details` of a charge: the type that was really used, and its details."""
    if payment_method_type == "card":
        return {"card": _card_on_charge(amount_minor), "type": "card"}
    if payment_method_type == "us_bank_account":
        bank = {**_BANK_ACCOUNT, "payment_reference": None}
        return {"type": "us_bank_account", "us_bank_account": bank}
    return {"type": payment_method_type, payment_method_type: {}}


def _details_on_method(payment_method_type: str) -> Json:
    if payment_method_type == "card":
        return {
            **_CARD,
            "display_brand": "visa",
            "generated_from": None,
            "networks": {"available": ["visa"], "preferred": None},
            "three_d_secure_usage": {"supported": True},
        }
    if payment_method_type == "us_bank_account":
        return {
            **_BANK_ACCOUNT,
            "financial_connections_account": None,
            "networks": {"preferred": "ach", "supported": ["ach"]},
            "status_details": {},
        }
    return {}


def _card_on_charge(amount_minor: int) -> Json:
    return {
        **_CARD,
        "amount_authorized": amount_minor,
        "authorization_code": "123456",
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": "visa",
        "network_token": {"used": False},
        "network_transaction_id": "104102978678771",
        "overcapture": {"maximum_amount_capturable": amount_minor, "status": "unavailable"},
        "three_d_secure": None,
        "transaction_link_id": None,
    }
