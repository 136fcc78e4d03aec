"""Reports as CSV that a spreadsheet opens without running what a customer wrote.

RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180): a header line, CRLF, quotes where needed. Null
is an empty cell.

A cell of text that a spreadsheet would take for a formula gets an apostrophe in front, which makes
it text (https://owasp.org/www-community/attacks/CSV_Injection). Numbers, dates and booleans are
written as they are, a minus sign included: they come from columns that hold nothing else, so they
cannot be a formula, and -5 must stay a number to be summed. It is the value's type that decides,
never how it looks: a user who calls himself "-5" is text and gets the apostrophe.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from domain.reports.answers import Table
from domain.reports.kinds import written

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_csv(table: Table) -> str:
    """The table with its header line."""
    rows = ([row[column] for column in table.columns] for row in table.rows)
    return csv_line(table.columns) + csv_lines(rows)


def csv_line(names: Sequence[str]) -> str:
    """One line of texts."""
    return csv_lines([names])


def csv_lines(rows: Iterable[Sequence[Any]]) -> str:
    """A line for each row of database values."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    return lines.getvalue()


def _cell(value: Any) -> Any:
    match value:
        case str():
            return f"'{value}" if value.startswith(_STARTS_A_FORMULA) else value
        case bool():
            return "true" if value else "false"
        case None | int():
            return value
        case list():
            return _cell(", ".join(str(_cell(each)) for each in value))
    return written(value)
