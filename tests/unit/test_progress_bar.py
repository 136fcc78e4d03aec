"""The bar that a long walk shows."""

import io

from local.progress_bar import ProgressBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_terminal_gets_one_line_that_is_written_over() -> None:
    out, clock = Terminal(), Clock()
    bar = ProgressBar(out, clock)
    for covered in (0.25, 0.5):
        clock.now += 10
        bar.show("sessions", covered, "2026-01-01", 200, "1 repairs")
    assert "\n" not in out.getvalue()
    assert out.getvalue().count("\r") == 2
    assert " 50%  2026-01-01  10/s  1 repairs" in out.getvalue()


def test_a_file_gets_a_line_now_and_then() -> None:
    out, clock = io.StringIO(), Clock()
    bar = ProgressBar(out, clock)
    for second in range(20):
        clock.now = second
        bar.show("sessions", 0.1, "2026-01-01", second, "0 repairs")
    assert len(out.getvalue().splitlines()) == 4
    assert "\r" not in out.getvalue()


def test_a_cleared_bar_leaves_room_for_other_lines() -> None:
    out = Terminal()
    bar = ProgressBar(out, Clock())
    bar.show("sessions", 1.0, "2026-01-01", 1, "0 repairs")
    width = len(out.getvalue()) - 1
    bar.clear()
    assert out.getvalue().endswith(f"\r{' ' * width}\r")
