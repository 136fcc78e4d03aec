"""History is walked when somebody asks for it, and in as many runs as it takes."""

import time

from tests.integration.reconcile.past import EVENTS, Past, many_sessions, recorded


def test_a_backfill_that_is_not_finished_goes_on_when_it_is_asked_for_again(past: Past) -> None:
    ours = many_sessions(past)
    first = past.reconcile(days=8, max_pages=4)
    assert not first["finished"]
    assert len(first["unfinished_backfills"]) == 1
    past.till.stripe.requests.clear()
    second = past.reconcile(days=8)
    assert second["finished"]
    assert second["unfinished_backfills"] == []
    assert recorded(past) == set(ours)
    assert len(past.till.stripe.requests) < 2 + len(ours) + 4


def test_a_backfill_that_is_not_finished_goes_on_by_schedule(past: Past) -> None:
    past.till.execute("UPDATE reconcile_checkpoints SET begins_at = now(), resume_from = now()")
    ours = many_sessions(past)
    past.reconcile(days=8, max_pages=4)
    answer = past.reconcile()
    assert (answer["finished"], answer["unfinished_backfills"]) == (True, [])
    assert recorded(past) == set(ours)
    assert past.till.rows("SELECT 1 FROM reconcile_checkpoints WHERE ends_at IS NOT NULL") == []


def test_the_schedule_leaves_history_from_before_the_till_alone(past: Past) -> None:
    past.till.execute("UPDATE reconcile_checkpoints SET begins_at = now(), resume_from = now()")
    many_sessions(past, 30)
    assert past.reconcile()["finished"]
    assert past.run_at(time.time() + 600).finished
    assert recorded(past) == set()


def test_a_backfill_of_years_records_what_is_still_retained(past: Past) -> None:
    past.at(days_ago=800)
    session_id = past.till.sell()
    past.account.complete(session_id)
    past.at(days_ago=700)
    past.account.refund(session_id, 250)
    answer = past.reconcile(days=900)
    assert answer["finished"]
    assert past.till.ledger() == [("purchase", 750, 750)]


def test_events_are_not_asked_for_from_before_stripe_keeps_them(past: Past) -> None:
    past.reconcile(days=100)
    assert past.listed(EVENTS) == 5


def test_a_dry_backfill_leaves_no_place_behind(past: Past) -> None:
    past.forget(past.account.complete(past.till.sell()))
    answer = past.reconcile(days=10, dry_run=True)
    assert answer["repairs_total"] == 1
    assert past.till.rows("SELECT 1 FROM reconcile_checkpoints WHERE ends_at IS NOT NULL") == []
