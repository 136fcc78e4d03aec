"""Several connections at the same moment, at every isolation level: who loses is told so, or gets
Postgres' serialization failure and tries again; no balance is ever wrong."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest
from psycopg import IsolationLevel, errors

from tests.integration.credits.application import Answer, Books, Credits, application
from tests.integration.credits.test_callers_transaction import LEVELS
from tests.lanes import size

RACERS = 8
CONFLICT = "conflict"
Work = Callable[[Credits, int], Answer]

levels = pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)


@contextmanager
def connections(books: Books, level: IsolationLevel, count: int = 2) -> Iterator[list[Credits]]:
    """Transactions of the application's, each with its snapshot taken before the block."""
    with ExitStack() as stack:
        opened = [stack.enter_context(application(books.database_url, level)) for _ in range(count)]
        for each in opened:
            each.balance()
        yield opened


def race(racers: Sequence[Credits], work: Work) -> list[str]:
    """The outcome of each racer's transaction, which all have begun before one does its work."""
    start = threading.Barrier(len(racers))

    def run(number: int) -> str:
        start.wait()
        try:
            answer = work(racers[number], number)
            racers[number].connection.commit()
        except (errors.SerializationFailure, errors.DeadlockDetected):
            racers[number].connection.rollback()
            return CONFLICT
        return answer.outcome

    with ThreadPoolExecutor(len(racers)) as pool:
        return list(pool.map(run, range(len(racers))))


def losing(level: IsolationLevel, outcome: str, losers: int = RACERS - 1) -> Counter[str]:
    """What comes of a race that one wins: with a snapshot of before, the others may not write."""
    lost = outcome if level is IsolationLevel.READ_COMMITTED else CONFLICT
    return Counter({"recorded": 1, lost: losers})


@levels
def test_one_last_credit_is_spent_by_one_of_eight(
    app: Credits, books: Books, level: IsolationLevel
) -> None:
    app.spend(99, "all but one")
    with connections(books, level, RACERS) as racers:
        outcomes = race(racers, lambda session, n: session.spend(1, f"last {n}"))
    assert Counter(outcomes) == losing(level, "insufficient")
    assert app.balance() == ("found", 0, 0)


@levels
def test_one_last_credit_is_reserved_by_one_of_eight(
    app: Credits, books: Books, level: IsolationLevel
) -> None:
    app.spend(99, "all but one")
    with connections(books, level, RACERS) as racers:
        outcomes = race(racers, lambda session, n: session.reserve(1, f"last {n}"))
    assert Counter(outcomes) == losing(level, "insufficient")
    assert app.balance() == ("found", 1, 0)


@levels
def test_what_is_reserved_at_the_same_moment_is_not_spent(
    app: Credits, books: Books, level: IsolationLevel
) -> None:
    with connections(books, level, RACERS) as racers:
        outcomes = race(
            racers,
            lambda session, n: (session.spend if n % 2 else session.reserve)(100, str(n)),
        )
    assert Counter(outcomes) == losing(level, "insufficient")


@levels
@pytest.mark.parametrize("function", ["spend", "reserve", "grant"])
def test_a_request_that_comes_eight_times_at_once_is_done_once(
    app: Credits, books: Books, level: IsolationLevel, function: str
) -> None:
    with connections(books, level, RACERS) as racers:
        outcomes = race(racers, lambda session, _: getattr(session, function)(10, "the same"))
    assert Counter(outcomes) == losing(level, "duplicate")


@levels
def test_one_id_for_eight_users_at_once_is_one_users(
    app: Credits, books: Books, level: IsolationLevel
) -> None:
    for n in range(RACERS):
        app.grant(10, f"for {n}", user_id=f"user {n}")
    with connections(books, level, RACERS) as racers:
        outcomes = race(racers, lambda session, n: session.spend(1, "it", user_id=f"user {n}"))
    assert Counter(outcomes) == losing(level, "request_id_reused")
    assert books.rows("SELECT count(*) AS n FROM users WHERE credits = 9") == [{"n": 1}]


@levels
def test_one_grant_for_eight_new_users_at_once_makes_one_of_them(
    app: Credits, books: Books, level: IsolationLevel
) -> None:
    with connections(books, level, RACERS) as racers:
        outcomes = race(racers, lambda session, n: session.grant(1, "it", user_id=f"user {n}"))
    assert Counter(outcomes) == losing(level, "request_id_reused")
    assert books.rows("SELECT count(*) AS n FROM users") == [{"n": 2}]


@levels
def test_a_new_user_gets_all_that_is_granted_at_once(
    app: Credits, books: Books, level: IsolationLevel
) -> None:
    with connections(books, level, RACERS) as racers:
        outcomes = race(racers, lambda session, n: session.grant(2**n, str(n), user_id="bob"))
    granted = sum(2**n for n, outcome in enumerate(outcomes) if outcome == "recorded")
    assert app.balance("bob") == ("found", granted, granted)
    assert level is not IsolationLevel.READ_COMMITTED or granted == 2**RACERS - 1


CLOSING: dict[str, Work] = {
    "capture": lambda session, _: session.capture("held", 60),
    "capture, each another amount": lambda session, n: session.capture("held", n + 1),
    "release": lambda session, _: session.release("held"),
    "capture or release": lambda session, n: (
        session.release("held") if n % 2 else session.capture("held", 60)
    ),
    "return": lambda session, _: session.give_back("spent", 40),
    "return, each another amount": lambda session, n: session.give_back("spent", n + 1),
}


@levels
@pytest.mark.parametrize("work", CLOSING.values(), ids=list(CLOSING))
def test_a_request_is_closed_once(
    app: Credits, books: Books, level: IsolationLevel, work: Work
) -> None:
    app.reserve(60, "held")
    app.spend(40, "spent")
    with connections(books, level, RACERS) as racers:
        outcomes = race(racers, work)
    assert outcomes.count("recorded") == 1
    assert level is IsolationLevel.READ_COMMITTED or set(outcomes) == {"recorded", CONFLICT}


@levels
def test_what_has_run_out_is_captured_late_or_spent(
    app: Credits, books: Books, level: IsolationLevel
) -> None:
    app.reserve(100, "held")
    books.run_out("held")
    with connections(books, level, RACERS) as racers:
        outcomes = race(
            racers,
            lambda session, n: (
                session.spend(100, str(n)) if n % 2 else session.capture("held", 100 - n)
            ),
        )
    assert outcomes.count("recorded") == 1
    assert app.balance().balance >= 0


# One after the other, with the snapshot of the second taken before.


@levels
@pytest.mark.parametrize(
    "first",
    [
        lambda session: session.spend(60, "1"),
        lambda session: session.reserve(60, "1"),
        lambda session: session.extend("run out", "1 hour"),
        lambda session: session.capture("run out", 60),
    ],
)
def test_a_snapshot_of_before_is_never_spent_from(
    app: Credits, books: Books, level: IsolationLevel, first: Callable[[Credits], Answer]
) -> None:
    app.reserve(60, "run out")
    books.run_out("run out")
    with connections(books, level) as (one, two):
        assert first(one).outcome == "recorded"
        one.connection.commit()
        if level is IsolationLevel.READ_COMMITTED:
            assert two.spend(50, "2").outcome == "insufficient"
        else:
            with pytest.raises(errors.SerializationFailure):
                two.spend(50, "2")
            two.connection.rollback()
            assert two.spend(50, "2").outcome == "insufficient"


@levels
@pytest.mark.parametrize("freeing", ["release", "capture"])
def test_what_was_freed_meanwhile_is_there_for_the_next_try(
    app: Credits, books: Books, level: IsolationLevel, freeing: str
) -> None:
    app.reserve(60, "held")
    with connections(books, level) as (one, two):
        one.release("held") if freeing == "release" else one.capture("held", 1)
        one.connection.commit()
        if level is not IsolationLevel.READ_COMMITTED:
            with pytest.raises(errors.SerializationFailure):
                two.spend(90, "2")
            two.connection.rollback()
        assert two.spend(90, "2").outcome == "recorded"
        two.connection.commit()


@levels
def test_a_user_who_is_erased_while_a_capture_waits_is_captured_from_all_the_same(
    app: Credits, books: Books, level: IsolationLevel
) -> None:
    app.reserve(60, "held")
    with connections(books, level) as (_, work), ThreadPoolExecutor(1) as pool:
        with books._connection.transaction():
            books.execute("UPDATE users SET user_id = 'erased' WHERE user_id = 'ana'")
            captured = pool.submit(work.capture, "held", 60)
            while not books.rows("SELECT FROM pg_locks WHERE NOT granted"):
                pass
        if level is IsolationLevel.READ_COMMITTED:
            assert captured.result() == ("recorded", 40, 40)
            work.connection.commit()
        else:
            with pytest.raises(errors.SerializationFailure):
                captured.result()
    assert books.ledger("ana") == []


def until_done(session: Credits, step: Callable[[], Answer]) -> Answer:
    """What an application does about a conflict: it tries again."""
    while True:
        try:
            answer = step()
            session.connection.commit()
        except errors.SerializationFailure:
            session.connection.rollback()
        else:
            return answer


@levels
def test_whatever_many_do_at_once_the_books_are_sound(
    app: Credits, books: Books, level: IsolationLevel
) -> None:
    """Spenders, holders and givers on two users, each trying again what Postgres refuses."""
    app.grant(100, "for bob", user_id="bob")
    outcomes: set[str] = set()

    def work(number: int) -> None:
        with application(books.database_url, level) as session:
            for turn in range(size(12, 200)):
                user_id, name = ("ana", "bob")[turn % 2], f"{number} {turn}"
                for step in (
                    partial(session.spend, 3, f"s {name}", user_id=user_id),
                    partial(session.reserve, 7, f"r {name}", user_id=user_id),
                    partial(session.capture, f"r {name}", 5),
                    partial(session.give_back, f"s {name}", 2),
                    partial(session.grant, 1, f"g {name}", user_id=user_id),
                ):
                    answer = until_done(session, step)
                    assert min(answer.balance, answer.available) >= 0
                    outcomes.add(answer.outcome)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert {"recorded", "insufficient"} <= outcomes
