"""Pages that lead nowhere: the list is read in other pages, and nothing is skipped in silence."""

from typing import Any

import pytest

from tests.integration.reconcile.odd import Change, becomes, has, lacks, make_odd, sell_many
from tests.integration.reconcile.past import Past, recorded

ODD_ENDS = {"none": lacks("id"), "null": becomes(None), "unknown to Stripe": has("id", "cs_odd")}


@pytest.mark.parametrize("run", [{}, {"days": 1}], ids=["schedule", "backfill"])
@pytest.mark.parametrize("change", ODD_ENDS.values(), ids=ODD_ENDS)
def test_a_page_whose_last_object_is_none_to_go_on_after(
    past: Past, change: Change, run: dict[str, Any]
) -> None:
    past.reconciled(seconds_ago=1000)
    ours = sell_many(past, 150, seconds=6)
    sessions = [session["id"] for session in past.account.sessions()]
    for place in (-100, -101):
        make_odd(past, sessions[place], change)
    answer = past.reconcile(**run)
    assert (answer["finished"], recorded(past)) == (True, set(ours))


def test_a_page_full_of_objects_without_ids(past: Past) -> None:
    past.reconciled(seconds_ago=1000)
    ours = sell_many(past, 150, seconds=6)
    for session in past.account.sessions()[1:-1]:
        make_odd(past, session["id"], lacks("id"))
    answer = past.reconcile()
    assert (answer["finished"], recorded(past)) == (True, set(ours))
    assert answer["failures_total"] == 148


def test_a_second_that_cannot_be_paged_through_is_listed_and_passed_by(past: Past) -> None:
    past.reconciled(seconds_ago=60)
    ours = sell_many(past, 150, seconds=0)
    past.clock.at += 10
    behind = past.till.sell("behind")
    past.forget(past.account.complete(behind))
    # The last of the first page, with the one behind and without it.
    for place in (-100, -101):
        make_odd(past, past.account.sessions()[place]["id"], lacks("id"))
    answer = past.reconcile()
    assert answer["finished"]
    assert recorded(past) == {ours[1], behind}
    assert {
        "object_id": "sessions",
        "why": "Stripe's list has more of one second than can be paged through",
    } in answer["failures"]
