"""Reports as JSON values: money as text, times in ISO 8601 and UTC, whole numbers as numbers."""

from collections.abc import Mapping
from typing import Any

from domain.reports.answers import Page
from domain.reports.catalogue import Catalogue, described
from domain.reports.kinds import written
from domain.reports.problems import Problem


def as_json(answer: Catalogue | Page | Problem) -> dict[str, Any]:
    """The answer to a direct invocation: a page, the catalogue, or `{"error": {code, message}}`."""
    match answer:
        case Catalogue():
            return described(answer)
        case Problem(code, message):
            return {"error": {"code": code, "message": message}}
    return {
        "report": answer.report.name,
        "columns": list(answer.table.columns),
        "rows": [_row(row) for row in answer.table.rows],
        "next_cursor": answer.next_cursor,
    }


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {column: _value(value) for column, value in row.items()}


def _value(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case list():
            return [_value(each) for each in value]
    return written(value)
