"""Reports as CSV that a spreadsheet opens without running what a customer wrote.

RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180): a header line, CRLF, quotes where needed. Null
is an empty cell.

A spreadsheet runs a cell that begins with =, +, - or @
(https://owasp.org/www-community/attacks/CSV_Injection), so text that does gets an apostrophe in
front of the sign, which makes it text. And who decides where a cell begins is the spreadsheet: one
that separates at semicolons or tabs, as those of half of Europe do, sees new cells within a text,
and there the quotes of RFC 4180 do not hold. So a sign also gets its apostrophe after a semicolon,
a tab or a line break inside a text, with nothing but white space and quotes between. Who reads the
file with a program takes out an apostrophe before one of these signs.

Numbers, dates and booleans are written as they are, a minus sign included: they come from columns
that hold nothing else, so they cannot be a formula, and -5 must stay a number to be summed. It is
the value's type that decides, never how it looks: a user who calls himself "-5" is text and gets
the apostrophe.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from reports.answers import Table
from reports.kinds import written

_SIGNS = "=+@＝＋－＠-"
_MAY_RUN = re.compile(rf'[;\t\r\n]|^[\s"]*[{_SIGNS}]')
# What may stand between the beginning of a cell and a sign; each character is looked at once.
_BEFORE = re.compile(rf'(^[\s";]*|[\s";]+)([{_SIGNS}]?)')
_BREAKS = frozenset(";\t\r\n")


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
            return _inert(value) if _MAY_RUN.search(value) else value
        case bool():
            return "true" if value else "false"
        case None | int():
            return value
        case list():
            return _cell(", ".join(str(_cell(each)) for each in value))
    return written(value)


def _inert(text: str) -> str:
    marked = _BEFORE.sub(_marked, text)
    return f"'{marked}" if marked.startswith(("\t", "\r", "\n")) else marked


def _marked(found: re.Match[str]) -> str:
    before, sign = found.groups()
    if sign and not _BREAKS.isdisjoint(before):
        return f"{before}'{sign}"
    return f"'{found[0]}" if sign and not found.start() else found[0]
