"""Reports as JSON values: money as text, times in ISO 8601 and UTC, whole numbers as numbers."""

from collections.abc import Mapping
from typing import Any

from reports.answers import Answer, Exported, Page
from reports.catalogue import Catalogue, described
from reports.kinds import written
from reports.problems import Problem


def as_json(answer: Answer) -> dict[str, Any]:
    """A page, the catalogue, where an export is, or `{"error": {code, message}}`."""
    match answer:
        case Catalogue():
            return described(answer)
        case Problem(code, message):
            return {"error": {"code": code, "message": message}}
        case Exported():
            return _exported(answer)
        case Page():
            return _page(answer)


def _page(page: Page) -> dict[str, Any]:
    return {
        "report": page.report.name,
        "columns": list(page.table.columns),
        "rows": [_row(row) for row in page.table.rows],
        "next_cursor": page.next_cursor,
    }


def _exported(exported: Exported) -> dict[str, Any]:
    return {
        "report": exported.report,
        "url": exported.url,
        "expires_at": written(exported.expires_at),
        "rows": exported.rows,
        "size_bytes": exported.size_bytes,
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
