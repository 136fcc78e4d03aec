"""The moves of one purchase: pay at once or later, decline, expire, capture, cancel, settle.

Every function changes the store and records the events that Stripe sends, in order.
Sources: https://docs.stripe.com/checkout/fulfillment,
https://docs.stripe.com/payments/paymentintents/lifecycle
"""

from __future__ import annotations

from heapq import heappop

from standin import charges, checkout, disputes, payment_intents, payment_methods, refunds
from standin.errors import IllegalMove, Json
from standin.store import Store


def complete(store: Store, session_id: str, payment_method_type: str, settled: bool) -> None:
    """The buyer pays and the money is there at once."""
    session = checkout.open_session(store, session_id)
    if session["mode"] != "payment" or session["amount_total"] == 0:
        checkout.complete_without_payment(store, session)
        return
    intent, charge = _attempt(store, session, payment_method_type)
    manual = intent["capture_method"] == "manual"
    if manual:
        charges.reserve(store, charge)
        payment_intents.reserve(store, intent, charge)
    else:
        charges.succeed(store, charge)
        payment_intents.succeed(store, intent, charge)
    checkout.close(store, session, "unpaid" if manual else "paid")
    store.record("checkout.session.completed", session)
    if settled and not manual:
        charges.settle(store, charge)


def complete_unpaid(store: Store, session_id: str, payment_method_type: str) -> None:
    """The buyer is done, but whether the money comes is known only days later."""
    payment_methods.require_delayed(payment_method_type)
    session = _payable(store, session_id)
    if store.orders[session_id]["capture_method"] == "manual":
        raise IllegalMove(f"{payment_method_type} cannot be captured later")
    intent, charge = _attempt(store, session, payment_method_type)
    store.record("charge.pending", charge)
    payment_intents.process(store, intent, charge)
    checkout.close(store, session, "unpaid")
    store.record("checkout.session.completed", session)


def async_succeed(store: Store, session_id: str) -> None:
    session, intent, charge = _processing(store, session_id)
    charges.succeed(store, charge)
    payment_intents.succeed(store, intent, charge)
    store.update(session, payment_status="paid")
    store.record("checkout.session.async_payment_succeeded", session)
    charges.settle(store, charge)


def async_fail(store: Store, session_id: str) -> None:
    session, intent, charge = _processing(store, session_id)
    charges.fail(store, charge)
    payment_intents.fail(store, intent, charge)
    store.record("checkout.session.async_payment_failed", session)


def decline(store: Store, session_id: str) -> None:
    """The card is refused. The session stays open, and the buyer may try again."""
    session = _payable(store, session_id)
    intent, charge = _attempt(store, session, "card")
    charges.fail(store, charge)
    payment_intents.fail(store, intent, charge)


def expire(store: Store, session_id: str) -> Json:
    """Nobody may pay this session any more; its payment intent, if it has one, is canceled."""
    session = checkout.open_session(store, session_id)
    intent = store.find("payment_intent", session["payment_intent"])
    if intent is not None:
        payment_intents.expire(store, intent)
    store.update(session, status="expired", url=None)
    store.record("checkout.session.expired", session)
    return session


def expire_due(store: Store) -> None:
    """Expire every session whose time is over. Looking at the account does it."""
    while any_due(store):
        _, session_id = heappop(store.open_until)
        if store.get("checkout.session", session_id)["status"] == "open":
            expire(store, session_id)


def any_due(store: Store) -> bool:
    return bool(store.open_until) and store.open_until[0][0] <= store.now()


def cancel_payment_intent(store: Store, session_id: str) -> None:
    payment_intents.cancel(store, _intent(store, session_id), "requested_by_customer")


def capture(store: Store, session_id: str, amount_minor: int | None) -> None:
    payment_intents.capture(store, _intent(store, session_id), amount_minor)


def lapse(store: Store, session_id: str) -> None:
    payment_intents.lapse(store, _intent(store, session_id))


def settle(store: Store, session_id: str) -> None:
    """Settle a charge that was captured asynchronously (`complete(settled=False)`)."""
    charge = _paid_charge(store, session_id)
    if charge["balance_transaction"] is not None:
        raise IllegalMove(f"charge {charge['id']} is settled already")
    charges.settle(store, charge)


def refund(store: Store, session_id: str, amount_minor: int | None, reason: str | None) -> Json:
    return refunds.create(store, _paid_charge(store, session_id), amount_minor, reason)


def dispute(
    store: Store, session_id: str, amount_minor: int | None, inquiry: bool, currency: str | None
) -> Json:
    charge = _paid_charge(store, session_id)
    return disputes.create(store, charge, amount_minor, inquiry, currency)


def pay_outside_checkout(
    store: Store, amount_minor: int, currency: str, metadata: dict[str, str]
) -> Json:
    """A payment of this account that no Checkout session belongs to."""
    intent = payment_intents.create(store, amount_minor, currency, ["card"], metadata)
    store.record("payment_intent.created", intent)
    charge = charges.create(store, intent, "card", None)
    charges.succeed(store, charge)
    payment_intents.succeed(store, intent, charge)
    charges.settle(store, charge)
    return intent


def _paid_charge(store: Store, session_id: str) -> Json:
    """The charge that paid the session; IllegalMove if there is none."""
    session = store.get("checkout.session", session_id)
    intent = store.find("payment_intent", session["payment_intent"])
    if intent is None or intent["status"] != "succeeded":
        raise IllegalMove(f"session {session_id} has no successful charge")
    return store.get("charge", intent["latest_charge"])


def _intent(store: Store, session_id: str) -> Json:
    """The session's payment intent; IllegalMove before the buyer has tried to pay."""
    session = store.get("checkout.session", session_id)
    intent = store.find("payment_intent", session["payment_intent"])
    if intent is None:
        raise IllegalMove(f"session {session_id} has no payment intent")
    return intent


def _attempt(store: Store, session: Json, payment_method_type: str) -> tuple[Json, Json]:
    intent = payment_intents.of_session(store, session)
    if intent["status"] == "canceled":
        raise IllegalMove(f"the payment intent of {session['id']} is canceled")
    email = checkout.buyer_email(store, session)
    return intent, charges.create(store, intent, payment_method_type, email)


def _payable(store: Store, session_id: str) -> Json:
    session = checkout.open_session(store, session_id)
    if session["mode"] != "payment" or session["amount_total"] == 0:
        raise IllegalMove(f"session {session_id} takes no payment")
    return session


def _processing(store: Store, session_id: str) -> tuple[Json, Json, Json]:
    session = store.get("checkout.session", session_id)
    intent = store.find("payment_intent", session["payment_intent"])
    if intent is None or intent["status"] != "processing":
        raise IllegalMove(f"session {session_id} waits for no delayed payment")
    return session, intent, store.get("charge", intent["latest_charge"])
