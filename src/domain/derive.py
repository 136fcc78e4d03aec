"""From what Stripe says about a purchase to the payment row that must stand: the pure rules."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from domain.disputes import Disputed, disputed_of
from domain.events import Resolution
from domain.packages import Package
from domain.payment import Payment, PaymentStatus, credits_due
from domain.stripe_objects import Purchase, expanded, id_of, text
from domain.terms import terms_of


def derive(
    purchase: Purchase,
    catalogue: Sequence[Package],
    standing: Payment | None,
    resolution: Resolution | None = None,
    enriched: bool = True,
) -> Payment | None:
    """The payment that Stripe's view and the `standing` row (if any) make; None when not ours."""
    terms = terms_of(purchase, catalogue, standing, resolution)
    if terms is None:
        return None
    disputed = disputed_of(purchase.disputes)
    status = _status(purchase, disputed)
    erased = standing is not None and standing.erased
    unearned = Payment(
        user_id=terms.user_id,
        stripe_session_id=purchase.session_id,
        stripe_payment_intent_id=id_of(purchase.session.get("payment_intent")),
        package_id=terms.sale.package_id,
        package_name=terms.sale.package_name,
        tokens_purchased=terms.sale.tokens,
        amount_paid_cents=_amount_paid_cents(purchase) if status.taken else 0,
        currency=_currency(purchase),
        payment_status=status,
        payment_method=_payment_method(purchase),
        customer_email=None if erased else _customer_email(purchase),
        amount_charged_minor=_charged_minor(purchase),
        amount_refunded_minor=_refunded_minor(purchase),
        amount_disputed_minor=disputed.amount_minor,
        credits_granted=0,
        held_reason=terms.held_reason if status.taken else None,
        enriched=enriched,
        paid_at=_paid_at(purchase) if status.taken else None,
        resolved=terms.resolved,
        erased=erased,
    )
    return replace(unearned, credits_granted=credits_due(unearned))


def _status(purchase: Purchase, disputed: Disputed) -> PaymentStatus:
    if not _is_taken(purchase):
        return _status_of_unpaid(purchase)
    if disputed.amount_minor > 0:
        return PaymentStatus.DISPUTED if disputed.is_open else PaymentStatus.LOST
    charged_minor = _charged_minor(purchase)
    fully_refunded = 0 < charged_minor <= _refunded_minor(purchase)
    return PaymentStatus.REFUNDED if fully_refunded else PaymentStatus.PAID


def _is_taken(purchase: Purchase) -> bool:
    """https://docs.stripe.com/checkout/fulfillment: act on `payment_status`, not on the event."""
    payment_status = purchase.session.get("payment_status")
    if payment_status == "no_payment_required":
        return purchase.session.get("status") in ("complete", None)
    return payment_status == "paid" or purchase.payment_intent.get("status") == "succeeded"


def _status_of_unpaid(purchase: Purchase) -> PaymentStatus:
    session_status, intent = purchase.session.get("status"), purchase.payment_intent
    # An expiring session cancels its payment intent, so it is asked first.
    if session_status == "expired":
        return PaymentStatus.EXPIRED
    if intent.get("status") == "canceled":
        return PaymentStatus.CANCELED
    attempt_failed = (
        bool(intent.get("last_payment_error"))
        or purchase.charge.get("status") == "failed"
        or session_status == "complete"
    )
    if intent.get("status") == "requires_payment_method" and attempt_failed:
        return PaymentStatus.FAILED
    return PaymentStatus.PENDING


def _charged_minor(purchase: Purchase) -> int:
    """The charge's amount once money was taken; until then what the session asks for."""
    if purchase.charge.get("status") == "succeeded":
        return int(purchase.charge["amount"])
    return int(purchase.session.get("amount_total") or 0)


def _refunded_minor(purchase: Purchase) -> int:
    return int(purchase.charge.get("amount_refunded") or 0)


def _currency(purchase: Purchase) -> str:
    return text(purchase.charge.get("currency")) or text(purchase.session.get("currency")) or "usd"


def _amount_paid_cents(purchase: Purchase) -> int | None:
    """In US cents. Stripe settles a foreign charge by a balance transaction, at times only
    minutes after the charge: https://docs.stripe.com/payments/payment-intents/asynchronous-capture
    """
    charged_minor = _charged_minor(purchase)
    if _currency(purchase) == "usd" or charged_minor == 0:
        return charged_minor
    settled = purchase.balance_transaction
    return int(settled["amount"]) if settled.get("currency") == "usd" else None


def _payment_method(purchase: Purchase) -> str | None:
    """The type really used; before any attempt, the only one offered."""
    intent = purchase.payment_intent
    failed_with = expanded(expanded(intent.get("last_payment_error")).get("payment_method"))
    used = text(expanded(purchase.charge.get("payment_method_details")).get("type"))
    offered = purchase.session.get("payment_method_types") or []
    if id_of(purchase.session.get("payment_intent")) is None:
        return None
    return used or text(failed_with.get("type")) or (offered[0] if len(offered) == 1 else None)


def _customer_email(purchase: Purchase) -> str | None:
    session = purchase.session
    return (
        text(expanded(session.get("customer_details")).get("email"))
        or text(session.get("customer_email"))
        or text(expanded(purchase.charge.get("billing_details")).get("email"))
        or text(purchase.charge.get("receipt_email"))
    )


def _paid_at(purchase: Purchase) -> datetime:
    """When Stripe took the money: a delayed method's charge is made days before its money
    arrives, and the balance transaction is made when it does."""
    seconds = max(
        purchase.charge.get("created") or 0, purchase.balance_transaction.get("created") or 0
    )
    return datetime.fromtimestamp(seconds or purchase.noticed_at, UTC)
