"""An HTTP request for reports, whichever payload format API Gateway sends it in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from domain.reports.requests import EXACTLY
from handlers.api_gateway import request_of

_ROOT = "reports"


@dataclass(frozen=True)
class ReportRequest:
    """What a client asks for. `name` is None for the index; `repeated` names a query parameter
    that was given more than once."""

    method: str
    name: str | None
    query: Mapping[str, str]
    repeated: str | None
    accept: str
    if_none_match: str


def is_http(event: object) -> bool:
    """Whether API Gateway sent this: both formats say where it came from."""
    return isinstance(event, dict) and isinstance(event.get("requestContext"), dict)


def report_request_of(event: Mapping[str, Any]) -> ReportRequest:
    """Reads payload formats 2.0 and 1.0. Blank query parameters are as good as none: a form sends
    every field it has."""
    pairs = list(_pairs(event))
    names = [name for name, _ in pairs]
    headers = request_of(event)
    return ReportRequest(
        method=_method(event),
        name=_name(event),
        query={name: value for name, value in pairs if value},
        repeated=next((name for name in names if names.count(name) > 1), None),
        accept=headers.header("accept"),
        if_none_match=headers.header("if-none-match"),
    )


def _method(event: Mapping[str, Any]) -> str:
    http = event["requestContext"].get("http") or {}
    return str(event.get("httpMethod") or http.get("method") or "GET").upper()


def _name(event: Mapping[str, Any]) -> str | None:
    """The path parameter of the route, else what follows `reports` in the path."""
    if name := (event.get("pathParameters") or {}).get("name"):
        return str(name)
    path = str(event.get("rawPath") or event.get("path") or "")
    _, _, below = path.partition(f"/{_ROOT}")
    return unquote(below.strip("/")) or None


def _pairs(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in _query(event):
        if name == EXACTLY:
            yield from parse_qsl(value, keep_blank_values=True)
        else:
            yield name, value


def _query(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Format 2.0 joins what is repeated with commas, so there the raw query is read."""
    if raw := event.get("rawQueryString"):
        return parse_qsl(str(raw), keep_blank_values=True)
    if several := event.get("multiValueQueryStringParameters"):
        return [(name, str(value)) for name, values in several.items() for value in values or ()]
    return [
        (name, str(value)) for name, value in (event.get("queryStringParameters") or {}).items()
    ]
