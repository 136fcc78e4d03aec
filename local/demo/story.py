"""The story: what customers, banks and operators do, what must come of it, and what reports say."""

from __future__ import annotations

import io
import logging
import os
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import psycopg

from local import Failure
from local.demo.narrator import Narrator, NotAsTold
from local.shop import Seen, Shop, open_shop

_LOG_SHOWN_CHARACTERS = 4000

COMPLETED = "checkout.session.completed"
_TOTAL = ("total_revenue", "paid_payments", "payments_without_usd_amount")
_BY_PACKAGE = ("package_name", "count", "revenue")
_OF_A_USER = (
    "package_name",
    "tokens_purchased",
    "amount_paid",
    "payment_status",
    "credits_granted",
)
_REVENUES = ["200.00", "45.00", "20.00"]
_RECENT = ("user_id", "package_name", "amount_paid", "payment_method", "customer_email")


def run() -> None:
    """Play the story in a temporary database, show the reports, and leave nothing behind.

    Raises Failure.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    narrator, log, started = Narrator(sys.stdout), io.StringIO(), time.monotonic()
    try:
        # Lambda shows what handlers log and print; here it would break into the story.
        with redirect_stdout(log), redirect_stderr(log):
            logging.basicConfig(stream=log, level=logging.INFO)
            with open_shop(os.environ) as shop:
                play(shop, narrator)
                show_reports(shop, narrator)
    except (Failure, psycopg.Error) as error:
        sys.stderr.write(log.getvalue()[-_LOG_SHOWN_CHARACTERS:])
        raise Failure(f"The demo failed: {error}") from error
    narrator.line(f"Played in {time.monotonic() - started:.1f} s. Nothing is left behind.")


def play(shop: Shop, narrator: Narrator) -> None:
    """Play all chapters in order.

    Raises NotAsTold.
    """
    narrator.line(
        "Real signed requests to the real handlers, with Postgres and a stand-in for Stripe."
    )
    narrator.line(f"Webhook: {shop.webhook_url}")
    narrator.line(f"Database: {shop.database_url}")
    narrator.deliveries_begin()
    _a_paid_purchase(shop, narrator)
    _a_delayed_payment(shop, narrator)
    _a_declined_card(shop, narrator)
    _an_expired_session(shop, narrator)
    _a_partial_refund(shop, narrator)
    _a_dispute(shop, narrator)
    _a_held_payment(shop, narrator)


def _a_paid_purchase(shop: Shop, narrator: Narrator) -> None:
    narrator.heading("Ana buys Starter by card: 1,000 tokens for 10.00 USD.")
    events = shop.account.complete(shop.sell("ana", "starter"))
    completed = _of_type(events, COMPLETED)
    narrator.told(COMPLETED, shop.deliver(completed), "recorded", "paid", 1000)
    narrator.heading("Stripe sends the same event again, and another event of the same purchase.")
    narrator.told(COMPLETED, shop.deliver(completed), "duplicate", "paid", 1000)
    succeeded = shop.deliver(_of_type(events, "payment_intent.succeeded"))
    narrator.told("payment_intent.succeeded", succeeded, "unchanged", "paid", 1000)


def _a_delayed_payment(shop: Shop, narrator: Narrator) -> None:
    narrator.heading("Ben buys Professional by bank debit, whose money comes days later.")
    session_id = shop.sell("ben", "professional")
    waiting = _delivered(shop, shop.account.complete_unpaid(session_id), COMPLETED)
    narrator.told(COMPLETED, waiting, "recorded", "pending", 0)
    arrived = "checkout.session.async_payment_succeeded"
    paid = _delivered(shop, shop.account.async_succeed(session_id), arrived)
    narrator.told(arrived, paid, "recorded", "paid", 5000)


def _a_declined_card(shop: Shop, narrator: Narrator) -> None:
    narrator.heading("Chloe buys Enterprise: her card is declined, and another one works.")
    session_id, failed = shop.sell("chloe", "enterprise"), "payment_intent.payment_failed"
    declined = _delivered(shop, shop.account.decline(session_id), failed)
    narrator.told(failed, declined, "recorded", "failed", 0)
    paid = _delivered(shop, shop.account.complete(session_id), COMPLETED)
    narrator.told(COMPLETED, paid, "recorded", "paid", 25_000)


def _an_expired_session(shop: Shop, narrator: Narrator) -> None:
    narrator.heading("Ana opens Checkout once more and leaves the page.")
    expired = "checkout.session.expired"
    events = shop.account.expire(shop.sell("ana", "professional"))
    narrator.told(expired, _delivered(shop, events, expired), "recorded", "expired", 1000)


def _a_partial_refund(shop: Shop, narrator: Narrator) -> None:
    narrator.heading("Ana is refunded 2.50 of her 10.00 USD: a quarter of the tokens goes back.")
    mark = shop.account.mark()
    shop.account.refund(_first_session_of(shop, "ana"), 250)
    refunded = _delivered(shop, shop.account.events_since(mark), "refund.created")
    narrator.told("refund.created", refunded, "recorded", "paid", 750)


def _a_dispute(shop: Shop, narrator: Narrator) -> None:
    narrator.heading("Ben's bank disputes his payment, and takes the money. The dispute is won.")
    mark, opened, closed = shop.account.mark(), "charge.dispute.created", "charge.dispute.closed"
    dispute = shop.account.dispute(_first_session_of(shop, "ben"))
    disputed = _delivered(shop, shop.account.events_since(mark), opened)
    narrator.told(opened, disputed, "recorded", "disputed", 0)
    won = _delivered(shop, shop.account.win_dispute(dispute["id"]), closed)
    narrator.told(closed, won, "recorded", "paid", 5000)


def _a_held_payment(shop: Shop, narrator: Narrator) -> None:
    narrator.heading(
        "A payment names no user. It is held, until an operator says, twice, that it was Ana's."
    )
    paid = _delivered(shop, shop.account.complete(shop.sell(None, "starter")), COMPLETED)
    narrator.told(COMPLETED, paid, "recorded", "paid, held", None)
    decision = {
        "operation": "resolve_payment",
        "payment_id": paid.payment_id,
        "user_id": "ana",
        "actor": "olivia",
        "note": "Ana wrote to support",
        "request_id": "ticket-17",
    }
    narrator.told("resolve_payment (operation)", shop.operate(decision), "recorded", "paid", 1750)
    narrator.told("resolve_payment (operation)", shop.operate(decision), "duplicate", "paid", 1750)


def _delivered(shop: Shop, events: list[dict[str, Any]], event_type: str) -> Seen:
    return shop.deliver(_of_type(events, event_type))


def _of_type(events: list[dict[str, Any]], event_type: str) -> dict[str, Any]:
    (event,) = [event for event in events if event["type"] == event_type]
    return event


def _first_session_of(shop: Shop, user_id: str) -> str:
    sessions = shop.account.sessions()
    return str(next(each["id"] for each in sessions if each["client_reference_id"] == user_id))


def show_reports(shop: Shop, narrator: Narrator) -> None:
    """Ask the reports handler for each report, and check it against the story.

    Raises NotAsTold.
    """
    total = _shown(shop, narrator, "total_revenue", _TOTAL)
    _check("total_revenue", [row["total_revenue"] for row in total], ["265.00"])
    by_package = _shown(shop, narrator, "payments_by_package", _BY_PACKAGE)
    _check("payments_by_package", [row["revenue"] for row in by_package], _REVENUES)
    of_ana = _shown(shop, narrator, "payments_for_user", _OF_A_USER, user_id="ana")
    statuses = [row["payment_status"] for row in of_ana]
    _check("payments_for_user", statuses, ["paid", "expired", "paid"])
    recent = _shown(shop, narrator, "recent_payments", _RECENT)
    _check("recent_payments", [row["user_id"] for row in recent], ["ana", "chloe", "ben", "ana"])
    _show_audit(shop, narrator)


def _shown(
    shop: Shop, narrator: Narrator, name: str, columns: Sequence[str], **params: str
) -> list[dict[str, Any]]:
    answer = _answer(shop, name, params)
    asked = "".join(f", {key} = {value}" for key, value in params.items())
    left_out = len(answer["columns"]) - len(columns)
    rest = f" ({left_out} more columns are not shown)" if left_out else ""
    narrator.heading(f"Report {name}{asked}{rest}")
    narrator.table(columns, answer["rows"])
    return list(answer["rows"])


def _show_audit(shop: Shop, narrator: Narrator) -> None:
    rows = _answer(shop, "ledger_audit", {})["rows"]
    narrator.heading("Report ledger_audit")
    if rows:
        narrator.table(list(rows[0]), rows)
    _check("ledger_audit", rows, [])
    narrator.line(
        "  no rows: sound. Every balance is the sum of its ledger, every entry is earned."
    )
    narrator.line()


def _answer(shop: Shop, name: str, params: dict[str, str]) -> dict[str, Any]:
    answer = shop.report(name, **params)
    if "error" in answer:
        raise NotAsTold(f"the report {name} answered {answer['error']['message']}")
    return answer


def _check(name: str, seen: list[Any], expected: list[Any]) -> None:
    if seen != expected:
        raise NotAsTold(f"the report {name} should show {expected}; saw {seen}")
