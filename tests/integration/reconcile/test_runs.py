"""A run stops anywhere and goes on from there: no page is skipped and none is lost."""

import time
from typing import Any

import pytest

from tests.integration.reconcile.past import DAY, EVENTS, SESSIONS, Past, many_sessions, recorded


def since(past: Past) -> str:
    """The beginning of a backfill whose sessions all lie in one window."""
    return time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() - 5 * DAY))


class Invocation:
    """A Lambda context whose time is up after so many looks at the clock."""

    def __init__(self, looks: int) -> None:
        self._looks = looks

    def get_remaining_time_in_millis(self) -> int:
        self._looks -= 1
        return 300_000 if self._looks >= 0 else 1_000


def test_stripe_failing_on_page_three_ends_the_run_and_the_next_one_begins_there(
    past: Past, impatient: None
) -> None:
    ours = many_sessions(past)
    # Before the third page come two others, and four repairs of each.
    past.till.stripe.faults.answer(500, times=1, path=SESSIONS, skip=2 + 8)
    answer = past.reconcile(since=since(past))
    assert (answer["finished"], answer["stopped_because"]) == (False, "stripe")
    assert answer["error"] == "Stripe: APIError (HTTP 500)"
    halfway = recorded(past)
    assert 0 < len(halfway) < len(ours)
    past.till.stripe.requests.clear()
    assert past.reconcile(since=since(past))["finished"]
    assert recorded(past) == set(ours)
    assert past.listed(SESSIONS) == 2


@pytest.mark.parametrize("looks", [110, 140])
def test_a_run_whose_time_is_up_goes_on_in_the_next_one(past: Past, looks: int) -> None:
    ours, runs = many_sessions(past, 250), 0
    while not (answer := past.reconcile(Invocation(looks)))["finished"]:
        assert answer["stopped_because"] == "time"
        runs += 1
        assert runs < 40
    assert runs > 1
    assert recorded(past) == set(ours)


def test_a_run_of_so_many_pages_goes_on_in_the_next_one(past: Past) -> None:
    ours, answers = many_sessions(past), []
    while not answers or not answers[-1]["finished"]:
        answers.append(past.reconcile(max_pages=5))
    assert {answer["stopped_because"] for answer in answers[:-1]} == {"max_pages"}
    assert recorded(past) == set(ours)
    assert sum(answer["repairs_total"] for answer in answers) == len(ours)


def test_a_cursor_that_stripe_has_forgotten_starts_its_window_again(past: Past) -> None:
    ours = many_sessions(past, 250)
    past.reconcile(max_pages=pages_until_second(past))
    assert past.progress()["sessions"]["cursor"] is not None
    past.till.execute(
        "UPDATE reconcile_checkpoints SET cursor = 'cs_gone' WHERE listing = 'sessions'"
    )
    assert past.reconcile()["finished"]
    assert recorded(past) == set(ours)


def pages_until_second(past: Past) -> int:
    """So many pages that the run stops after one with a hundred sessions."""
    past.till.stripe.requests.clear()
    past.reconcile(dry_run=True)
    before = past.till.stripe.requests.index(("GET", SESSIONS))
    lists = [path for _, path in past.till.stripe.requests[:before] if path == EVENTS]
    return len(lists) + past.listed(SESSIONS) - 2


def test_one_purchase_that_fails_is_named_and_holds_up_nothing(past: Past, impatient: None) -> None:
    failing, other = (past.till.sell(f"user_{n}") for n in range(2))
    for session_id in (failing, other):
        past.forget(past.account.complete(session_id))
    past.till.stripe.faults.answer(503, times=1, path=failing)
    answer = past.reconcile()
    assert [failure["object_id"] for failure in answer["failures"]] == [failing]
    assert (answer["finished"], answer["stopped_because"]) == (True, None)
    assert recorded(past) == {other}
    assert past.progress()["sessions"]["resume_from"] > days_ago(past, 4)


def test_what_was_passed_by_lately_is_found_again_by_the_next_run(
    past: Past, impatient: None
) -> None:
    past.at(days_ago=2)
    failing = past.till.sell()
    past.forget(past.account.complete(failing))
    past.till.stripe.faults.answer(503, times=1, path=failing)
    assert past.reconcile()["failures_total"] == 1
    answer = past.reconcile()
    assert (answer["repairs_total"], answer["failures_total"]) == (1, 0)


def days_ago(past: Past, days: int) -> Any:
    (row,) = past.till.rows("SELECT now() - make_interval(days => %s) AS at", days)
    return row["at"]


def test_a_run_ends_when_stripe_shows_no_session_at_all(past: Past, impatient: None) -> None:
    ours = many_sessions(past, 100, ours_every=10)
    before = past.progress()["sessions"]
    past.till.stripe.faults.answer(503, times=1000, path=f"{SESSIONS}/cs_")
    answer = past.reconcile()
    assert (answer["finished"], answer["stopped_because"]) == (False, "stripe")
    assert answer["error"] == "Stripe: APIError (HTTP 503)"
    assert answer["failures"] == []
    assert past.progress()["sessions"]["resume_from"] <= time_of(past, ours[0])
    assert past.progress()["sessions"]["cursor"] == before["cursor"]
    past.till.stripe.faults.clear()
    assert past.reconcile()["finished"]
    assert recorded(past) == set(ours)


def time_of(past: Past, session_id: str) -> Any:
    (row,) = past.till.rows(
        "SELECT to_timestamp(%s) AS at", past.account.session(session_id)["created"]
    )
    return row["at"]


def test_a_purchase_that_names_an_impossible_user_is_repaired_as_held(past: Past) -> None:
    unreadable = past.till.sell("a\0b")
    other = past.till.sell("user_2")
    for session_id in (unreadable, other):
        past.forget(past.account.complete(session_id))
    assert past.reconcile()["failures"] == []
    assert past.till.payment(unreadable)["held_reason"] == "unreadable"
    assert past.till.credits("user_2") == 1000


def test_a_key_of_the_other_mode_is_refused(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    past.account.complete(past.till.sell())
    monkeypatch.setenv("STRIPE_LIVEMODE", "true")
    answer = past.reconcile()
    assert answer["stopped_because"] == "stripe"
    assert "STRIPE_LIVEMODE" in answer["error"]
    assert recorded(past) == set()
