"""The watch over the suite's log lines: it would notice."""

import pytest

from tests.log_watch import betrayed

LINE = '{"level":"INFO","message":"%s"}'


@pytest.mark.parametrize(
    "secret",
    [
        "buyer@example.com",
        "whsec_abc",
        "sk_test_abc",
        "password=hunter2",
        "postgresql://till:hunter2@db/till",
        "user_123",
        "t=1,v1=0123456789abcdef0",
    ],
)
def test_what_must_not_be_logged_is_noticed(secret: str) -> None:
    assert len(betrayed(LINE % secret)) >= 1


def test_a_line_that_gives_nothing_away_is_fine() -> None:
    assert betrayed(LINE % "event recorded evt_1 pay_2") == []


def test_what_is_no_log_line_is_not_looked_at() -> None:
    assert betrayed("buyer@example.com") == []
