"""Spends, grants and returns, one call after the other."""

from __future__ import annotations

import pytest

from tests.integration.credits.application import Books, Credits


def test_a_spend_takes_credits_and_leaves_an_entry_of_its_id(app: Credits, books: Books) -> None:
    assert app.spend(30, "job 1", note="a picture", actor="worker") == ("recorded", 70, 70)
    assert books.ledger() == [("grant", 100, 100, "welcome"), ("spend", -30, 70, "job 1")]
    (entry,) = books.rows("SELECT actor, note FROM credit_ledger WHERE event_id = 'job 1'")
    assert entry == {"actor": "worker", "note": "a picture"}


def test_arguments_go_by_place_too(app: Credits) -> None:
    query = b"SELECT * FROM spend_credits('ana', 30, 'job 1')"
    assert app.connection.execute(query).fetchall() == [("recorded", 70, 70)]


def test_who_asks_is_whoever_logged_in_unless_it_is_said(app: Credits, books: Books) -> None:
    app.spend(30, "job 1")
    app.give_back("job 1", 30)
    app.grant(1, "gift")
    app.reserve(1, "later")
    query = "SELECT DISTINCT actor FROM {} WHERE actor IS DISTINCT FROM 'postgres'"
    assert [books.rows(query.format(t)) for t in ("credit_ledger", "credit_requests")] == [[], []]


def test_the_last_credit_can_be_spent_and_no_more(app: Credits, books: Books) -> None:
    assert app.spend(100, "all") == ("recorded", 0, 0)
    before = books.everything()
    assert app.spend(1, "more") == ("insufficient", 0, 0)
    assert books.everything() == before


def test_a_refused_id_is_good_once_there_is_enough(app: Credits) -> None:
    assert app.spend(150, "job 1") == ("insufficient", 100, 100)
    app.grant(50, "gift")
    assert app.spend(150, "job 1") == ("recorded", 0, 0)


def test_who_is_not_there_has_nothing(app: Credits, books: Books) -> None:
    before = books.everything()
    assert app.spend(1, "job 1", user_id="bob") == ("unknown_user", 0, 0)
    assert app.reserve(1, "job 1", user_id="bob") == ("unknown_user", 0, 0)
    assert app.balance("bob") == ("unknown_user", 0, 0)
    assert books.everything() == before


def test_the_balance_is_found_and_nothing_is_written(app: Credits) -> None:
    app.reserve(40, "later")
    app.connection.read_only = True
    with app.connection.transaction():
        assert app.balance() == ("found", 100, 60)


def test_below_zero_nothing_is_spent_and_gifts_pay_the_debt_first(
    app: Credits, books: Books
) -> None:
    books.take(150)
    assert app.spend(1, "job 1") == ("insufficient", -50, -50)
    assert app.reserve(1, "job 1") == ("insufficient", -50, -50)
    assert app.grant(60, "gift") == ("recorded", 10, 10)
    assert app.spend(10, "job 1") == ("recorded", 0, 0)


# Grants.


def test_a_grant_makes_a_user_who_is_not_there(app: Credits, books: Books) -> None:
    assert app.grant(5, "trial", user_id="bob", note="a trial") == ("recorded", 5, 5)
    assert app.grant(6, "gift", user_id="bob") == ("recorded", 11, 11)
    assert books.ledger("bob") == [("grant", 5, 5, "trial"), ("grant", 6, 11, "gift")]


@pytest.mark.parametrize(
    ("amount", "request_id", "outcome"),
    [(0, "trial", "invalid"), (5, "welcome", "request_id_reused"), (None, "trial", "invalid")],
)
def test_a_refused_grant_makes_no_user(
    app: Credits, books: Books, amount: int | None, request_id: str, outcome: str
) -> None:
    before = books.everything()
    assert app.grant(amount, request_id, user_id="bob") == (outcome, 0, 0)
    assert books.everything() == before


def test_a_grant_is_no_return(app: Credits) -> None:
    assert app.give_back("welcome", 1) == ("not_spent", 100, 100)


def test_a_transaction_that_checks_all_constraints_at_once_can_make_a_user(app: Credits) -> None:
    with app.connection.transaction():
        app.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert app.grant(5, "trial", user_id="bob") == ("recorded", 5, 5)


# Returns.


def test_a_return_gives_back_what_failed_once(app: Credits, books: Books) -> None:
    app.spend(30, "job 1")
    assert app.give_back("job 1", 20) == ("recorded", 90, 90)
    assert app.give_back("job 1", 20) == ("duplicate", 90, 90)
    assert app.give_back("job 1", 10) == ("request_id_reused", 90, 90)
    assert books.ledger()[-1] == ("return", 20, 90, "job 1")


@pytest.mark.parametrize("amount", [31, 0, -1, None])
def test_a_return_is_of_something_and_of_no_more_than_was_taken(
    app: Credits, amount: int | None
) -> None:
    app.spend(30, "job 1")
    assert app.give_back("job 1", amount) == ("invalid", 70, 70)
    app.give_back("job 1", 30)
    assert app.give_back("job 1", amount) == ("invalid", 100, 100)


def test_nothing_is_returned_of_what_took_nothing(app: Credits) -> None:
    app.reserve(30, "open")
    app.reserve(10, "released")
    app.release("released")
    app.reserve(10, "captured with nothing")
    app.capture("captured with nothing", 0)
    for request_id in ("open", "released", "captured with nothing"):
        assert app.give_back(request_id, 1) == ("not_spent", 100, 70)
    assert app.give_back("nobody's", 1) == ("not_spent", 0, 0)


def test_a_return_pays_debt(app: Credits, books: Books) -> None:
    app.spend(30, "job 1")
    books.take(100)
    assert app.give_back("job 1", 30) == ("recorded", 0, 0)
