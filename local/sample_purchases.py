"""The purchases that the sample events in `events/` are about, as they are played in an account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from standin import StripeAccount
from standin.store import Ids

Json = dict[str, Any]
Move = Callable[[StripeAccount, str], list[Json]]

# What happens to the session of each; the last event is the sample.
_MOVES: dict[str, tuple[Move, ...]] = {
    "checkout.session.completed": (StripeAccount.complete,),
    "checkout.session.async_payment_succeeded": (
        StripeAccount.complete_unpaid,
        StripeAccount.async_succeed,
    ),
    "checkout.session.async_payment_failed": (
        StripeAccount.complete_unpaid,
        StripeAccount.async_fail,
    ),
    "checkout.session.expired": (StripeAccount.expire,),
    "payment_intent.payment_failed": (StripeAccount.decline,),
}


def play_samples(account: StripeAccount, price_id: str) -> dict[str, Json]:
    """Let user_123 buy the starter package, whose price is `price_id`, once for each sample event;
    answers the event of each name. Their ids are the same in every account."""
    ids, account.store.ids = account.store.ids, Ids("samples")
    try:
        return {
            event_type.replace(".", "_"): _event(account, price_id, event_type)
            for event_type in _MOVES
        }
    finally:
        account.store.ids = ids


def _event(account: StripeAccount, price_id: str, event_type: str) -> Json:
    session = account.create_checkout_session(
        [(price_id, 1)],
        client_reference_id="user_123",
        metadata={"user_id": "user_123", "package_id": "starter"},
        customer_email="ada@example.com",
    )
    events = [event for move in _MOVES[event_type] for event in move(account, session["id"])]
    (sample,) = [event for event in events if event["type"] == event_type]
    return sample
