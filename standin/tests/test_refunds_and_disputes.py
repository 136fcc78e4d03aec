"""Refunds and disputes: the events of each move, in order, and the state that it leaves."""

from __future__ import annotations

from decimal import Decimal

from standin import StripeAccount
from standin.tests.builders import a_paid_session, charge_of, types


def test_a_partial_refund_lowers_what_is_left(account: StripeAccount) -> None:
    session_id = a_paid_session(account)
    mark = account.mark()
    refund = account.refund(session_id, 1000)
    charge = charge_of(account, session_id)
    assert types(account.events_since(mark)) == ["refund.created", "charge.refunded"]
    assert refund["amount"] == 1000
    assert (charge["amount_refunded"], charge["refunded"]) == (1000, False)


def test_refunds_that_add_up_to_the_charge_refund_it(account: StripeAccount) -> None:
    session_id = a_paid_session(account)
    account.refund(session_id, 1000)
    account.refund(session_id)
    charge = charge_of(account, session_id)
    assert (charge["amount_refunded"], charge["refunded"]) == (4900, True)


def test_a_failed_refund_lowers_the_amount_refunded_again(account: StripeAccount) -> None:
    session_id = a_paid_session(account)
    events = account.fail_refund(account.refund(session_id)["id"])
    charge = charge_of(account, session_id)
    assert types(events) == ["refund.updated", "charge.refund.updated", "refund.failed"]
    assert (charge["amount_refunded"], charge["refunded"]) == (0, False)


def test_a_dispute_withdraws_the_money_and_a_won_one_brings_it_back(account: StripeAccount) -> None:
    session_id = a_paid_session(account)
    mark = account.mark()
    dispute_id = account.dispute(session_id)["id"]
    account.win_dispute(dispute_id)
    dispute = account.retrieve("dispute", dispute_id)
    assert types(account.events_since(mark)) == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]
    assert [entry["amount"] for entry in dispute["balance_transactions"]] == [-4900, 4900]
    assert dispute["status"] == "won"
    assert charge_of(account, session_id)["disputed"] is True


def test_a_lost_dispute_brings_nothing_back(account: StripeAccount) -> None:
    dispute_id = account.dispute(a_paid_session(account), 700)["id"]
    events = account.lose_dispute(dispute_id)
    dispute = account.retrieve("dispute", dispute_id)
    assert types(events) == ["charge.dispute.closed"]
    assert [entry["amount"] for entry in dispute["balance_transactions"]] == [-700]


def test_an_inquiry_moves_no_money(account: StripeAccount) -> None:
    session_id = a_paid_session(account)
    mark = account.mark()
    dispute_id = account.dispute(session_id, inquiry=True)["id"]
    account.close_inquiry(dispute_id)
    dispute = account.retrieve("dispute", dispute_id)
    assert types(account.events_since(mark)) == [
        "charge.dispute.created",
        "charge.dispute.closed",
    ]
    assert (dispute["status"], dispute["balance_transactions"]) == ("warning_closed", [])


def test_an_inquiry_can_become_a_dispute(account: StripeAccount) -> None:
    dispute_id = account.dispute(a_paid_session(account), inquiry=True)["id"]
    events = account.escalate_inquiry(dispute_id)
    assert types(events) == ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]
    assert account.retrieve("dispute", dispute_id)["status"] == "needs_response"


def test_a_dispute_in_another_currency_takes_what_the_bank_counts(account: StripeAccount) -> None:
    session_id = a_paid_session(account, currency="eur", exchange_rate=Decimal("1.2"))
    dispute = account.dispute(session_id, 5900, currency="usd")
    [withdrawn] = dispute["balance_transactions"]
    assert (dispute["amount"], dispute["currency"]) == (5900, "usd")
    assert charge_of(account, session_id)["currency"] == "eur"
    assert (withdrawn["amount"], withdrawn["currency"]) == (-5900, "usd")
    assert withdrawn["exchange_rate"] is None


def test_a_dispute_of_a_dollar_charge_in_euros_is_settled_in_dollars_again(
    account: StripeAccount,
) -> None:
    dispute = account.dispute(a_paid_session(account), 1000, currency="eur")
    account.win_dispute(dispute["id"])
    entries = account.retrieve("dispute", dispute["id"])["balance_transactions"]
    assert [(each["amount"], each["currency"]) for each in entries] == [
        (-1080, "usd"),
        (1080, "usd"),
    ]


def test_by_default_a_dispute_in_another_currency_is_over_what_is_left(
    account: StripeAccount,
) -> None:
    session_id = a_paid_session(account, currency="eur", exchange_rate=Decimal("1.2"))
    account.refund(session_id, 900)
    assert account.dispute(session_id, currency="usd")["amount"] == 4800
