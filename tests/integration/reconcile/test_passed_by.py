"""What cannot be asked about or cannot be written does not stop the others."""

from itertools import cycle
from typing import Any

import psycopg
import pytest

from adapters import postgres
from reconcile.tally import LISTED
from tests.integration.reconcile.odd import (
    LOST,
    RUNS,
    has,
    make_odd,
    refuse_odd_ones,
    sell_around,
    sell_many,
)
from tests.integration.reconcile.past import Past, recorded
from tests.till import completed


def objects(answer: dict[str, Any]) -> set[str]:
    return {failure["object_id"] for failure in answer["failures"]}


@RUNS
def test_ten_sessions_in_a_row_about_which_stripe_answers_with_an_error(
    past: Past, impatient: None, run: dict[str, Any]
) -> None:
    lost, odd = sell_around(past, 10)
    for session_id, status in zip(odd, cycle([400, 402, 404, 429, 500]), strict=False):
        past.till.stripe.faults.answer(status, times=1000, path=session_id)
    answer = past.reconcile(**run)
    assert (answer["finished"], objects(answer)) == (True, set(odd))
    assert recorded(past) == set(lost)
    assert answer["unfinished_backfills"] == []


def test_ten_lost_events_in_a_row_that_cannot_be_followed(past: Past, impatient: None) -> None:
    lost, odd = [], []
    for number in range(12):
        past.clock.at += 1
        session_id = past.till.sell(f"user_{number}")
        (lost if number in (0, 11) else odd).append(session_id)
        events = past.account.complete(session_id)
        past.forget([event for event in events if event["id"] != completed(events)["id"]])
    for session_id in odd:
        past.till.stripe.faults.answer(500, times=1000, path=session_id)
    answer = past.reconcile()
    assert (answer["finished"], answer["failures_total"]) == (True, 20)
    assert objects(answer) > set(odd)
    assert recorded(past) == set(lost)


def test_a_dry_run_passes_by_what_a_run_does(past: Past, impatient: None) -> None:
    _, odd = sell_around(past, 3)
    for session_id in odd:
        past.till.stripe.faults.answer(500, times=1000, path=session_id)
    dry, done = past.reconcile(dry_run=True), past.reconcile()
    assert (dry["finished"], dry["failures"]) == (True, done["failures"])
    assert dry["repairs_total"] == done["repairs_total"] == LOST


def test_every_failure_is_logged(past: Past, caplog: pytest.LogCaptureFixture) -> None:
    past.reconciled(seconds_ago=LISTED + 60)
    sell_many(past, LISTED + 12, seconds=1)
    for session in past.account.sessions()[1:-1]:
        make_odd(past, session["id"], has("id", None))
    answer = past.reconcile()
    assert (len(answer["failures"]), answer["failures_total"]) == (LISTED, LISTED + 10)
    assert caplog.messages.count("not reconciled") == LISTED + 10


@pytest.mark.parametrize("fault", ["garbage", "drop"])
def test_sessions_about_which_stripe_answers_nothing_that_can_be_read(
    past: Past, impatient: None, fault: str
) -> None:
    lost, odd = sell_around(past, 3)
    for session_id in odd:
        getattr(past.till.stripe.faults, fault)(times=1000, path=session_id)
    answer = past.reconcile()
    assert (answer["finished"], objects(answer)) == (True, set(odd))
    assert recorded(past) == set(lost)


OF_ONE_ROW = (
    "0A000 21000 22001 22003 22021 22P02 23502 23503 23505 23514 40001 40P01 44000"
    " 54000 55P03 57014 P0001 XX000 XX001"
)


def test_many_rows_in_a_row_that_the_database_refuses(past: Past) -> None:
    sqlstates = OF_ONE_ROW.split()
    lost, odd = sell_around(past, len(sqlstates))
    refuse_odd_ones(past, *sqlstates)
    answer = past.reconcile()
    assert answer.get("error") is None
    assert (answer["finished"], objects(answer)) == (True, set(odd))
    assert recorded(past) == set(lost)
    assert "example.com" not in str(answer)


def test_a_user_whose_row_somebody_holds_for_too_long(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "STATEMENT_SECONDS", 0.3)
    lost, odd = sell_around(past, 1)
    past.till.execute("INSERT INTO users (user_id) VALUES ('odd_0'), ('odd_1')")
    with psycopg.connect(past.till.database_url) as somebody:
        somebody.execute("SELECT FROM users WHERE user_id LIKE 'odd%' FOR UPDATE")
        answer = past.reconcile()
    assert (answer["finished"], objects(answer)) == (True, set(odd))
    assert recorded(past) == set(lost)


def test_a_row_written_by_hand_that_cannot_be_read(past: Past) -> None:
    lost, odd = sell_around(past, 1)
    past.till.execute(
        "INSERT INTO payment_transactions (payment_id, stripe_session_id, payment_status,"
        " amount_charged) VALUES ('pay_odd', %s, 'pending', 0.005)",
        odd[0],
    )
    answer = past.reconcile()
    assert answer["finished"]
    assert odd[0] in objects(answer)
    assert recorded(past) == {*lost, *odd}
    assert past.differences() == ["The session cannot be read: ValueError."]


def test_rows_of_ours_whose_sessions_stripe_does_not_have_any_more(past: Past) -> None:
    for user in ("odd_1", "user_2", "odd_3"):
        past.deliver(past.account.complete_unpaid(past.till.sell(user)))
    past.reconcile()
    past.till.execute(
        "UPDATE payment_transactions SET created_at = now() - interval '5 days',"
        " stripe_payment_intent_id = NULL,"
        " stripe_session_id = CASE WHEN user_id LIKE 'odd%%' THEN user_id"
        " ELSE stripe_session_id END"
    )
    past.at(days_ago=20)
    answer = past.reconcile()
    assert answer["finished"]
    assert {"odd_1", "odd_3"} <= objects(answer)
    assert answer["checked"]["incomplete_payments"] == 3
