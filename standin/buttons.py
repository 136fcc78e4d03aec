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
    intent = session["payment_intent"] or {"status": None}
    if session["status"] == "open":
        return _before_payment(account, session)
    if intent["status"] == "processing":
        return [
            Button("succeed", "The bank pays", lambda: account.async_succeed(session_id)),
            Button("fail", "The bank does not pay", lambda: account.async_fail(session_id)),
        ]
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
    expire = Button("expire", "Let it expire", lambda: account.expire(session_id))
    if session["mode"] != "payment" or session["amount_total"] == 0:
        return [Button("pay", "Complete", lambda: account.complete(session_id)), expire]
    pay = f"Pay {display(session['amount_total'], currency)} by card"
    later, by_bank = "Pay by bank account (takes days)", "us_bank_account"
    method = by_bank if currency == "usd" else "sepa_debit"
    offered = [
        Button("pay", pay, lambda: account.complete(session_id)),
        Button("pay-later", later, lambda: account.complete_unpaid(session_id, method)),
        Button("decline", "Card is declined", lambda: account.decline(session_id)),
        expire,
    ]
    manual = account.store.orders[session_id]["capture_method"] == "manual"
    return [each for each in offered if not (manual and each.name == "pay-later")]


def _while_reserved(account: StripeAccount, session_id: str, intent: Json) -> list[Button]:
    amount, currency = intent["amount_capturable"], intent["currency"]
    half = max(amount // 2, 1)
    all_of_it, half_of_it = (f"Capture {display(each, currency)}" for each in (amount, half))
    return [
        Button("capture", all_of_it, lambda: account.capture(session_id)),
        Button("capture-half", half_of_it, lambda: account.capture(session_id, half)),
        Button("cancel", "Cancel", lambda: account.cancel_payment_intent(session_id)),
        Button("lapse", "The reservation lapses", lambda: account.lapse(session_id)),
    ]


def _after_payment(account: StripeAccount, session_id: str, charge: Json) -> list[Button]:
    with account.lock:
        disputes = account.store.referring("dispute", "charge", charge["id"])
        refunds = account.store.referring("refund", "charge", charge["id"])
    statuses = {dispute["status"]: dispute["id"] for dispute in disputes}
    for status, dispute_id in statuses.items():
        if status in _DISPUTE_OPEN:
            return _in_dispute(account, dispute_id)
        if status in _INQUIRY_OPEN:
            return _in_inquiry(account, dispute_id)
    offered = [] if "lost" in statuses else _refunding(account, session_id, charge)
    moved = [each for each in refunds if each["status"] == "succeeded"]
    returned = [each["id"] for each in moved if each["balance_transaction"]]
    if returned:
        label = "The last refund fails"
        offered.append(Button("refund-fails", label, lambda: account.fail_refund(returned[-1])))
    return offered


def _refunding(account: StripeAccount, session_id: str, charge: Json) -> list[Button]:
    left, currency = charge["amount"] - charge["amount_refunded"], charge["currency"]
    if left == 0:
        return []
    half = max(left // 2, 1)
    all_of_it, half_of_it = (f"Refund {display(each, currency)}" for each in (left, half))
    return [
        Button("refund", all_of_it, lambda: account.refund(session_id)),
        Button("refund-half", half_of_it, lambda: account.refund(session_id, half)),
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
