"""Calls within a transaction of the application's commit and roll back with all that it does."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import IsolationLevel, errors

from tests.integration.credits.application import Books, Credits, application
from tests.integration.pooler import pooler

LEVELS = (
    IsolationLevel.READ_COMMITTED,
    IsolationLevel.REPEATABLE_READ,
    IsolationLevel.SERIALIZABLE,
)


@pytest.fixture(params=LEVELS, ids=lambda level: level.name)
def work(app: Credits, books: Books, request: pytest.FixtureRequest) -> Iterator[Credits]:
    """The application in a transaction of its own, which is open."""
    with application(books.database_url, request.param) as session:
        yield session


def everything_once(session: Credits) -> None:
    """Every function that writes, with an effect."""
    assert session.spend(10, "1") == ("recorded", 90, 90)
    assert session.spend(10, "1") == ("duplicate", 90, 90)
    assert session.give_back("1", 10) == ("recorded", 100, 100)
    assert session.reserve(50, "2") == ("recorded", 100, 50)
    assert session.extend("2", "1 hour") == ("recorded", 100, 50)
    assert session.capture("2", 20) == ("recorded", 80, 80)
    assert session.reserve(50, "3") == ("recorded", 80, 30)
    assert session.release("3") == ("recorded", 80, 80)
    assert session.grant(7, "4", user_id="bob") == ("recorded", 7, 7)
    assert session.spend(7, "5", user_id="bob") == ("recorded", 0, 0)
    assert session.balance() == ("found", 80, 80)


def test_many_calls_in_one_transaction_see_each_other(work: Credits, app: Credits) -> None:
    everything_once(work)
    assert app.balance() == ("found", 100, 100)
    work.connection.commit()
    assert app.balance() == ("found", 80, 80)


def test_a_rollback_leaves_nothing(work: Credits, books: Books) -> None:
    before = books.everything()
    everything_once(work)
    work.connection.rollback()
    assert books.everything() == before
    everything_once(work)


def test_a_savepoint_takes_back_what_came_after_it(work: Credits, books: Books) -> None:
    work.spend(10, "1")
    with work.connection.transaction():
        work.spend(20, "2")
        work.grant(5, "3", user_id="bob")
        work.reserve(20, "4")
        raise psycopg.Rollback
    assert work.balance() == ("found", 90, 90)
    assert work.balance("bob") == ("unknown_user", 0, 0)
    assert work.spend(30, "2") == ("recorded", 60, 60)
    work.connection.commit()
    assert [entry[1] for entry in books.ledger()] == [100, -10, -30]


def test_a_refusal_does_not_end_the_transaction(work: Credits, app: Credits) -> None:
    assert work.spend(1000, "1").outcome == "insufficient"
    assert work.spend(0, "1").outcome == "invalid"
    assert work.grant(1, "welcome", user_id="bob").outcome == "request_id_reused"
    assert work.spend(1, "1").outcome == "recorded"
    work.connection.commit()
    assert app.balance() == ("found", 99, 99)


def test_several_users_are_asked_for_in_one_statement(app: Credits) -> None:
    app.grant(5, "for bob", user_id="bob")
    rows = app.connection.execute(
        b"SELECT user_id, spent.* FROM (VALUES ('ana', 60, '1'), ('ana', 60, '2'), ('bob', 5, '3'))"
        b" AS job (user_id, cost, id), spend_credits(user_id, cost, id) AS spent"
    ).fetchall()
    assert rows == [
        ("ana", "recorded", 40, 40),
        ("ana", "insufficient", 40, 40),
        ("bob", "recorded", 0, 0),
    ]


def test_columns_taken_out_of_one_call_that_is_made_anew_for_each_are_of_one_request(
    app: Credits, books: Books
) -> None:
    app.connection.execute(b"SELECT (spend_credits('ana', 30, '1')).*")
    assert books.ledger()[1:] == [("spend", -30, 70, "1")]


@pytest.mark.parametrize("prepare_threshold", [0, 1, None])
def test_prepared_or_not_the_answers_are_the_same(
    app: Credits, books: Books, prepare_threshold: int | None
) -> None:
    with application(books.database_url, prepare_threshold=prepare_threshold) as session:
        assert [session.spend(20, str(n)).outcome for n in range(7)] == ["recorded"] * 5 + [
            "insufficient"
        ] * 2


def test_a_call_asks_nothing_of_the_session_and_leaves_nothing_in_it(
    app: Credits, books: Books
) -> None:
    """So that the next statement may come by another connection of a pooler's."""
    settings = (
        b"SELECT name, setting FROM pg_settings WHERE name NOT LIKE 'plpgsql.%' ORDER BY name"
    )
    with pooler(books.database_url) as way, psycopg.connect(way.url, autocommit=True) as session:
        before = session.execute(settings).fetchall()
        everything_once(Credits(session))
        assert session.execute(settings).fetchall() == before
        left = session.execute(
            b"SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'),"
            b" (SELECT count(*) FROM pg_prepared_statements),"
            b" (SELECT count(*) FROM pg_class WHERE relpersistence = 't')"
        ).fetchone()
    assert left == (0, 0, 0)


def test_a_transaction_that_only_reads_cannot_spend(app: Credits) -> None:
    app.connection.read_only = True
    with pytest.raises(errors.ReadOnlySqlTransaction), app.connection.transaction():
        app.spend(1, "1")
