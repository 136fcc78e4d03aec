"""What an event's snapshot of a session may be trusted with while Stripe cannot be asked."""

from collections.abc import Sequence
from dataclasses import replace

from domain.derive import derive
from domain.events import Hint
from domain.packages import USUAL_RULES, Package, Rules
from domain.payment import HeldReason, Payment
from domain.stripe_objects import Purchase, amount, id_of, text

_SAFELY_HELD = (None, HeldReason.NO_USER, HeldReason.BEFORE_TILL)


def payment_from_snapshot(
    hint: Hint, packages: Sequence[Package], rules: Rules = USUAL_RULES
) -> Payment | None:
    """The payment that a signed snapshot shows, not enriched; None where that is not safe.

    Safe is a session whose metadata names the package and whose subtotal agrees with one of it:
    line items, and so prices and quantities, are not part of a snapshot. A missing user and a sale
    from before the till are safe: the payment is held.
    """
    if hint.snapshot is None or not _is_complete(hint.snapshot):
        return None
    purchase = _with_payment_intent(hint.snapshot, hint.event_type)
    payment = derive(purchase, packages, stored=None, enriched=False, rules=rules)
    if payment is None or payment.tokens_purchased is None:
        return None
    return payment if payment.held_reason in _SAFELY_HELD else None


def _is_complete(purchase: Purchase) -> bool:
    """Old API versions leave out fields without which nothing can be said."""
    session = purchase.session
    return None not in (text(session.get("payment_status")), amount(session.get("amount_total")))


def _with_payment_intent(purchase: Purchase, event_type: str) -> Purchase:
    """A snapshot has the payment intent's id alone; that it failed is in the event's name."""
    if event_type != "checkout.session.async_payment_failed":
        return purchase
    payment_intent = {
        "id": id_of(purchase.session.get("payment_intent")),
        "status": "requires_payment_method",
    }
    return replace(purchase, session={**purchase.session, "payment_intent": payment_intent})
