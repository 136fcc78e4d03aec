"""Shows how far a long walk has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

_CELLS = 30
_BAR_EVERY_SECONDS = 0.1
_LINE_EVERY_SECONDS = 5.0


class ProgressBar:
    """One line that is written over again on a terminal, and never without a reason elsewhere."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock
        self._is_terminal = out.isatty()
        self._started = clock()
        self._shown_at = float("-inf")
        self._width = 0

    def show(self, what: str, covered: float, position: str, objects: int, found: str) -> None:
        """`covered` is from 0 to 1, `objects` is how many were looked at so far."""
        now = self._clock()
        every = _BAR_EVERY_SECONDS if self._is_terminal else _LINE_EVERY_SECONDS
        if now - self._shown_at < every and covered < 1:
            return
        self._shown_at = now
        rate = objects / max(now - self._started, 0.001)
        self._write(f"{what:<9} {_bar(covered)} {covered:4.0%}  {position}  {rate:,.0f}/s  {found}")

    def clear(self) -> None:
        """Makes room for other lines."""
        if self._is_terminal and self._width:
            self._out.write(f"\r{'':{self._width}}\r")
            self._out.flush()
            self._width = 0

    def _write(self, line: str) -> None:
        if not self._is_terminal:
            self._out.write(f"{line}\n")
        else:
            self._out.write(f"\r{line:<{self._width}}")
            self._width = len(line)
        self._out.flush()


def _bar(covered: float) -> str:
    full = round(covered * _CELLS)
    return f"[{'#' * full}{'.' * (_CELLS - full)}]"
