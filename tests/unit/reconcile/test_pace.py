"""Calls to Stripe keep below what Stripe allows."""

import pytest

from adapters.stripe_listing import Pace, calls_per_second


class Time:
    """Passes only while somebody sleeps, or when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_calls_are_spread_over_the_second() -> None:
    time = Time()
    pace = Pace(4, lambda: time.now, time.sleep)
    called_at = []
    for _ in range(5):
        pace()
        called_at.append(time.now)
    assert called_at == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_a_slow_caller_never_waits() -> None:
    time, slept = Time(), []
    pace = Pace(4, lambda: time.now, slept.append)
    for _ in range(3):
        pace()
        time.now += 0.3
    assert slept == []


def test_what_was_not_used_does_not_add_up() -> None:
    time = Time()
    pace = Pace(2, lambda: time.now, time.sleep)
    pace()
    time.now = 100.0
    pace()
    pace()
    assert time.now == 100.5


@pytest.mark.parametrize(("livemode", "allowed"), [(True, 100), (False, 25)])
def test_the_pace_leaves_half_of_what_stripe_allows_to_others(livemode: bool, allowed: int) -> None:
    assert calls_per_second(livemode) <= allowed / 2
