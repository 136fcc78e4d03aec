"""The connection to Postgres: one a container, opened when first needed, replaced when it must be.

A connection never waits for ever, whoever logs in and whatever is between. Timeouts of the server
are settings of a role, which an owner does not have; or of a session, which poolers share out and
RDS Proxy pins; or in the URL, which pgbouncer ignores. So the client looks at the clock: every wait
of a synchronous connection goes through `psycopg.Connection.wait`.

No session state (SET, advisory locks, prepared statements), so that RDS Proxy and pgbouncer in
transaction mode work. This is the only module that commits.
"""

import math
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Never, TypeVar

import psycopg
from psycopg.errors import QueryCanceled, SerializationFailure
from psycopg.rows import DictRow

T = TypeVar("T")

# Proxies and firewalls cut connections idle for 30 minutes.
MAX_AGE_SECONDS = 25 * 60

# A statement takes milliseconds. What waits longer than this waits for a lock, or for nobody.
STATEMENT_SECONDS = 10.0
# Two tries must fit into the time of a function, and the second one may begin with connecting.
RETRY_WITHIN_SECONDS = 4.0

# The errors that say something of the connection and nothing of the work: another connection may
# do it. https://www.postgresql.org/docs/current/errcodes-appendix.html
WORN_OUT = (
    "08",  # the connection failed; pgbouncer says so of its own troubles too
    "25006",  # read-only: after a failover the old connection leads to a reader
    "25P02",  # left in a transaction that failed, by us or by a pooler
    "25P03",  # ended by idle_in_transaction_session_timeout
    "26000",  # a prepared statement is gone: a pooler changed the server below
    "42P05",  # a prepared statement is there already: likewise
    "57P",  # the server is shutting down, crashed, starting, or ended an idle session
    "58",  # the server's machine failed it, as seen before a failover; PgCat says so of itself
    "XX000",  # something inside broke, often a cache of the session; Supavisor says so of itself
)
# Not among them, though they may go by: 53 (no memory, disk or connections left: one more would
# make it worse), 40 and 55 (locks and conflicts), 57014 and 25P04 (time limits).

# A plan that the session keeps does not fit a table that was altered. The code, 0A000, is that of
# everything else which is not supported; the function's name is the same in all languages.
STALE_PLAN = {"RevalidateCachedPlan", "cached plan must not change result type"}

# Each try fails only because somebody else's write succeeded.
SERIALIZATION_TRIES = 5

# What is waiting for a lock stops within milliseconds. A server that is gone says nothing anyway.
CANCEL_SECONDS = 1.0
CANCEL_TRIES = 2
LOOK_EVERY_SECONDS = 0.1


class NoAnswer(psycopg.OperationalError):
    """The server said nothing in time, not even that it stopped. What it did is unknown."""


class Connection(psycopg.Connection[DictRow]):
    """Waits for an answer until `ends_at`, on the clock of `time.monotonic`.

    Then the statement is canceled and the connection closed; QueryCanceled says that the server
    stopped it, NoAnswer that it may be gone.
    """

    ends_at = math.inf

    def wait(  # type: ignore[override]
        self, gen: Generator[Any, Any, T], interval: float = LOOK_EVERY_SECONDS, **options: Any
    ) -> T:
        left = max(self.ends_at - time.monotonic(), 0)
        try:
            return super().wait(until(self.ends_at, gen), min(interval, left), **options)
        except TimeIsUp:
            self._stop(gen)

    def _stop(self, gen: Generator[Any, Any, Any]) -> Never:
        outcome: psycopg.Error = NoAnswer("the database did not answer in time")
        try:
            self._cancel(gen)
        except QueryCanceled as canceled:
            outcome = canceled
        except psycopg.Error:
            pass
        finally:
            # Also when the answer came after all: the cancellation may hit the next statement.
            self.close()
        raise outcome from None

    def _cancel(self, gen: Generator[Any, Any, Any]) -> None:
        """Told twice, for the server may not have begun when it was told first."""
        for _ in range(CANCEL_TRIES):
            self.cancel_safe(timeout=CANCEL_SECONDS)
            with suppress(TimeIsUp):
                super().wait(until(time.monotonic() + CANCEL_SECONDS, gen), LOOK_EVERY_SECONDS)
                return


class TimeIsUp(Exception):
    """Ends a wait."""


def until(ends_at: float, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    """The same waits, as long as there is time. psycopg resumes them at each interval, with nothing
    when there is no answer yet."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > ends_at:
                raise TimeIsUp
            wanted = gen.send(ready)
    except StopIteration as done:
        answer: T = done.value
        return answer


class DatabaseUnavailable(Exception):
    """Postgres could not be reached, or the connection broke and there was no second chance."""


class _Unit(threading.local):
    """Until when the unit that a thread is in may last, on the clock of `time.monotonic`."""

    ends_at = math.inf


class Database:
    """Runs single statements (each its own transaction) and transactions on the one connection.

    What takes longer than it may is stopped, see `Connection`. Threads may share
    it: what one does waits for the other's transaction to end.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._unit = _Unit()
        self._connection: Connection | None = None
        self._opened_at = 0.0
        self._in_use = threading.RLock()

    def one(self, statement: str, parameters: Mapping[str, Any]) -> DictRow | None:
        """Runs one statement, committed by the time this returns; its first row, if any."""
        with self._in_use:
            try:
                cursor = self._current(STATEMENT_SECONDS).execute(statement, parameters)
                return cursor.fetchone() if cursor.description else None
            except psycopg.Error as error:
                self._replace_if_worn_out(error)
                raise

    @contextmanager
    def transaction(self, seconds: float | None = None) -> Iterator[Connection]:
        """BEGIN … COMMIT around the block; ROLLBACK when it raises. The whole block has `seconds`,
        as long as a statement when they are left out."""
        with self._in_use:
            connection = self._current(STATEMENT_SECONDS if seconds is None else seconds)
            try:
                with connection.transaction():
                    yield connection
            except psycopg.Error as error:
                self._replace_if_worn_out(error)
                raise

    def repeatable(self, unit: Callable[[], T]) -> T:
        """Runs `unit`, a transaction, of one state of the database: what others write meanwhile,
        and it would have to touch, makes it start again."""
        for _ in range(SERIALIZATION_TRIES - 1):
            with suppress(SerializationFailure):
                return self._repeatable(unit)
        return self._repeatable(unit)

    def _repeatable(self, unit: Callable[[], T]) -> T:
        with self._in_use:
            connection = self._current(STATEMENT_SECONDS)
            # BEGIN says it: a SET would pin the connection in RDS Proxy.
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            try:
                return unit()
            finally:
                # A connection that broke is not used again.
                with suppress(psycopg.Error):
                    connection.isolation_level = None

    def retrying(self, unit: Callable[[], T], seconds: float = math.inf) -> T:
        """Runs `unit`, and once more on a new connection when the first one broke under it, soon
        enough. Its statements may take `seconds` altogether.

        Whether a broken connection committed is unknown, so `unit` must be safe to repeat as a
        whole. Raises DatabaseUnavailable when the second try fails like the first.
        """
        began, outer_ends_at = self._clock(), self._unit.ends_at
        self._unit.ends_at = min(outer_ends_at, time.monotonic() + seconds)
        try:
            return self._twice(unit, began)
        finally:
            self._unit.ends_at = outer_ends_at

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _twice(self, unit: Callable[[], T], began: float) -> T:
        try:
            return unit()
        except psycopg.Error as error:
            if not self._is_lost(error):
                raise
            if self._clock() - began > RETRY_WITHIN_SECONDS:
                raise DatabaseUnavailable(_named(error)) from None
        try:
            return unit()
        except psycopg.Error as error:
            if not self._is_lost(error):
                raise
            raise DatabaseUnavailable(_named(error)) from None

    def _is_lost(self, error: psycopg.Error) -> bool:
        """Whether the error is the connection's, and not the work's. A server that is silent was
        waited for long enough."""
        if error.sqlstate is not None or isinstance(error, NoAnswer):
            return is_worn_out(error)
        is_gone = self._connection is None or self._connection.closed
        # A URL that cannot be read makes a ProgrammingError, and no connection either.
        return is_gone and not isinstance(error, psycopg.ProgrammingError)

    def _replace_if_worn_out(self, error: psycopg.Error) -> None:
        if is_worn_out(error):
            self.close()

    def _current(self, seconds: float) -> Connection:
        """The connection, for work that may take so long."""
        connection = self._connection
        if connection is not None and self._clock() - self._opened_at > MAX_AGE_SECONDS:
            self.close()
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
            self._opened_at = self._clock()
        self._connection.ends_at = min(time.monotonic() + seconds, self._unit.ends_at)
        return self._connection


def is_worn_out(error: psycopg.Error) -> bool:
    """Whether Postgres, or a pooler, says that this connection is no good for this work."""
    state = error.sqlstate or ""
    said = {error.diag.source_function, error.diag.message_primary}
    return state.startswith(WORN_OUT) or (state == "0A000" and not said.isdisjoint(STALE_PLAN))


def _named(error: psycopg.Error) -> str:
    """Class and SQLSTATE: libpq's own texts quote hosts, users, and of a bad URL the password."""
    what = " ".join(filter(None, (type(error).__name__, error.sqlstate)))
    return f"the database does not answer ({what}): check where it is and the login"
