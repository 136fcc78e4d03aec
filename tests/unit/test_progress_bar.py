"""The bar that a long run shows."""

import io

import pytest

from local.reconcile import ProgressBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def capable_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")


def test_a_terminal_gets_one_line_that_is_written_over() -> None:
    out, clock = Terminal(), Clock()
    bar = ProgressBar(out, {}, clock)
    for covered in (0.25, 0.5):
        clock.now += 10
        bar.show("sessions", covered, "2026-01-01", 200, "1 repairs")
    assert "\n" not in out.getvalue()
    bar.clear()
    assert " 50% 2026-01-01  10/s  1 repairs" in out.getvalue().split("\r")[-2]


@pytest.mark.parametrize(
    ("out", "environment"), [(io.StringIO(), {}), (Terminal(), {"CI": "true"})]
)
def test_a_file_and_ci_get_a_line_now_and_then(
    out: io.StringIO, environment: dict[str, str]
) -> None:
    clock = Clock()
    bar = ProgressBar(out, environment, clock)
    for second in range(20):
        clock.now = second
        bar.show("sessions", 0.1, "2026-01-01", second, "0 repairs")
    lines = out.getvalue().splitlines()
    assert len(lines) == 4
    assert lines[-1] == "sessions   10%  2026-01-01  1/s  0 repairs"
    assert not set("\r\x1b") & set(out.getvalue())


def test_a_cleared_bar_leaves_room_for_other_lines() -> None:
    out = Terminal()
    bar = ProgressBar(out, {}, Clock())
    bar.show("sessions", 1.0, "2026-01-01", 1, "0 repairs")
    bar.clear()
    assert out.getvalue().endswith("\x1b[2K")
