"""An HTTP request for reports, whichever payload format API Gateway sends it in."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from handlers.http import mapping, request_of
from reports.requests import EXACTLY

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


def report_request_of(event: Mapping[str, Any]) -> ReportRequest:
    """Reads payload formats 2.0 and 1.0. Blank query parameters are as good as none: a form sends
    every field it has."""
    pairs = list(_pairs(event))
    times = Counter(name for name, _ in pairs)
    request = request_of(event)
    return ReportRequest(
        method=request.method or "GET",
        name=_name(event),
        query={name: value for name, value in pairs if value},
        repeated=next((name for name, given in times.items() if given > 1), None),
        accept=request.header("accept"),
        if_none_match=request.header("if-none-match"),
    )


def _name(event: Mapping[str, Any]) -> str | None:
    """The path parameter of the route, else what follows `reports` in the path."""
    if name := mapping(event.get("pathParameters")).get("name"):
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
    """Format 2.0 joins what is repeated with commas, so there the raw query is read. Bytes that
    are no UTF-8 become halves of surrogate pairs, which no parameter takes."""
    if raw := event.get("rawQueryString"):
        return parse_qsl(str(raw), keep_blank_values=True, errors="surrogateescape")
    several = mapping(event.get("multiValueQueryStringParameters"))
    single = mapping(event.get("queryStringParameters"))
    return [
        (str(name), "" if value is None else str(value))
        for name, values in (several or single).items()
        for value in (values if isinstance(values, list) else [values])
    ]
