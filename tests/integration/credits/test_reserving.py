"""Reservations: made, extended, captured, released, and run out."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import errors

from tests.integration.credits.application import Books, Credits


def test_a_reservation_holds_credits_back_and_moves_none(app: Credits, books: Books) -> None:
    assert app.reserve(60, "job 1") == ("recorded", 100, 40)
    assert app.spend(41, "another") == ("insufficient", 100, 40)
    assert app.reserve(41, "another") == ("insufficient", 100, 40)
    assert app.spend(40, "another") == ("recorded", 60, 0)
    assert len(books.ledger()) == 2


def test_a_reservation_lasts_for_a_quarter_of_an_hour_unless_it_is_said(
    app: Credits, books: Books
) -> None:
    app.reserve(60, "job 1")
    app.reserve(10, "job 2", lasts="2 hours")
    lasting = [
        books.reservation(each)["lasts_until"] - datetime.now(UTC) for each in ("job 1", "job 2")
    ]
    assert timedelta(minutes=14) < lasting[0] < timedelta(minutes=16)
    assert timedelta(hours=1.9) < lasting[1] < timedelta(hours=2.1)


def test_a_capture_spends_and_frees_the_rest(app: Credits, books: Books) -> None:
    app.reserve(60, "job 1", note="a film", actor="worker")
    assert app.capture("job 1", 25) == ("recorded", 75, 75)
    assert books.ledger()[-1] == ("spend", -25, 75, "job 1")
    (entry,) = books.rows("SELECT actor, note FROM credit_ledger WHERE reason = 'spend'")
    assert entry == {"actor": "worker", "note": "a film"}


def test_a_capture_comes_once(app: Credits) -> None:
    app.reserve(60, "job 1")
    app.capture("job 1", 25)
    assert app.capture("job 1", 25) == ("duplicate", 75, 75)
    assert app.capture("job 1", 24) == ("request_id_reused", 75, 75)
    assert app.capture("job 1", 0) == ("request_id_reused", 75, 75)
    assert app.release("job 1") == ("not_reserved", 75, 75)
    assert app.extend("job 1", "1 hour") == ("not_reserved", 75, 75)
    assert app.give_back("job 1", 25) == ("recorded", 100, 100)


def test_a_release_frees_all_and_leaves_no_entry(app: Credits, books: Books) -> None:
    app.reserve(60, "job 1")
    assert app.release("job 1") == ("recorded", 100, 100)
    assert app.release("job 1") == ("duplicate", 100, 100)
    assert app.capture("job 1", 5) == ("not_reserved", 100, 100)
    assert app.extend("job 1", "1 hour") == ("not_reserved", 100, 100)
    assert len(books.ledger()) == 1


def test_capturing_nothing_is_a_release(app: Credits, books: Books) -> None:
    app.reserve(60, "job 1")
    assert app.capture("job 1", 0) == ("recorded", 100, 100)
    assert app.capture("job 1", 0) == ("duplicate", 100, 100)
    assert app.release("job 1") == ("duplicate", 100, 100)
    assert len(books.ledger()) == 1


def test_a_release_is_a_capture_of_nothing(app: Credits) -> None:
    app.reserve(60, "job 1")
    app.release("job 1")
    assert app.capture("job 1", 0) == ("duplicate", 100, 100)


def test_what_was_never_reserved_is_not_reserved(app: Credits) -> None:
    app.spend(10, "a spend")
    for request_id, standing in [("a spend", (90, 90)), ("welcome", (90, 90)), ("no one", (0, 0))]:
        assert app.capture(request_id, 5) == ("not_reserved", *standing)
        assert app.release(request_id) == ("not_reserved", *standing)
        assert app.extend(request_id, "1 hour") == ("not_reserved", *standing)


def test_a_capture_beyond_the_reservation_needs_what_is_left(app: Credits, books: Books) -> None:
    app.reserve(60, "job 1")
    app.reserve(30, "job 2")
    before = books.everything()
    assert app.capture("job 1", 71) == ("insufficient", 100, 10)
    assert books.everything() == before
    assert app.capture("job 1", 70) == ("recorded", 30, 0)
    assert app.capture("job 2", 30) == ("recorded", 0, 0)


def test_a_capture_within_a_live_reservation_goes_below_zero_after_a_clawback(
    app: Credits, books: Books
) -> None:
    app.reserve(60, "job 1")
    books.take(100)
    assert app.balance() == ("found", 0, -60)
    assert app.capture("job 1", 61) == ("insufficient", 0, -60)
    assert app.capture("job 1", 60) == ("recorded", -60, -60)


# Run out.


def test_what_has_run_out_holds_nothing_back(app: Credits, books: Books) -> None:
    app.reserve(60, "job 1")
    books.run_out("job 1")
    assert app.balance() == ("found", 100, 100)
    assert app.spend(100, "another") == ("recorded", 0, 0)


def test_a_reservation_runs_out_by_the_clock_within_one_transaction(app: Credits) -> None:
    with app.connection.transaction():
        app.reserve(60, "job 1", lasts="1 microsecond")
        assert app.balance() == ("found", 100, 100)


def test_a_late_capture_needs_what_is_available(app: Credits, books: Books) -> None:
    app.reserve(60, "job 1")
    books.run_out("job 1")
    app.spend(50, "another")
    before = books.everything()
    assert app.capture("job 1", 60) == ("insufficient", 50, 50)
    assert books.everything() == before
    assert app.capture("job 1", 50) == ("recorded", 0, 0)
    assert app.capture("job 1", 50) == ("duplicate", 0, 0)


def test_a_late_capture_is_not_given_away_below_zero(app: Credits, books: Books) -> None:
    app.reserve(60, "job 1")
    books.run_out("job 1")
    books.take(150)
    assert app.capture("job 1", 1) == ("insufficient", -50, -50)
    assert app.capture("job 1", 0) == ("recorded", -50, -50)


def test_what_has_run_out_can_be_released(app: Credits, books: Books) -> None:
    app.reserve(60, "job 1")
    books.run_out("job 1")
    assert app.release("job 1") == ("recorded", 100, 100)


def test_a_reservation_is_extended_from_now_on_as_often_as_one_likes(
    app: Credits, books: Books
) -> None:
    app.reserve(60, "job 1", lasts="1 hour")
    for lasts in (timedelta(days=1), timedelta(days=1), timedelta(minutes=1)):
        assert app.extend("job 1", lasts) == ("recorded", 100, 40)
        left = books.reservation("job 1")["lasts_until"] - datetime.now(UTC)
        assert lasts - timedelta(seconds=30) < left <= lasts


def test_extending_what_has_run_out_needs_what_is_available(app: Credits, books: Books) -> None:
    app.reserve(60, "job 1")
    books.run_out("job 1")
    app.spend(50, "another")
    assert app.extend("job 1", "1 hour") == ("insufficient", 50, 50)
    app.grant(10, "gift")
    assert app.extend("job 1", "1 hour") == ("recorded", 60, 0)
    assert app.capture("job 1", 60) == ("recorded", 0, 0)


def test_a_live_reservation_is_extended_in_debt_too(app: Credits, books: Books) -> None:
    app.reserve(60, "job 1")
    books.take(100)
    assert app.extend("job 1", "1 hour") == ("recorded", 0, -60)


@pytest.mark.parametrize(
    "lasts",
    [
        None,
        "0",
        "-1 second",
        "30 days 1 microsecond",
        "1 month 1 second",
        "1 year -331 days",
        "-1 month",
        "1 day -25 hours",
        "178000000 years",
        "-178000000 years",
        "infinity",  # an interval since PostgreSQL 17
        "-infinity",
    ],
)
def test_how_long_is_more_than_nothing_and_at_most_thirty_days(
    app: Credits, books: Books, lasts: Any
) -> None:
    app.reserve(60, "job 1")
    before = books.everything()
    with suppress(errors.InvalidDatetimeFormat):
        assert app.reserve(10, "job 2", lasts=lasts) == ("invalid", 100, 40)
        assert app.extend("job 1", lasts) == ("invalid", 100, 40)
    assert books.everything() == before


@pytest.mark.parametrize("lasts", ["30 days", "1 month", "720 hours", "1 month -719 hours", "1 ms"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Australia/Lord_Howe"])
def test_a_month_is_thirty_days_in_every_season_and_zone(
    app: Credits, books: Books, lasts: str, zone: str
) -> None:
    app.connection.execute("SELECT set_config('TimeZone', %s, false)", [zone])
    assert app.reserve(60, "job 1", lasts=lasts).outcome == "recorded"
    (row,) = books.rows(
        "SELECT extract(epoch FROM lasts_until) - extract(epoch FROM requested_at)"
        " - extract(epoch FROM %s::interval) AS off FROM credit_reservations",
        lasts,
    )
    assert abs(row["off"]) < 1
