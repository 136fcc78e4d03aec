"""Tells the story on a terminal: one line a delivery, and tables for the reports."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from local import Failure
from local.shop import Seen

WIDTH = 82
_NUMBER = re.compile(r"-|-?\d[\d,]*(\.\d+)?")
_BOLD, _DIM, _GREEN, _YELLOW = "1", "2", "32", "33"
_COLOURS = {"recorded": _GREEN, "duplicate": _DIM, "unchanged": _DIM}


class NotAsTold(Failure):
    """Something came out differently from what the story says."""


class Narrator:
    """Tells it to `out`: in colour on a terminal unless NO_COLOR is set, in ASCII if it must be."""

    def __init__(self, out: TextIO, environment: Mapping[str, str] = os.environ) -> None:
        self._out = out
        self._in_colour = out.isatty() and not environment.get("NO_COLOR")
        unicode = (out.encoding or "").lower().replace("-", "").startswith("utf")
        self._rule = "─" if unicode else "-"

    def line(self, text: str = "") -> None:
        """One line, shown at once."""
        print(text, file=self._out, flush=True)

    def heading(self, text: str) -> None:
        """What happens next."""
        self.line()
        self.line(self._coloured(text, _BOLD))

    def deliveries_begin(self) -> None:
        """The names of the columns below."""
        self.line()
        self.line(_columns("delivery", "HTTP", "outcome", "payment", "balance"))
        self.line(self._rule * WIDTH)

    def told(self, what: str, seen: Seen, outcome: str, payment: str, balance: int | None) -> None:
        """One delivery or operation, and what is expected of it.

        Raises NotAsTold.
        """
        text = _columns(
            f"  {what}",
            "" if seen.status is None else str(seen.status),
            seen.outcome,
            seen.payment,
            "-" if seen.balance is None else f"{seen.balance:,}",
        )
        colour = _YELLOW if "held" in seen.payment else _COLOURS.get(seen.outcome, _YELLOW)
        self.line(self._coloured(text, colour))
        came = (seen.status in (200, None), seen.outcome, seen.payment, seen.balance)
        if came != (True, outcome, payment, balance):
            raise NotAsTold(f"{what} should be {outcome}, {payment}, balance {balance}; saw {seen}")

    def table(self, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
        """The rows' values of `columns`, numbers to the right."""
        cells = [[_cell(row[column]) for column in columns] for row in rows]
        by_column = list(zip(columns, *cells, strict=True))
        widths = [max(map(len, column)) for column in by_column]
        right = [all(map(_NUMBER.fullmatch, column[1:])) for column in by_column]
        for each in (list(columns), [self._rule * width for width in widths], *cells):
            aligned = [
                text.rjust(width) if is_number else text.ljust(width)
                for text, width, is_number in zip(each, widths, right, strict=True)
            ]
            self.line("  " + "  ".join(aligned).rstrip())

    def _coloured(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._in_colour else text


def _columns(what: str, status: str, outcome: str, payment: str, balance: str) -> str:
    return f"{what:<42} {status:>4}  {outcome:<10} {payment:<11} {balance:>9}"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else str(value)
