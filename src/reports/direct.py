"""The answer to a direct invocation: a JSON object, whatever the format inside."""

from typing import Any

from reports.answers import Answer, Page
from reports.declaration import Catalogue
from reports.formats import as_csv, as_json
from reports.pages import index_page, report_page


def as_object(call: Any, answer: Answer, catalogue: Catalogue) -> dict[str, Any]:
    """JSON as it is; CSV and HTML as text: `{"report", "format", "body", "next_cursor"}`."""
    match answer:
        case Page() if answer.request.format == "csv":
            return _in_body(answer, as_csv(answer.table))
        case Page() if answer.request.format == "html":
            return _in_body(answer, report_page(answer, catalogue))
        case Catalogue() if call.get("format") == "html":
            return {"format": "html", "body": index_page(answer)}
    return as_json(answer)


def _in_body(page: Page, body: str) -> dict[str, Any]:
    return {
        "report": page.report.name,
        "format": page.request.format,
        "body": body,
        "next_cursor": page.next_cursor,
    }
