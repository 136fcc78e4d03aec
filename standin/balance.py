"""Balance transactions: what every charge, refund and dispute moved, in the settlement currency.

Shape: https://docs.stripe.com/api/balance_transactions/object
"""

from __future__ import annotations

from decimal import Decimal

from standin import money
from standin.errors import Json
from standin.published import blank
from standin.store import Store

_SECONDS_TO_AVAILABLE = 2 * 24 * 3600
_DISPUTE_FEE_MINOR = 1500


def charge_entry(store: Store, charge: Json) -> Json:
    """The money that came in, less Stripe's fee."""
    amount_minor = _settled_minor(store, charge, charge, charge["amount_captured"])
    fee_minor = money.processing_fee(amount_minor)
    return _entry(store, charge, charge, amount_minor, fee_minor, "charge", "charge")


def refund_entry(store: Store, charge: Json, refund: Json) -> Json:
    amount_minor = -_settled_minor(store, charge, refund, refund["amount"])
    return _entry(store, charge, refund, amount_minor, 0, "refund", "refund")


def refund_failure_entry(store: Store, charge: Json, refund: Json) -> Json:
    """A refund that the bank sent back."""
    amount_minor = _settled_minor(store, charge, refund, refund["amount"])
    return _entry(store, charge, refund, amount_minor, 0, "refund_failure", "refund_failure")


def withdrawal_entry(store: Store, charge: Json, dispute: Json) -> Json:
    """The disputed amount and the dispute fee, taken when a dispute is opened."""
    amount_minor = -_settled_minor(store, charge, dispute, dispute["amount"])
    fee_minor = _DISPUTE_FEE_MINOR
    return _entry(store, charge, dispute, amount_minor, fee_minor, "adjustment", "dispute")


def reinstatement_entry(store: Store, charge: Json, dispute: Json) -> Json:
    """The disputed amount, given back when the dispute is won. The fee is kept."""
    amount_minor = _settled_minor(store, charge, dispute, dispute["amount"])
    return _entry(store, charge, dispute, amount_minor, 0, "adjustment", "dispute_reversal")


def exchanged_minor(store: Store, charge: Json, amount_minor: int, currency: str) -> int:
    """An amount of the charge's currency in minor units of another one, as a bank counts it."""
    if currency == charge["currency"]:
        return amount_minor
    rate = _rate(store, charge, charge["currency"]) / _rate(store, charge, currency)
    return money.convert(amount_minor, rate)


def _settled_minor(store: Store, charge: Json, source: Json, amount_minor: int) -> int:
    """An amount of the source's currency in minor units of the settlement currency."""
    return money.convert(amount_minor, _rate(store, charge, source["currency"]))


def _rate(store: Store, charge: Json, currency: str) -> Decimal:
    """The session's own rate for the charge's currency; a dispute may be in another one."""
    if currency != charge["currency"]:
        return money.default_exchange_rate(currency)
    for session in store.referring("checkout.session", "payment_intent", charge["payment_intent"]):
        rate: Decimal = store.orders[session["id"]]["exchange_rate"]
        return rate
    return money.default_exchange_rate(currency)


def _entry(
    store: Store,
    charge: Json,
    source: Json,
    amount_minor: int,
    fee_minor: int,
    kind: str,
    category: str,
) -> Json:
    converted = source["currency"] != money.SETTLEMENT_CURRENCY
    rate = _rate(store, charge, source["currency"])
    entry = store.new(
        "balance_transaction",
        id=store.ids.new("txn_3"),
        amount=amount_minor,
        available_on=store.now() + _SECONDS_TO_AVAILABLE,
        balance_type="payments",
        currency=money.SETTLEMENT_CURRENCY,
        # Stripe's shape has a float here; nothing is computed with it.
        exchange_rate=float(rate) if converted else None,
        fee=fee_minor,
        fee_details=_fee_details(fee_minor, kind),
        net=amount_minor - fee_minor,
        reporting_category=category,
        source=source["id"],
        status="pending",
        type=kind,
    )
    return store.add(entry)


def _fee_details(fee_minor: int, kind: str) -> list[Json]:
    if fee_minor == 0:
        return []
    fee = blank("fee") | {"amount": fee_minor, "currency": money.SETTLEMENT_CURRENCY}
    fee["description"] = "Stripe processing fees" if kind == "charge" else "Dispute fee"
    return [fee | {"type": "stripe_fee"}]
