"""Runs that are killed, that meet each other, and that meet new purchases."""

import subprocess
import time

from reconcile.run import Reconciled
from tests.integration.reconcile.past import (
    DAY,
    EVENTS,
    SESSIONS,
    Past,
    another_process,
    many_sessions,
    recorded,
)
from tests.till import another_container


def test_a_run_that_is_killed_is_finished_by_the_next_one(past: Past) -> None:
    ours = many_sessions(past)
    # The process is killed while Stripe's answer about a purchase on the second page is under way.
    asked = [0]
    killed: list[subprocess.Popen[bytes]] = []

    def kill(_method: str, path: str) -> None:
        asked[0] += path.startswith(f"{SESSIONS}/cs_")
        if asked[0] == 6:
            killed[0].kill()

    past.till.stripe.faults.before_answer = kill
    killed.append(another_process())
    assert killed[0].wait(60) == -9
    past.till.stripe.faults.before_answer = None
    assert 0 < len(recorded(past)) < len(ours)
    assert past.progress()["sessions"]["cursor"] is not None
    past.till.stripe.requests.clear()
    assert past.reconcile()["finished"]
    assert recorded(past) == set(ours)
    assert len(past.till.rows("SELECT 1 FROM credit_ledger")) == len(ours)
    assert past.differences() == []


def test_two_runs_at_once_repair_everything_once(past: Past) -> None:
    past.customers().buy(30, until=time.time() - 120)
    runs = [another_process(), another_process()]
    assert [run.wait(60) for run in runs] == [0, 0]
    doubles = (
        "SELECT payment_id FROM credit_ledger WHERE reason = 'purchase'"
        " GROUP BY payment_id HAVING count(*) > 1"
    )
    assert past.till.rows(doubles) == []
    assert past.differences() == []
    before = past.written()
    assert past.reconcile()["repairs"] == []
    assert past.written() == before


def test_a_run_that_overtakes_another_one_takes_nothing_from_it(past: Past) -> None:
    ours = many_sessions(past)
    overtakers: list[Reconciled] = []

    def overtake(_method: str, path: str) -> None:
        if path == SESSIONS and past.listed(SESSIONS) == 2:
            past.till.stripe.faults.before_answer = None
            with another_container():
                overtakers.append(past.run_at(time.time()))

    past.till.stripe.faults.before_answer = overtake
    slow = past.reconcile(days=6)
    assert [overtaker.finished for overtaker in overtakers] == [True]
    assert slow["finished"]
    assert recorded(past) == set(ours)
    assert len(past.till.rows("SELECT 1 FROM credit_ledger")) == len(ours)


def test_two_runs_that_find_the_same_difference_write_it_once(past: Past) -> None:
    session_id = past.till.sell()
    past.forget(past.account.complete(session_id))
    overtakers: list[Reconciled] = []

    def overtake(_method: str, path: str) -> None:
        if path.startswith(f"{SESSIONS}/cs_"):
            past.till.stripe.faults.before_answer = None
            with another_container():
                overtakers.append(past.run_at(time.time()))

    past.till.stripe.faults.before_answer = overtake
    assert past.reconcile()["repairs"] == []
    assert [overtaker.tally.repairs_total for overtaker in overtakers] == [1]
    assert past.till.payment(session_id)["revision"] == 1
    assert past.till.ledger() == [("purchase", 1000, 1000)]


def test_what_happens_during_a_walk_is_found_by_the_next_one(past: Past) -> None:
    """New sessions and events push what is listed down by as many places, between two pages."""
    now = time.time()
    past.clock.at = now - DAY
    early = many_sessions(past, 250)
    late: list[str] = []

    def sell_more(_method: str, path: str) -> None:
        for _ in range(10 if path in (EVENTS, SESSIONS) else 0):
            past.clock.at = now + len(late)
            late.append(past.till.sell(f"late_{len(late)}"))
            past.account.complete(late[-1])

    past.till.stripe.faults.before_answer = sell_more
    past.run_at(now)
    past.till.stripe.faults.before_answer = None
    assert recorded(past) == set(early)
    assert len(late) > 25  # one in 25 of the early ones is ours
    past.run_at(now + 600)
    assert recorded(past) == {*early, *late}


def test_what_stripe_shows_late_is_found_by_the_next_run(past: Past) -> None:
    now = time.time()
    past.clock.at = now - 90
    past.run_at(now)
    shown_late = past.till.sell()
    past.account.complete(shown_late)
    past.run_at(now + 600)
    assert recorded(past) == {shown_late}
