"""Work gets its time, then is told to stop, and somebody hears about it in any case."""

from __future__ import annotations

import threading

import pytest

from adapters.deadline import OutOfTime, finished


def nothing() -> None:
    """Stops nothing."""


def test_work_that_ends_in_time_is_not_stopped() -> None:
    stopped = threading.Event()
    assert finished(lambda: 7, stopped.set, seconds=30) == 7
    assert not stopped.is_set()


def test_what_work_raises_is_raised() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        finished(broken, nothing, seconds=30)


def test_work_that_takes_too_long_is_stopped_and_answers_itself() -> None:
    stopped = threading.Event()

    def patient() -> bool:
        return stopped.wait(30)

    assert finished(patient, stopped.set, seconds=0.01) is True


def test_work_is_told_again_when_it_did_not_hear_the_first_time() -> None:
    told = threading.Semaphore(0)

    def deaf_once() -> str:
        told.acquire()
        told.acquire()
        return "stopped"

    assert finished(deaf_once, told.release, seconds=0) == "stopped"


def test_work_that_does_not_stop_is_left_behind() -> None:
    end = threading.Event()
    try:
        with pytest.raises(OutOfTime):
            finished(end.wait, nothing, seconds=0, grace_seconds=0.01)
    finally:
        end.set()
