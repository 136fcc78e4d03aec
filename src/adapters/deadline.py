"""Ends work before Lambda does: somebody waits for an answer, also for a bad one."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")

# Work that was told to stop rolls back within this time, or hangs for good.
GRACE_SECONDS = 20
STOP_EVERY_SECONDS = 1.0


class OutOfTime(Exception):
    """The work neither finished in time nor stopped when it was told to."""


def finished(
    work: Callable[[], T],
    stop: Callable[[], None],
    seconds: float,
    grace_seconds: float = GRACE_SECONDS,
) -> T:
    """What `work` returns or raises. After `seconds` it is told to `stop`, and again each second,
    because it may have been between two statements.

    Raises OutOfTime; the work then goes on until Lambda freezes it.
    """
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work)
    pool.shutdown(wait=False)
    if not _is_done(future, max(seconds, 0)):
        _stop(future, stop, grace_seconds)
    return future.result()


def _stop(future: "Future[T]", stop: Callable[[], None], grace_seconds: float) -> None:
    for _ in range(max(int(grace_seconds / STOP_EVERY_SECONDS), 1)):
        stop()
        if _is_done(future, STOP_EVERY_SECONDS):
            return
    raise OutOfTime("the work did not stop; see the log, and the database's running statements")


def _is_done(future: "Future[T]", seconds: float) -> bool:
    return bool(wait([future], seconds).done)
