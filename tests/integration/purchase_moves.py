"""What may happen next to a purchase at Stripe, given all that has happened to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from standin import StripeAccount

Json = dict[str, Any]


@dataclass(frozen=True)
class Move:
    """One step of one purchase; `name` reads as a part of a sentence."""

    name: str
    make: Callable[[], object] = field(repr=False, compare=False)


def legal_moves(account: StripeAccount, session_id: str) -> list[Move]:
    """Every move that the account allows the purchase now."""
    session = account.session(session_id, expand=["payment_intent.latest_charge"])
    intent = session["payment_intent"] or {"status": None}
    moves = [*_of_session(account, session, intent), *_of_intent(account, session, intent)]
    if intent["status"] == "succeeded":
        moves += _of_charge(account, session_id, intent["latest_charge"])
    return moves


def _of_session(account: StripeAccount, session: Json, intent: Json) -> Iterator[Move]:
    if session["status"] != "open":
        return
    session_id = session["id"]
    if intent["status"] != "canceled":
        yield Move("paid", lambda: account.complete(session_id))
    if intent["status"] != "canceled" and session["amount_total"] > 0:
        if account.store.orders[session_id]["capture_method"] != "manual":
            yield Move("completed unpaid", lambda: account.complete_unpaid(session_id))
        yield Move("declined", lambda: account.decline(session_id))
    yield Move("expired", lambda: account.expire(session_id))


def _of_intent(account: StripeAccount, session: Json, intent: Json) -> Iterator[Move]:
    session_id = session["id"]
    if intent["status"] == "processing":
        yield Move("delayed payment succeeded", lambda: account.async_succeed(session_id))
        yield Move("delayed payment failed", lambda: account.async_fail(session_id))
    if intent["status"] == "requires_capture":
        part = max(intent["amount"] * 3 // 5, 1)
        yield Move("captured", lambda: account.capture(session_id))
        yield Move("captured in part", lambda: account.capture(session_id, part))
        yield Move("lapsed", lambda: account.lapse(session_id))
    if intent["status"] in ("processing", "requires_payment_method"):
        yield Move("canceled", lambda: account.cancel_payment_intent(session_id))


def _of_charge(account: StripeAccount, session_id: str, charge: Json) -> Iterator[Move]:
    disputes = account.store.referring("dispute", "charge", charge["id"])
    statuses = {dispute["status"] for dispute in disputes}
    left: int = charge["amount"] - charge["amount_refunded"]
    taken: int = charge["amount_captured"]
    if left > 1 and not statuses & {"needs_response", "under_review", "lost"}:
        yield Move("refunded in full", lambda: account.refund(session_id))
        yield Move("refunded in part", lambda: account.refund(session_id, left * 2 // 5))
    if statuses <= {"won", "warning_closed"}:
        yield from _of_undisputed(account, session_id, taken, left)
    for refund in account.store.referring("refund", "charge", charge["id"]):
        # What was only released of a reservation moved no money that could come back.
        if refund["status"] == "succeeded" and refund["balance_transaction"] is not None:
            yield _failing(account, refund["id"])
    for dispute in disputes:
        yield from _of_dispute(account, dispute["id"], dispute["status"])


def _of_undisputed(
    account: StripeAccount, session_id: str, amount_minor: int, left_minor: int
) -> Iterator[Move]:
    part = max(amount_minor * 3 // 10, 1)
    yield Move("disputed in full", lambda: account.dispute(session_id, amount_minor))
    yield Move("disputed in part", lambda: account.dispute(session_id, part))
    if left_minor > 0:
        yield Move("inquired about", lambda: account.dispute(session_id, inquiry=True))


def _failing(account: StripeAccount, refund_id: str) -> Move:
    return Move("refund failed", lambda: account.fail_refund(refund_id))


def _of_dispute(account: StripeAccount, dispute_id: str, status: str) -> Iterator[Move]:
    if status.endswith("needs_response"):
        yield Move("evidence submitted", lambda: account.submit_evidence(dispute_id))
    if status in ("needs_response", "under_review"):
        yield Move("dispute won", lambda: account.win_dispute(dispute_id))
        yield Move("dispute lost", lambda: account.lose_dispute(dispute_id))
    if status in ("warning_needs_response", "warning_under_review"):
        yield Move("inquiry escalated", lambda: account.escalate_inquiry(dispute_id))
        yield Move("inquiry closed", lambda: account.close_inquiry(dispute_id))
