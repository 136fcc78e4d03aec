"""Whatever deliveries are lost, a run of reconcile makes the till equal to Stripe, once."""

import time
from typing import Any

import pytest

from tests.integration.reconcile.past import Past
from tests.lanes import size
from tests.till import completed

SESSION = ("payment_intent.latest_charge",)


def credits_by_stripe(past: Past) -> dict[str, int]:
    """What each user's paid sessions entitle to, worked out from the account alone."""
    tokens = {past.till.price_of(name): n for name, n in TOKENS.items()}
    disputed = {
        charge: sum(
            each["amount"] for each in past.account.store.all("dispute") if counts(each, charge)
        )
        for charge in {each["charge"] for each in past.account.store.all("dispute")}
    }
    balances: dict[str, int] = {}
    for session in past.account.sessions():
        if session["payment_status"] != "paid":
            continue
        charge = past.account.session(session["id"], SESSION)["payment_intent"]["latest_charge"]
        (item,) = past.account.store.line_items[session["id"]]
        kept = charge["amount"] - charge["amount_refunded"] - disputed.get(charge["id"], 0)
        granted = tokens[item["price"]["id"]] * kept // charge["amount"]
        user = session["client_reference_id"]
        balances[user] = balances.get(user, 0) + granted
    return balances


PURCHASES = size(60, 500)
TOKENS = {"starter": 1000, "professional": 5000, "enterprise": 25000}


def counts(dispute: dict[str, Any], charge: str) -> bool:
    return dispute["charge"] == charge and dispute["status"] != "won"


@pytest.mark.timeout(300)
def test_purchases_with_a_third_of_their_deliveries_lost_end_up_equal(past: Past) -> None:
    listener = past.deliver_some(lost=0.3, never_made=0.05, seed=7)
    customers = past.customers()
    past.account.subscribe(listener)
    customers.buy(PURCHASES, until=time.time() - 120)
    past.account.unsubscribe(listener)
    assert len(past.differences()) > PURCHASES / 10

    answer = past.reconcile()

    assert answer["finished"], answer
    assert answer["checked"]["sessions"] == PURCHASES
    assert answer["missed"] > PURCHASES * 0.6
    assert answer["repairs_total"] > PURCHASES / 10
    assert past.differences() == []
    balances = past.till.rows("SELECT user_id, credits FROM users WHERE credits <> 0")
    expected = {user: n for user, n in credits_by_stripe(past).items() if n}
    assert {row["user_id"]: row["credits"] for row in balances} == expected
    before = past.written()
    again = past.reconcile()
    assert (again["missed"], again["repairs"], again["finished"]) == (0, [], True)
    assert past.written() == before


def test_a_purchase_is_entered_once_however_many_of_its_events_were_lost(past: Past) -> None:
    session_id = past.till.sell()
    past.account.decline(session_id)
    past.account.complete(session_id)
    answer = past.reconcile()
    assert past.till.ledger() == [("purchase", 1000, 1000)]
    assert answer["missed"] == 3
    assert answer["repairs_total"] == 1


def test_a_repair_says_what_was_repaired_and_why(past: Past) -> None:
    session_id = past.till.sell()
    event = completed(past.account.complete(session_id, settled=True))
    past.forget([each for each in past.account.events if each["id"] != event["id"]])
    (repair,) = past.reconcile()["repairs"]
    assert repair == {
        "event_id": event["id"],
        "session_id": session_id,
        "payment_id": past.till.payment(session_id)["payment_id"],
        "payment_status": "paid",
        "delta": 1000,
        "cause": "event_not_delivered",
        "why": "The event checkout.session.completed was not delivered.",
    }


def test_a_delivery_that_was_not_lost_is_no_repair(past: Past) -> None:
    past.deliver(past.account.complete(past.till.sell()))
    answer = past.reconcile()
    assert (answer["missed"], answer["repairs"]) == (0, [])


def test_a_lost_event_that_changes_nothing_any_more_is_missed_and_no_repair(past: Past) -> None:
    events = past.account.complete(past.till.sell())
    past.deliver([completed(events)])
    answer = past.reconcile()
    assert (answer["missed"], answer["repairs"]) == (1, [])


def test_a_session_none_of_whose_events_was_made_is_found_among_the_sessions(past: Past) -> None:
    session_id = past.till.sell()
    past.forget(past.account.complete(session_id))
    (repair,) = past.reconcile()["repairs"]
    assert (repair["cause"], repair["delta"]) == ("no_event", 1000)
    assert repair["event_id"] == f"reconcile:{session_id}:0"
    assert past.till.credits() == 1000


def test_an_open_session_that_nobody_pays_makes_no_row(past: Past) -> None:
    past.till.sell()
    past.reconcile()
    assert past.till.count("payment_transactions") == 0


def test_sessions_of_something_else_are_left_alone_without_a_write(past: Past) -> None:
    past.sell_of_others(2)
    past.forget(past.account.events)
    answer = past.reconcile()
    assert answer["checked"]["sessions"] == 2
    assert past.till.count("stripe_events") == 0


SCHEDULED = {"source": "aws.scheduler", "detail-type": "Scheduled Event"}


def test_the_schedule_leaves_alone_what_may_still_be_on_its_way(past: Past) -> None:
    past.at(days_ago=1)
    session_id = past.till.sell()
    past.at(seconds_ago=5)
    past.account.complete(session_id)
    answer = past.reconcile(**SCHEDULED)
    assert (answer["missed"], answer["repairs"]) == (0, [])


def test_whoever_calls_by_hand_gets_what_is_there_now(past: Past) -> None:
    past.at(seconds_ago=0)
    past.account.complete(past.till.sell())
    assert past.reconcile()["repairs_total"] == 1
    assert past.till.credits() == 1000


def old_and_paid(past: Past) -> str:
    """A session so old that no run lists it any more."""
    past.at(days_ago=40)
    session_id = past.till.sell()
    past.deliver(past.account.complete(session_id))
    past.at(days_ago=1)
    return session_id


def test_a_refund_of_an_old_payment_without_any_event_is_found(past: Past) -> None:
    session_id, mark = old_and_paid(past), past.account.mark()
    past.account.refund(session_id, 400)
    past.forget(past.account.events_since(mark))
    (repair,) = past.reconcile()["repairs"]
    assert (repair["session_id"], repair["delta"]) == (session_id, -400)


def test_a_dispute_of_an_old_payment_and_its_end_are_found_without_any_event(past: Past) -> None:
    session_id, mark = old_and_paid(past), past.account.mark()
    dispute = past.account.dispute(session_id)
    past.forget(past.account.events_since(mark))
    (opened,) = past.reconcile()["repairs"]
    mark = past.account.mark()
    past.account.win_dispute(dispute["id"])
    past.forget(past.account.events_since(mark))
    (won,) = past.reconcile()["repairs"]
    assert (opened["delta"], won["delta"]) == (-1000, 1000)
    assert [entry[0] for entry in past.till.ledger()] == ["purchase", "dispute", "reinstatement"]


def test_an_old_pending_payment_that_succeeded_without_any_event_is_found(past: Past) -> None:
    past.at(days_ago=20)
    session_id = past.till.sell()
    past.deliver(past.account.complete_unpaid(session_id))
    past.till.execute("UPDATE payment_transactions SET created_at = now() - interval '20 days'")
    past.at(days_ago=5)
    past.forget(past.account.async_succeed(session_id))
    (repair,) = past.reconcile()["repairs"]
    assert (repair["session_id"], repair["delta"]) == (session_id, 1000)
