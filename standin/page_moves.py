"""The buttons of a purchase's page: which moves its state offers, and what each does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from standin.account import StripeAccount
from standin.errors import IllegalMove, Json
from standin.money import display

_DISPUTE_OPEN = ("needs_response", "under_review")
_INQUIRY_OPEN = ("warning_needs_response", "warning_under_review")


@dataclass(frozen=True)
class Button:
    """One move that is possible now: its name in the address, its label, what it runs."""

    name: str
    label: str
    run: Callable[[], object]


def buttons(account: StripeAccount, session_id: str) -> list[Button]:
    """The moves that the purchase's state allows, in the order of the page."""
    session = account.session(session_id, ["payment_intent.latest_charge"])
    intent = session["payment_intent"] or {"status": "none", "id": None, "latest_charge": None}
    if session["status"] == "open":
        return _before_payment(account, session)
    if intent["status"] == "processing":
        return _while_processing(account, session_id)
    if intent["status"] == "requires_capture":
        return _while_reserved(account, session_id, intent)
    if intent["status"] == "succeeded":
        return _after_payment(account, session_id, intent["latest_charge"])
    return []


def run(account: StripeAccount, session_id: str, name: str) -> None:
    """Do the move of this name; IllegalMove if the purchase's state does not offer it."""
    for button in buttons(account, session_id):
        if button.name == name:
            button.run()
            return
    raise IllegalMove(f"{name!r} is not possible for this purchase now")


def _before_payment(account: StripeAccount, session: Json) -> list[Button]:
    session_id, currency = session["id"], session["currency"]
    if session["mode"] != "payment" or session["amount_total"] == 0:
        return [
            Button("pay", "Complete", lambda: account.complete(session_id)),
            Button("expire", "Let it expire", lambda: account.expire(session_id)),
        ]
    amount = display(session["amount_total"], currency)
    later = "us_bank_account" if currency == "usd" else "sepa_debit"
    by_bank = Button(
        "pay-later",
        "Pay by bank account (takes days)",
        lambda: account.complete_unpaid(session_id, later),
    )
    manual = account.store.orders[session_id]["capture_method"] == "manual"
    return [
        Button("pay", f"Pay {amount} by card", lambda: account.complete(session_id)),
        *([] if manual else [by_bank]),
        Button("decline", "Card is declined", lambda: account.decline(session_id)),
        Button("expire", "Let it expire", lambda: account.expire(session_id)),
    ]


def _while_processing(account: StripeAccount, session_id: str) -> list[Button]:
    return [
        Button("succeed", "The bank pays", lambda: account.async_succeed(session_id)),
        Button("fail", "The bank does not pay", lambda: account.async_fail(session_id)),
    ]


def _while_reserved(account: StripeAccount, session_id: str, intent: Json) -> list[Button]:
    amount, currency = intent["amount_capturable"], intent["currency"]
    half = max(amount // 2, 1)
    return [
        Button(
            "capture",
            f"Capture {display(amount, currency)}",
            lambda: account.capture(session_id),
        ),
        Button(
            "capture-half",
            f"Capture {display(half, currency)}",
            lambda: account.capture(session_id, half),
        ),
        Button("cancel", "Cancel", lambda: account.cancel_payment_intent(session_id)),
        Button("lapse", "The reservation lapses", lambda: account.lapse(session_id)),
    ]


def _after_payment(account: StripeAccount, session_id: str, charge: Json) -> list[Button]:
    with account.lock:
        disputes = account.store.referring("dispute", "charge", charge["id"])
        refunds = account.store.referring("refund", "charge", charge["id"])
        open_ids = [(each["id"], each["status"]) for each in disputes]
        refund_ids = [
            each["id"]
            for each in refunds
            if each["status"] == "succeeded" and each["balance_transaction"]
        ]
    for dispute_id, status in open_ids:
        if status in _DISPUTE_OPEN:
            return _in_dispute(account, dispute_id)
        if status in _INQUIRY_OPEN:
            return _in_inquiry(account, dispute_id)
    lost = any(status == "lost" for _, status in open_ids)
    offered = [] if lost else _refunding(account, session_id, charge)
    if refund_ids:
        last = refund_ids[-1]
        offered.append(
            Button("refund-fails", "The last refund fails", lambda: account.fail_refund(last))
        )
    return offered


def _refunding(account: StripeAccount, session_id: str, charge: Json) -> list[Button]:
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        return []
    half = max(left // 2, 1)
    currency = charge["currency"]
    return [
        Button("refund", f"Refund {display(left, currency)}", lambda: account.refund(session_id)),
        Button(
            "refund-half",
            f"Refund {display(half, currency)}",
            lambda: account.refund(session_id, half),
        ),
        Button("dispute", "Dispute the charge", lambda: account.dispute(session_id)),
        Button("inquire", "Open an inquiry", lambda: account.dispute(session_id, inquiry=True)),
    ]


def _in_dispute(account: StripeAccount, dispute_id: str) -> list[Button]:
    return [
        Button("win", "Win the dispute", lambda: account.win_dispute(dispute_id)),
        Button("lose", "Lose the dispute", lambda: account.lose_dispute(dispute_id)),
    ]


def _in_inquiry(account: StripeAccount, dispute_id: str) -> list[Button]:
    return [
        Button("close", "Close the inquiry", lambda: account.close_inquiry(dispute_id)),
        Button("escalate", "Make it a dispute", lambda: account.escalate_inquiry(dispute_id)),
    ]
