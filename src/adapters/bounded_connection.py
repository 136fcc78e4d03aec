"""A connection that never waits for ever, whoever logs in and whatever is between.

Timeouts of the server are settings of a role, which an owner does not have; or of a session, which
poolers share out and RDS Proxy pins; or in the URL, which pgbouncer ignores. So the client looks at
the clock: every wait of a synchronous connection goes through `psycopg.Connection.wait`.
"""

import math
from collections.abc import Generator
from time import monotonic
from typing import Any, Never, TypeVar

import psycopg
from psycopg.errors import QueryCanceled
from psycopg.rows import DictRow

T = TypeVar("T")

# What is waiting for a lock stops within milliseconds. A server that is gone says nothing anyway.
CANCEL_SECONDS = 2.0
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
        left = max(self.ends_at - monotonic(), 0)
        try:
            return super().wait(_until(self.ends_at, gen), min(interval, left), **options)
        except _TimeIsUp:
            self._stop(gen)

    def _stop(self, gen: Generator[Any, Any, Any]) -> Never:
        outcome: psycopg.Error = NoAnswer("the database did not answer in time")
        try:
            self.cancel_safe(timeout=CANCEL_SECONDS)
            super().wait(_until(monotonic() + CANCEL_SECONDS, gen), LOOK_EVERY_SECONDS)
        except QueryCanceled as canceled:
            outcome = canceled
        except (psycopg.Error, _TimeIsUp):
            pass
        finally:
            # Also when the answer came after all: the cancellation may hit the next statement.
            self.close()
        raise outcome from None


class _TimeIsUp(Exception):
    """Ends a wait."""


def _until(ends_at: float, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    """The same waits, as long as there is time. psycopg resumes them at each interval, with nothing
    when there is no answer yet."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and monotonic() > ends_at:
                raise _TimeIsUp
            wanted = gen.send(ready)
    except StopIteration as done:
        answer: T = done.value
        return answer
