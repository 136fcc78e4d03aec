"""From what Stripe says about a purchase to the payment row that must stand: the pure rules; and
what an event's snapshot may be trusted with while Stripe cannot be asked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from domain.charge import Disputed, captured_minor, disputed_of, refunded_minor
from domain.events import Hint, Resolution
from domain.packages import USUAL_RULES, Package, Rules, Terms, terms_of
from domain.payment import HeldReason, Payment, PaymentStatus, credits_due
from domain.stripe_objects import Purchase, amount, expanded, given, id_of, seconds, text

# ISO 4217's code for no currency: what is recorded when Stripe's cannot be read.
NO_CURRENCY = "xxx"

# With these a payment is safe in the books before Stripe could be asked.
SAFELY_HELD = (None, HeldReason.NO_USER, HeldReason.BEFORE_TILL)


def derive(
    purchase: Purchase,
    packages: Sequence[Package],
    stored: Payment | None,
    resolution: Resolution | None = None,
    enriched: bool = True,
    rules: Rules = USUAL_RULES,
) -> Payment | None:
    """The payment that Stripe's view and the `stored` row (if any) make; None when not ours."""
    if stored is not None and stored.dismissed:
        return stored
    terms = terms_of(purchase, packages, stored, resolution, rules)
    if terms is None:
        return None
    money = money_of(purchase)
    status, taken = status_of(purchase, money), purchase.is_taken
    erased = stored is not None and stored.erased
    unearned = Payment(
        user_id=terms.user_id,
        stripe_session_id=purchase.session_id,
        stripe_payment_intent_id=id_of(purchase.session.get("payment_intent")),
        package_id=terms.sale.package_id,
        package_name=terms.sale.package_name,
        tokens_purchased=terms.sale.tokens,
        amount_paid_cents=paid_cents(purchase, money) if taken else 0,
        currency=money.currency or NO_CURRENCY,
        payment_status=status,
        payment_method=method_of(purchase),
        customer_email=None if erased else email_of(purchase),
        amount_charged_minor=money.charged_minor or 0,
        amount_refunded_minor=money.refunded_minor or 0,
        amount_disputed_minor=money.disputed.amount_minor or 0,
        credits_granted=0,
        held_reason=held_reason_of(purchase, money, terms, stored, rules) if taken else None,
        enriched=enriched,
        paid_at=taken_at(purchase) if taken else None,
        resolved=terms.resolved,
        erased=erased,
    )
    return replace(unearned, credits_granted=credits_due(unearned))


@dataclass(frozen=True, slots=True)
class Money:
    """What Stripe says of a purchase's money, in minor units of `currency`; None is unreadable."""

    currency: str | None
    charged_minor: int | None
    refunded_minor: int | None
    disputed: Disputed

    @property
    def is_readable(self) -> bool:
        said = (self.currency, self.charged_minor, self.refunded_minor, self.disputed.amount_minor)
        return None not in said


def money_of(purchase: Purchase) -> Money:
    return Money(
        currency=currency_of(purchase),
        charged_minor=charged_minor(purchase),
        refunded_minor=refunded_minor(purchase.charge),
        disputed=disputed_of(purchase.disputes, purchase.charge),
    )


def held_reason_of(
    purchase: Purchase, money: Money, terms: Terms, stored: Payment | None, rules: Rules
) -> HeldReason | None:
    """Why a payment that was taken grants nothing. An operator's word overrides what Stripe says,
    and what was settled is not called in question by its age."""
    if terms.resolved:
        return terms.held_reason
    is_settled = stored is not None and stored.terms_are_settled
    if not is_settled and rules.installed_at and taken_at(purchase) < rules.installed_at:
        return HeldReason.BEFORE_TILL
    return terms.held_reason if money.is_readable else HeldReason.UNREADABLE


def status_of(purchase: Purchase, money: Money) -> PaymentStatus:
    if not purchase.is_taken:
        return status_of_unpaid(purchase)
    if money.disputed.takes_any:
        return PaymentStatus.DISPUTED if money.disputed.is_open else PaymentStatus.LOST
    fully_refunded = 0 < (money.charged_minor or 0) <= (money.refunded_minor or 0)
    return PaymentStatus.REFUNDED if fully_refunded else PaymentStatus.PAID


def status_of_unpaid(purchase: Purchase) -> PaymentStatus:
    session_status, intent = purchase.session.get("status"), purchase.payment_intent
    # An expiring session cancels its payment intent, so it is asked first.
    if session_status == "expired":
        return PaymentStatus.EXPIRED
    if intent.get("status") == "canceled" or purchase.reservation_lapsed:
        return PaymentStatus.CANCELED
    attempt_failed = (
        bool(intent.get("last_payment_error"))
        or purchase.charge.get("status") == "failed"
        or session_status == "complete"
    )
    if intent.get("status") == "requires_payment_method" and attempt_failed:
        return PaymentStatus.FAILED
    return PaymentStatus.PENDING


def charged_minor(purchase: Purchase) -> int | None:
    """What was captured once money was taken; until then what the session asks for."""
    if purchase.charge.get("status") == "succeeded":
        return captured_minor(purchase.charge)
    total = purchase.session.get("amount_total")
    asks_for_nothing = total is None and (purchase.is_free or not purchase.is_taken)
    return 0 if asks_for_nothing else amount(total)


def currency_of(purchase: Purchase) -> str | None:
    """Three small letters. A session that nothing is taken for may do without."""
    said = given(purchase.charge.get("currency"), purchase.session.get("currency"))
    if said is None:
        return "usd" if purchase.is_free or not purchase.is_taken else None
    return said if isinstance(said, str) and re.fullmatch("[a-z]{3}", said) else None


def paid_cents(purchase: Purchase, money: Money) -> int | None:
    """In US cents. Stripe settles a foreign charge by a balance transaction, at times only
    minutes after the charge: https://docs.stripe.com/payments/payment-intents/asynchronous-capture
    """
    if money.currency == "usd" or money.charged_minor == 0:
        return money.charged_minor
    settled = purchase.balance_transaction
    return amount(settled.get("amount")) if settled.get("currency") == "usd" else None


def method_of(purchase: Purchase) -> str | None:
    """The type really used; before any attempt, the only one offered."""
    intent = purchase.payment_intent
    failed_with = expanded(expanded(intent.get("last_payment_error")).get("payment_method"))
    used = text(expanded(purchase.charge.get("payment_method_details")).get("type"))
    if id_of(purchase.session.get("payment_intent")) is None:
        return None
    offered = purchase.session.get("payment_method_types")
    only = text(offered[0]) if isinstance(offered, list) and len(offered) == 1 else None
    return used or text(failed_with.get("type")) or only


def email_of(purchase: Purchase) -> str | None:
    session = purchase.session
    return (
        text(expanded(session.get("customer_details")).get("email"))
        or text(session.get("customer_email"))
        or text(expanded(purchase.charge.get("billing_details")).get("email"))
        or text(purchase.charge.get("receipt_email"))
    )


def taken_at(purchase: Purchase) -> datetime:
    """When Stripe took the money: a delayed method's charge is made days before its money
    arrives, and the balance transaction is made when it does."""
    charged, settled = purchase.charge.get("created"), purchase.balance_transaction.get("created")
    at = max(seconds(charged), seconds(settled)) or purchase.noticed_at
    return datetime.fromtimestamp(at, UTC)


def payment_from_snapshot(
    hint: Hint, packages: Sequence[Package], rules: Rules = USUAL_RULES
) -> Payment | None:
    """The payment that a signed snapshot shows, not enriched; None where that is not safe.

    Safe is a session whose metadata names the package and whose subtotal agrees with one of it:
    line items, and so prices and quantities, are not part of a snapshot. A missing user and a sale
    from before the till are safe: the payment is held.
    """
    if hint.snapshot is None:
        return None
    session = hint.snapshot.session
    # Old API versions leave out fields without which nothing can be said.
    if None in (text(session.get("payment_status")), amount(session.get("amount_total"))):
        return None
    purchase = with_payment_intent(hint.snapshot, hint.event_type)
    payment = derive(purchase, packages, stored=None, enriched=False, rules=rules)
    if payment is None or payment.tokens_purchased is None:
        return None
    return payment if payment.held_reason in SAFELY_HELD else None


def with_payment_intent(purchase: Purchase, event_type: str) -> Purchase:
    """A snapshot has the payment intent's id alone; that it failed is in the event's name."""
    if event_type != "checkout.session.async_payment_failed":
        return purchase
    payment_intent = {
        "id": id_of(purchase.session.get("payment_intent")),
        "status": "requires_payment_method",
    }
    return replace(purchase, session={**purchase.session, "payment_intent": payment_intent})
