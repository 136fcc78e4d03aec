"""Arguments as nobody should send them: each is answered, and none leaves anything."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.credits.application import Answer, Books, Credits

LARGEST, SMALLEST = 2**63 - 1, -(2**63)
ODD_IDS = (
    " ",
    " ana ",
    "ANA",
    "ana\n",
    "0",
    "null",
    "'; DROP TABLE users; --",
    '"quoted"',
    "back\\slash",
    "100%",
    "a_a",
    "{a,b}",
    "(1,2)",
    "é",
    "e\u0301",
    "ß",
    "用户",
    "👩‍👩‍👧",
    "\u202eright to left",
    "\x01",
    "9f1b3a52-3c70-4c0b-9a3e-0d8a4b0d9a1b",
    "x" * 255,
    "👩" * 255,
)
NO_IDS = (None, "", "x" * 256, "é" * 256)
NO_AMOUNTS = (None, 0, -1, SMALLEST)


@pytest.mark.parametrize("user_id", ODD_IDS)
def test_a_user_goes_by_any_id_and_is_mistaken_for_nobody_else(app: Credits, user_id: str) -> None:
    others = [each for each in (*ODD_IDS, "ana") if each != user_id]
    assert app.grant(10, "for the odd one", user_id=user_id) == ("recorded", 10, 10)
    assert app.reserve(6, "r", user_id=user_id) == ("recorded", 10, 4)
    assert app.capture("r", 5) == ("recorded", 5, 5)
    assert app.spend(5, "s", user_id=user_id) == ("recorded", 0, 0)
    assert app.give_back("s", 1) == ("recorded", 1, 1)
    assert {app.balance(each)[1:] for each in others} == {(0, 0), (100, 100)}


@pytest.mark.parametrize("request_id", ODD_IDS)
def test_a_request_goes_by_any_id_too(app: Credits, request_id: str) -> None:
    assert app.reserve(6, request_id) == ("recorded", 100, 94)
    assert app.extend(request_id, "1 hour") == ("recorded", 100, 94)
    assert app.capture(request_id, 5) == ("recorded", 95, 95)
    assert app.give_back(request_id, 5) == ("recorded", 100, 100)
    for other in set(ODD_IDS) - {request_id}:
        assert app.release(other).outcome == "not_reserved"


@pytest.mark.parametrize("user_id", NO_IDS)
def test_no_user_id_is_invalid(app: Credits, books: Books, user_id: str | None) -> None:
    before = books.everything()
    for asked in (app.spend, app.reserve, app.grant):
        assert asked(1, "r", user_id=user_id) == ("invalid", 0, 0)
    assert app.balance(user_id) == ("invalid", 0, 0)
    assert books.everything() == before


@pytest.mark.parametrize("request_id", NO_IDS)
def test_no_request_id_is_invalid_and_the_balance_is_told_all_the_same(
    app: Credits, books: Books, request_id: str | None
) -> None:
    before = books.everything()
    for asked in (app.spend, app.reserve, app.grant):
        assert asked(1, request_id) == ("invalid", 100, 100)
    for asked_again in (app.capture, app.give_back):
        assert asked_again(request_id, 1) == ("invalid", 0, 0)
    assert app.release(request_id) == ("invalid", 0, 0)
    assert app.extend(request_id, "1 hour") == ("invalid", 0, 0)
    assert books.everything() == before


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_no_amount_is_invalid(app: Credits, books: Books, amount: int | None) -> None:
    app.reserve(10, "r")
    before = books.everything()
    for asked in (app.spend, app.reserve, app.grant):
        assert asked(amount, "another") == ("invalid", 100, 90)
        assert asked(amount, "r") == ("invalid", 100, 90)
    if amount != 0:
        assert app.capture("r", amount) == ("invalid", 100, 90)
    assert books.everything() == before


def test_what_is_invalid_is_so_before_an_id_is_looked_at_or_a_user(app: Credits) -> None:
    assert app.spend(0, "welcome") == ("invalid", 100, 100)
    assert app.spend(0, "r", user_id="bob") == ("invalid", 0, 0)
    assert app.capture("nobody's", -1) == ("invalid", 0, 0)
    assert app.extend("nobody's", "0") == ("invalid", 0, 0)


def test_an_id_is_looked_at_before_the_user_and_the_balance(app: Credits) -> None:
    assert app.spend(1, "welcome", user_id="bob") == ("request_id_reused", 0, 0)
    assert app.spend(1000, "welcome") == ("request_id_reused", 100, 100)


def test_amounts_at_the_ends_of_bigint(app: Credits, books: Books) -> None:
    assert app.spend(LARGEST, "1") == ("insufficient", 100, 100)
    assert app.reserve(LARGEST, "1") == ("insufficient", 100, 100)
    assert app.grant(LARGEST, "1") == ("invalid", 100, 100)
    assert app.grant(LARGEST - 100, "1") == ("recorded", LARGEST, LARGEST)
    assert app.grant(LARGEST - 100, "1") == ("duplicate", LARGEST, LARGEST)
    assert app.grant(1, "2") == ("invalid", LARGEST, LARGEST)
    assert app.reserve(LARGEST, "3") == ("recorded", LARGEST, 0)
    assert app.capture("3", LARGEST) == ("recorded", 0, 0)
    assert app.give_back("3", LARGEST) == ("recorded", LARGEST, LARGEST)
    assert app.spend(LARGEST, "4") == ("recorded", 0, 0)
    assert app.grant(LARGEST, "5", user_id="bob") == ("recorded", LARGEST, LARGEST)


def test_a_return_beyond_bigint_is_invalid_and_one_that_was_made_is_still_known(
    app: Credits,
) -> None:
    app.spend(100, "1")
    app.spend(100, "1")
    app.grant(LARGEST, "2")
    assert app.give_back("1", 100) == ("invalid", LARGEST, LARGEST)
    app.spend(100, "3")
    assert app.give_back("1", 100) == ("recorded", LARGEST, LARGEST)
    assert app.give_back("1", 100) == ("duplicate", LARGEST, LARGEST)


def test_a_debt_at_the_end_of_bigint_is_answered_too(app: Credits, books: Books) -> None:
    app.grant(LARGEST - 100, "1")
    app.reserve(LARGEST, "2")
    books.take(LARGEST)
    books.take(LARGEST)
    assert app.balance() == ("found", -LARGEST, SMALLEST)
    assert app.spend(1, "3") == ("insufficient", -LARGEST, SMALLEST)
    assert app.capture("2", LARGEST) == ("invalid", -LARGEST, SMALLEST)
    assert app.capture("2", 1) == ("recorded", SMALLEST, SMALLEST)


def test_a_note_and_an_actor_are_kept_as_they_are(app: Credits, books: Books) -> None:
    app.spend(1, "1", note="", actor="x" * 10_000)
    (row,) = books.rows("SELECT note, actor FROM credit_requests WHERE request_id = '1'")
    assert row == {"note": "", "actor": "x" * 10_000}


# Request ids.

SAME: dict[str, dict[str, Any]] = {
    "spend_credits": {"user_id": "ana", "amount": 10, "request_id": "r"},
    "reserve_credits": {"user_id": "ana", "amount": 10, "request_id": "r"},
    "grant_credits": {"user_id": "ana", "amount": 10, "request_id": "r"},
}


@pytest.mark.parametrize("function", SAME)
def test_the_same_words_are_done_once_whatever_else_is_said(
    app: Credits, books: Books, function: str
) -> None:
    first = app.call(function, **SAME[function], note="first", actor="one")
    before = books.everything()
    again = app.call(function, **SAME[function], note="second", actor="two")
    assert (first.outcome, again) == ("recorded", Answer("duplicate", *first[1:]))
    assert books.everything() == before


@pytest.mark.parametrize("first", SAME)
@pytest.mark.parametrize("second", SAME)
@pytest.mark.parametrize("other", [{}, {"user_id": "bob"}, {"amount": 11}])
def test_other_words_under_the_same_id_are_refused(
    app: Credits, books: Books, first: str, second: str, other: dict[str, Any]
) -> None:
    app.grant(100, "also", user_id="bob")
    app.call(first, **SAME[first])
    before = books.everything()
    answer = app.call(second, **SAME[second] | other)
    assert answer.outcome == ("duplicate" if first == second and not other else "request_id_reused")
    assert answer[1:] == app.balance(other.get("user_id", "ana"))[1:]
    assert books.everything() == before


def test_a_reservation_asked_for_again_is_known_whatever_became_of_it(
    app: Credits, books: Books
) -> None:
    app.reserve(60, "1")
    app.reserve(10, "2")
    app.reserve(10, "3")
    app.capture("1", 60)
    app.release("2")
    books.run_out("3")
    assert app.reserve(60, "1") == ("duplicate", 40, 40)
    assert app.reserve(10, "2", lasts="1 hour") == ("duplicate", 40, 40)
    assert app.reserve(10, "3") == ("duplicate", 40, 40)


def test_an_id_that_an_operator_used_is_nobody_elses(app: Credits, books: Books) -> None:
    books.execute("INSERT INTO credit_requests (request_id, kind) VALUES ('op', 'operation')")
    for asked in (app.spend, app.reserve, app.grant):
        assert asked(1, "op") == ("request_id_reused", 100, 100)
    assert app.capture("op", 1) == ("not_reserved", 0, 0)
    assert app.give_back("op", 1) == ("not_spent", 0, 0)
