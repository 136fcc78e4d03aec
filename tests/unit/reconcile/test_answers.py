"""What is told of a run: its answer, and the figures it is counted under."""

from datetime import UTC, datetime

import pytest

from reconcile.requests import ReconcileRequest
from reconcile.run import Reconciled
from reconcile.tally import LISTED, Failure, Tally
from reconcile.work import Stop

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def run_of(failures: int, since: datetime | None = None, stop: Stop | None = None) -> Reconciled:
    tally = Tally(
        failures=[Failure(f"cs_{n}", "cannot be read: KeyError") for n in range(failures)]
    )
    return Reconciled(ReconcileRequest(since=since), tally, stop, places=(), unfinished=())


def test_a_run_that_passed_something_by_is_finished() -> None:
    answer = run_of(failures=1).as_json()
    assert (answer["finished"], answer["failures_total"]) == (True, 1)
    assert answer["failures"] == [{"object_id": "cs_0", "why": "cannot be read: KeyError"}]


def test_a_run_that_was_ended_is_not() -> None:
    answer = run_of(failures=0, stop=Stop("stripe", "Stripe: APIError (HTTP 500)")).as_json()
    assert (answer["finished"], answer["error"]) == (False, "Stripe: APIError (HTTP 500)")


def test_an_answer_lists_as_many_failures_as_it_has_room_for() -> None:
    answer = run_of(failures=LISTED + 3).as_json()
    assert (len(answer["failures"]), answer["failures_total"]) == (LISTED, LISTED + 3)


@pytest.mark.parametrize("since", [None, SINCE])
def test_what_was_passed_by_is_measured_in_a_backfill_too(since: datetime | None) -> None:
    measured = run_of(failures=3, since=since).counts
    assert measured["ReconcileFailures"] == 3


def test_a_finished_run_of_the_schedule_is_measured_as_one_whatever_it_passed_by() -> None:
    assert "ReconcileFinished" in run_of(failures=3).counts
    assert "ReconcileFinished" not in run_of(failures=0, stop=Stop("time")).counts
