"""Money that is reserved first: captured whole or in part, let go, or lapsed."""

from __future__ import annotations

from typing import Any

import pytest

from standin import IllegalMove, StripeAccount
from standin.tests.builders import PAID, Clock, a_paid_session, an_open_session, charge_of, types

AMOUNT = 20_675
Json = dict[str, Any]


def a_reservation(account: StripeAccount, **changes: Any) -> str:
    """A completed session over 206.75 whose money was reserved and not captured."""
    return a_paid_session(account, line_items=[(AMOUNT, 1)], capture_method="manual", **changes)


def money_of(charge: Json) -> tuple[int, int, bool, bool]:
    return (
        charge["amount_captured"],
        charge["amount_refunded"],
        charge["captured"],
        charge["refunded"],
    )


def refunds_of(account: StripeAccount, session_id: str) -> list[Json]:
    charge = account.retrieve("charge", charge_of(account, session_id)["id"], ["refunds"])
    found: list[Json] = charge["refunds"]["data"]
    return found


def test_a_manual_session_completes_unpaid_with_its_money_reserved(account: StripeAccount) -> None:
    session = account.session(a_reservation(account), PAID)
    intent = session["payment_intent"]
    assert (session["status"], session["payment_status"]) == ("complete", "unpaid")
    assert (intent["status"], intent["capture_method"]) == ("requires_capture", "manual")
    assert (intent["amount_capturable"], intent["amount_received"]) == (AMOUNT, 0)
    assert money_of(intent["latest_charge"]) == (0, 0, False, False)
    assert intent["latest_charge"]["balance_transaction"] is None


def test_reserving_sends_amount_capturable_updated_instead_of_succeeded(
    account: StripeAccount,
) -> None:
    assert types(account.complete(an_open_session(account, capture_method="manual"))) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "checkout.session.completed",
    ]


def test_a_whole_capture_pays_the_session(account: StripeAccount) -> None:
    session_id = a_reservation(account)
    events = account.capture(session_id)
    session = account.session(session_id, PAID)
    intent = session["payment_intent"]
    assert types(events) == ["charge.captured", "payment_intent.succeeded"]
    assert session["payment_status"] == "paid"
    assert (intent["status"], intent["amount_received"]) == ("succeeded", AMOUNT)
    assert intent["amount_capturable"] == 0
    assert money_of(intent["latest_charge"]) == (AMOUNT, 0, True, False)


def test_a_partial_capture_shows_the_rest_as_refunded(account: StripeAccount) -> None:
    session_id = a_reservation(account)
    events = account.capture(session_id, 20_300)
    session = account.session(session_id, PAID)
    intent = session["payment_intent"]
    charge = intent["latest_charge"]
    assert types(events) == ["charge.captured", "payment_intent.succeeded", "charge.refunded"]
    assert (intent["amount"], intent["amount_received"]) == (AMOUNT, 20_300)
    assert charge["amount"] == AMOUNT
    assert money_of(charge) == (20_300, 375, True, False)
    assert charge["balance_transaction"]["amount"] == 20_300
    assert session["amount_total"] == AMOUNT


def test_the_rest_of_a_capture_is_a_refund_without_a_balance_transaction(
    account: StripeAccount,
) -> None:
    session_id = a_reservation(account)
    account.capture(session_id, 20_300)
    [rest] = refunds_of(account, session_id)
    assert (rest["amount"], rest["status"], rest["balance_transaction"]) == (375, "succeeded", None)
    with pytest.raises(IllegalMove):
        account.fail_refund(rest["id"])


def test_what_was_captured_can_be_refunded_and_no_more(account: StripeAccount) -> None:
    session_id = a_reservation(account)
    account.capture(session_id, 20_300)
    with pytest.raises(IllegalMove):
        account.refund(session_id, 20_301)
    account.refund(session_id)
    assert money_of(charge_of(account, session_id)) == (20_300, AMOUNT, True, True)


def test_what_was_captured_can_be_disputed_and_no_more(account: StripeAccount) -> None:
    session_id = a_reservation(account)
    account.capture(session_id, 20_300)
    with pytest.raises(IllegalMove):
        account.dispute(session_id, 20_301)
    assert account.dispute(session_id)["amount"] == 20_300


def test_a_capture_in_another_currency_settles_what_was_captured(account: StripeAccount) -> None:
    session_id = a_reservation(account, currency="eur")
    account.capture(session_id, 10_000)
    charge = account.session(session_id, PAID)["payment_intent"]["latest_charge"]
    assert charge["balance_transaction"]["amount"] == 10_800


def test_a_reservation_that_lapses_gives_everything_back(account: StripeAccount) -> None:
    session_id = a_reservation(account)
    events = account.lapse(session_id)
    session = account.session(session_id, PAID)
    intent = session["payment_intent"]
    assert types(events) == ["payment_intent.canceled", "charge.expired", "charge.refunded"]
    assert (session["status"], session["payment_status"]) == ("complete", "unpaid")
    assert (intent["status"], intent["cancellation_reason"]) == ("canceled", "automatic")
    assert intent["amount_capturable"] == 0
    assert money_of(intent["latest_charge"]) == (0, AMOUNT, False, True)
    assert intent["latest_charge"]["balance_transaction"] is None


def test_a_reservation_that_is_canceled_gives_everything_back(account: StripeAccount) -> None:
    session_id = a_reservation(account)
    events = account.cancel_payment_intent(session_id)
    assert types(events) == ["charge.refunded", "payment_intent.canceled"]
    assert money_of(charge_of(account, session_id)) == (0, AMOUNT, False, True)


def test_a_card_tells_until_when_its_reservation_holds(
    account: StripeAccount, clock: Clock
) -> None:
    charge = charge_of(account, a_reservation(account))
    assert charge["payment_method_details"]["card"]["capture_before"] == clock.now + 7 * 86_400
