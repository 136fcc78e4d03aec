"""One odd object does not stop the others: it is listed, and passed by."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.integration.reconcile.odd import (
    DISPUTES,
    EVENTS,
    LOST,
    REFUNDS,
    SCHEDULE_AND_BACKFILL,
    SESSIONS,
    Change,
    becomes,
    has,
    lacks,
    lose,
    make_odd,
    some,
)
from tests.integration.reconcile.past import Past, recorded
from tests.till import completed


def balances(past: Past, users: list[str]) -> list[int]:
    return [past.till.credits(user) for user in users]


def passes_by(answer: dict[str, Any]) -> bool:
    return bool(answer["finished"] and answer["stopped_because"] is None and answer["failures"])


@SCHEDULE_AND_BACKFILL
def test_odd_events(past: Past, run: dict[str, Any], one_in: int) -> None:
    def sell(user: str) -> str:
        mark = past.account.mark()
        past.account.complete(past.till.sell(user))
        events = past.account.events_since(mark)
        past.forget([event for event in events if event["id"] != completed(events)["id"]])
        return str(completed(events)["id"])

    lost = lose(past, some(EVENTS, one_in), sell)
    answer = past.reconcile(**run)
    assert passes_by(answer)
    assert balances(past, lost) == [1000] * LOST
    repaired = {repair["event_id"] for repair in answer["repairs"]}
    assert len([each for each in repaired if each.startswith("evt_")]) >= LOST


@SCHEDULE_AND_BACKFILL
def test_odd_sessions(past: Past, run: dict[str, Any], one_in: int) -> None:
    def sell(user: str) -> str:
        session_id = past.till.sell(user)
        past.forget(past.account.complete(session_id))
        return session_id

    lost = lose(past, some(SESSIONS, one_in), sell)
    assert passes_by(past.reconcile(**run))
    assert balances(past, lost) == [1000] * LOST


def old_purchases(past: Past, users: Sequence[str]) -> dict[str, str]:
    """Recorded sessions, so old that no run lists them any more, by their users."""
    past.at(days_ago=40)
    sessions = {user: past.till.sell(user) for user in users}
    for session_id in sessions.values():
        past.deliver([completed(past.account.complete(session_id))])
    past.at(days_ago=1)
    return sessions


def lose_of_old(past: Past, changes: dict[str, Change], move: Callable[[str], Any]) -> list[str]:
    sessions = old_purchases(past, [*changes, *(f"lost_{number}" for number in range(LOST))])
    lost = lose(past, changes, lambda user: str(move(sessions[user])["id"]))
    past.forget(past.account.events)
    return lost


@SCHEDULE_AND_BACKFILL
def test_odd_refunds(past: Past, run: dict[str, Any], one_in: int) -> None:
    def refund(session_id: str) -> Any:
        past.account.refund(session_id, 400)
        return past.account.store.all("refund")[-1]

    lost = lose_of_old(past, some(REFUNDS, one_in), refund)
    assert passes_by(past.reconcile(**run))
    assert balances(past, lost) == [600] * LOST


@SCHEDULE_AND_BACKFILL
def test_odd_disputes(past: Past, run: dict[str, Any], one_in: int) -> None:
    lost = lose_of_old(past, some(DISPUTES, one_in), past.account.dispute)
    assert passes_by(past.reconcile(**run))
    assert balances(past, lost) == [0] * LOST


def test_a_refund_and_a_dispute_that_do_not_say_how_much_have_their_payment_looked_at(
    past: Past,
) -> None:
    sessions = old_purchases(past, ["a", "b"])
    past.account.refund(sessions["a"], 400)
    make_odd(past, past.account.store.all("refund")[-1]["id"], has("charge", None))
    make_odd(past, past.account.dispute(sessions["b"])["id"], has("amount", "all of it"))
    past.forget(past.account.events)
    past.reconcile()
    assert balances(past, ["a"]) == [600]


@pytest.mark.parametrize("change", [becomes(None), lacks("id"), has("id", 5), has("id", "a\0b")])
def test_what_has_no_id_is_counted_among_its_list(past: Past, change: Change) -> None:
    session_id = past.till.sell()
    past.forget(past.account.complete(session_id))
    make_odd(past, session_id, change)
    answer = past.reconcile()
    (failure,) = answer["failures"]
    assert failure == {"object_id": "sessions", "why": "something in Stripe's list has no id"}
    assert answer["checked"]["sessions"] == 1


def test_an_event_of_ours_that_does_not_say_what_it_is_about_is_a_failure(past: Past) -> None:
    events = past.account.complete(past.till.sell())
    make_odd(past, completed(events)["id"], has("data", None))
    (failure,) = past.reconcile()["failures"]
    assert failure["object_id"] == completed(events)["id"]


def test_a_key_of_the_right_mode_is_not_refused_for_one_odd_object(past: Past) -> None:
    odd, other = past.till.sell("odd"), past.till.sell("other")
    past.forget([*past.account.complete(other), *past.account.complete(odd)])
    make_odd(past, odd, has("livemode", True))
    assert past.reconcile()["finished"]
    assert other in recorded(past)
