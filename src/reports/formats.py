"""Answers in each format: JSON, CSV, words for people; and which of them an HTTP client gets.

JSON: money as text, times in ISO 8601 and UTC, whole numbers as numbers.

CSV opens in a spreadsheet without running what a customer wrote. RFC 4180
(https://www.rfc-editor.org/rfc/rfc4180): a header line, CRLF, quotes where needed. Null is an empty
cell.

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
from decimal import Decimal
from typing import Any

from reports.answers import Answer, Exported, ResultPage, Table
from reports.declaration import Report, Reports
from reports.kinds import written
from reports.parameters import Parameter
from reports.problems import Problem

MEDIA_TYPES = {"json": "application/json", "html": "text/html", "csv": "text/csv"}

_SIGNS = "=+@＝＋－＠-"
_MAY_RUN = re.compile(rf'[;\t\r\n]|^[\s"]*[{_SIGNS}]')
# What may stand between the beginning of a cell and a sign; each character is looked at once.
_BEFORE = re.compile(rf'(^[\s";]*|[\s";]+)([{_SIGNS}]?)')
_BREAKS = frozenset(";\t\r\n")

_RANGE = re.compile(r"\*/\*|[a-z]+/(\*|[a-z0-9.+-]+)")
_QUALITY = re.compile(r"q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)")

_ABBREVIATIONS = {"id": "ID", "usd": "USD", "api": "API"}


def preferred(accept: str, formats: tuple[str, ...]) -> str | None:
    """The format of `formats` that the client wants most, the first of equals; None if it takes
    none of them. A client that says nothing, or nothing that can be read, takes anything.

    Source: https://www.rfc-editor.org/rfc/rfc9110#name-accept
    """
    ranges = [found for part in accept.lower().split(",") if (found := media_range(part))]
    if not ranges:
        return formats[0]
    qualities = {each: quality_of(MEDIA_TYPES[each], ranges) for each in formats}
    best = max(formats, key=qualities.__getitem__)
    return best if qualities[best] > 0 else None


def media_range(part: str) -> tuple[str, float] | None:
    """One entry of the header: a media type, maybe with wildcards, and how much it is wanted."""
    name, *parameters = [each.strip() for each in part.split(";")]
    if not _RANGE.fullmatch(name):
        return None
    stated = [quality[1] for each in parameters if (quality := _QUALITY.fullmatch(each))]
    return name, float(stated[0]) if stated else 1.0


def quality_of(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """What the most precise entry that covers the type says of it."""
    type_, _, _ = media_type.partition("/")
    for covering in (media_type, f"{type_}/*", "*/*"):
        for name, quality in ranges:
            if name == covering:
                return quality
    return 0.0


def as_json(answer: Answer) -> dict[str, Any]:
    """A page, the list of reports, where an export is, or `{"error": {code, message}}`."""
    match answer:
        case Reports():
            return {"reports": [described(report) for report in answer.by_name.values()]}
        case Problem(code, message):
            return {"error": {"code": code, "message": message}}
        case Exported():
            return {
                "report": answer.report,
                "url": answer.url,
                "expires_at": written(answer.expires_at),
                "rows": answer.rows,
                "size_bytes": answer.size_bytes,
            }
        case ResultPage():
            return {
                "report": answer.report.name,
                "columns": list(answer.table.columns),
                "rows": [
                    {column: json_value(value) for column, value in row.items()}
                    for row in answer.table.rows
                ],
                "next_cursor": answer.next_cursor,
            }


def json_value(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case list():
            return [json_value(each) for each in value]
    return written(value)


def described(report: Report) -> dict[str, Any]:
    """What a caller is told about a report; `example` is a call that works as it stands."""
    required = {each.name: each.example for each in report.parameters if each.required}
    return {
        "name": report.name,
        "title": report.title,
        "description": report.description,
        "params": [described_parameter(each) for each in report.parameters],
        "sort": report.sort and report.sort.written,
        "example": {"report": report.name} | ({"params": required} if required else {}),
    }


def described_parameter(parameter: Parameter) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": parameter.name,
        "type": parameter.kind.name,
        "description": parameter.description,
        "expected": parameter.expected,
        "required": parameter.required,
        "default": parameter.default,
        "example": parameter.example,
    }
    return told | ({"choices": list(parameter.choices)} if parameter.choices else {})


def as_csv(table: Table) -> str:
    """The table with its header line."""
    return csv_lines([table.columns]) + csv_lines(
        [row[column] for column in table.columns] for row in table.rows
    )


def csv_lines(rows: Iterable[Sequence[Any]]) -> str:
    """A line for each row of database values."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return lines.getvalue()


def csv_cell(value: Any) -> Any:
    match value:
        case str():
            return inert(value) if _MAY_RUN.search(value) else value
        case bool():
            return "true" if value else "false"
        case None | int():
            return value
        case list():
            return csv_cell(", ".join(str(csv_cell(each)) for each in value))
    return written(value)


def inert(text: str) -> str:
    marked = _BEFORE.sub(_marked, text)
    return f"'{marked}" if marked.startswith(("\t", "\r", "\n")) else marked


def _marked(found: re.Match[str]) -> str:
    before, sign = found.groups()
    if sign and not _BREAKS.isdisjoint(before):
        return f"{before}'{sign}"
    return f"'{found[0]}" if sign and not found.start() else found[0]


def heading(column: str) -> str:
    """A column's name in words: `amount_paid` is "Amount paid"."""
    words = [_ABBREVIATIONS.get(word, word) for word in column.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def number(value: int | Decimal, *, signed: bool = False) -> str:
    """For people: with thousands apart, and every digit after the point."""
    sign = "+" if signed else ""
    return f"{value:{sign},}" if isinstance(value, int) else f"{value:{sign},f}"
