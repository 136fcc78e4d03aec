"""The story: what customers, banks and operators do, and what must come of it."""

from __future__ import annotations

from typing import Any

from local.demo.page import Page
from local.demo.shop import Seen, Shop

COMPLETED = "checkout.session.completed"


def play(shop: Shop, page: Page) -> None:
    """Play all chapters in order.

    Raises NotAsTold.
    """
    page.line("Real signed requests to the real handlers, with Postgres and a stand-in for Stripe.")
    page.line(f"Webhook: {shop.webhook_url}")
    page.line(f"Database: {shop.database_url}")
    page.deliveries_begin()
    _a_paid_purchase(shop, page)
    _a_delayed_payment(shop, page)
    _a_declined_card(shop, page)
    _an_expired_session(shop, page)
    _a_partial_refund(shop, page)
    _a_dispute(shop, page)
    _a_held_payment(shop, page)


def _a_paid_purchase(shop: Shop, page: Page) -> None:
    page.heading("Ana buys Starter by card: 1,000 tokens for 10.00 USD.")
    events = shop.account.complete(shop.sell("ana", "starter"))
    completed = _of_type(events, COMPLETED)
    page.told(COMPLETED, shop.deliver(completed), "recorded", "paid", 1000)
    page.heading("Stripe sends the same event again, and another event of the same purchase.")
    page.told(COMPLETED, shop.deliver(completed), "duplicate", "paid", 1000)
    succeeded = shop.deliver(_of_type(events, "payment_intent.succeeded"))
    page.told("payment_intent.succeeded", succeeded, "unchanged", "paid", 1000)


def _a_delayed_payment(shop: Shop, page: Page) -> None:
    page.heading("Ben buys Professional by bank debit, whose money comes days later.")
    session_id = shop.sell("ben", "professional")
    waiting = _delivered(shop, shop.account.complete_unpaid(session_id), COMPLETED)
    page.told(COMPLETED, waiting, "recorded", "pending", 0)
    arrived = "checkout.session.async_payment_succeeded"
    paid = _delivered(shop, shop.account.async_succeed(session_id), arrived)
    page.told(arrived, paid, "recorded", "paid", 5000)


def _a_declined_card(shop: Shop, page: Page) -> None:
    page.heading("Chloe buys Enterprise: her card is declined, and another one works.")
    session_id, failed = shop.sell("chloe", "enterprise"), "payment_intent.payment_failed"
    declined = _delivered(shop, shop.account.decline(session_id), failed)
    page.told(failed, declined, "recorded", "failed", 0)
    paid = _delivered(shop, shop.account.complete(session_id), COMPLETED)
    page.told(COMPLETED, paid, "recorded", "paid", 25_000)


def _an_expired_session(shop: Shop, page: Page) -> None:
    page.heading("Ana opens Checkout once more and leaves the page.")
    expired = "checkout.session.expired"
    events = shop.account.expire(shop.sell("ana", "professional"))
    page.told(expired, _delivered(shop, events, expired), "recorded", "expired", 1000)


def _a_partial_refund(shop: Shop, page: Page) -> None:
    page.heading("Ana is refunded 2.50 of her 10.00 USD: a quarter of the tokens goes back.")
    mark = shop.account.mark()
    shop.account.refund(_first_session_of(shop, "ana"), 250)
    refunded = _delivered(shop, shop.account.events_since(mark), "refund.created")
    page.told("refund.created", refunded, "recorded", "paid", 750)


def _a_dispute(shop: Shop, page: Page) -> None:
    page.heading("Ben's bank disputes his payment, and takes the money. The dispute is won.")
    mark, opened, closed = shop.account.mark(), "charge.dispute.created", "charge.dispute.closed"
    dispute = shop.account.dispute(_first_session_of(shop, "ben"))
    disputed = _delivered(shop, shop.account.events_since(mark), opened)
    page.told(opened, disputed, "recorded", "disputed", 0)
    won = _delivered(shop, shop.account.win_dispute(dispute["id"]), closed)
    page.told(closed, won, "recorded", "paid", 5000)


def _a_held_payment(shop: Shop, page: Page) -> None:
    page.heading(
        "A payment names no user. It is held, until an operator says, twice, that it was Ana's."
    )
    paid = _delivered(shop, shop.account.complete(shop.sell(None, "starter")), COMPLETED)
    page.told(COMPLETED, paid, "recorded", "paid, held", None)
    decision = {
        "operation": "resolve_payment",
        "payment_id": paid.payment_id,
        "user_id": "ana",
        "actor": "olivia",
        "note": "Ana wrote to support",
        "request_id": "ticket-17",
    }
    page.told("resolve_payment (operation)", shop.operate(decision), "recorded", "paid", 1750)
    page.told("resolve_payment (operation)", shop.operate(decision), "duplicate", "paid", 1750)


def _delivered(shop: Shop, events: list[dict[str, Any]], event_type: str) -> Seen:
    return shop.deliver(_of_type(events, event_type))


def _of_type(events: list[dict[str, Any]], event_type: str) -> dict[str, Any]:
    (event,) = [event for event in events if event["type"] == event_type]
    return event


def _first_session_of(shop: Shop, user_id: str) -> str:
    sessions = shop.account.sessions()
    return str(next(each["id"] for each in sessions if each["client_reference_id"] == user_id))
