"""Answers everybody who asks for a report: functions and ops, HTTP clients, dashboards."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from adapters.report_queries import PostgresReports
from adapters.telemetry import Telemetry
from handlers.app import App, app
from handlers.http import Request, is_http, mapping, query_of, request_of, response
from reports.answers import Answer, ReportStore, ResultPage, answer
from reports.declaration import Reports
from reports.formats import MEDIA_TYPES, as_csv, as_json, preferred
from reports.pages import CONTENT_SECURITY_POLICY, index_page, problem_page, report_page
from reports.problems import Problem, ProblemCode, shown
from reports.requests import EXACTLY
from reports.widgets import (
    asks_to_describe,
    call_of,
    documentation,
    is_widget,
    widget_html,
    widget_of,
)

telemetry = Telemetry("reports")

Response = dict[str, Any]

_FAILED = Problem("unavailable", "The reports cannot be read at the moment. Try again shortly.")

_STATUSES: dict[ProblemCode, int] = {
    "unknown_report": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "report_failed": 500,
    "unavailable": 503,
    "too_slow": 503,
}
# Reports hold personal data: nothing between here and the reader may keep a copy, or look in.
_ALWAYS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "vary": "accept",
}
_HTML = {"content-type": "text/html; charset=utf-8"}
_CSV = {"content-type": "text/csv; charset=utf-8; header=present"}


def the_reports(app: App) -> PostgresReports:
    """Not on the connection of the writes: where one process serves everything, a delivery must not
    find itself in the read-only transaction of a report."""
    settings = app.settings
    replica = settings.database_read_url
    address = replace(settings.database, url=replica) if replica else settings.database
    return PostgresReports(app.connection_of_its_own(address), settings.reports_export_bucket)


def handler(event: Any, context: Any) -> dict[str, Any] | str:
    """Answer a call by its kind.

    - Directly, `{"report", "params", "limit", "cursor", "format", "export"}`: `{"report",
      "columns", "rows", "next_cursor"}`; without a report the list of them, `{"reports": [...]}`;
      for anything that cannot be answered `{"error": {"code", "message"}}`.
    - From API Gateway, payload format 2.0 or 1.0: a response with `statusCode`.
    - From a CloudWatch dashboard: HTML, or Markdown for `{"describe": true}`.
    """
    store = app.once(the_reports).within(lambda: _seconds_left(context))
    now = datetime.now(UTC)
    with telemetry.invocation(context):
        if is_http(event):
            return answer_http(event, store, now)
        if is_widget(event):
            return answer_dashboard(event, context, store, now)
        return answer_directly(event, store, now)


def _seconds_left(context: Any) -> float:
    """Until Lambda ends this invocation; without a context there is no end."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return float("inf") if remaining is None else float(remaining()) / 1000


def answer_directly(event: Any, store: ReportStore, now: datetime) -> dict[str, Any]:
    try:
        return as_object(event, answer(event, store, now), store.reports)
    except Exception as error:
        telemetry.failure("report failed", error)
        return as_json(_FAILED)


def as_object(call: Any, answer: Answer, reports: Reports) -> dict[str, Any]:
    """JSON as it is; CSV and HTML as text: `{"report", "format", "body", "next_cursor"}`."""
    match answer:
        case Reports() if call.get("format") == "html":
            return {"format": "html", "body": index_page(answer)}
        case ResultPage() if answer.request.format != "json":
            is_csv = answer.request.format == "csv"
            return {
                "report": answer.report.name,
                "format": answer.request.format,
                "body": as_csv(answer.table) if is_csv else report_page(answer, reports),
                "next_cursor": answer.next_cursor,
            }
    return as_json(answer)


def answer_dashboard(event: dict[str, Any], context: Any, store: ReportStore, now: datetime) -> str:
    if asks_to_describe(event):
        return documentation(store.reports)
    widget, arn = widget_of(event), str(getattr(context, "invoked_function_arn", ""))
    try:
        call = call_of(event, store.reports, now)
        return widget_html(answer(call, store, now), widget, arn)
    except Exception as error:
        telemetry.failure("report failed", error)
        return widget_html(_FAILED, widget, arn)


@dataclass(frozen=True)
class Asked:
    """What an HTTP request asks for. `name` is None for the list of all reports; `repeated` names a
    query parameter that was given more than once. `format` is the one that is named, whatever it
    is, else the one of `formats` that is liked best; None if none of them is."""

    request: Request
    name: str | None
    query: Mapping[str, str]
    repeated: str | None
    formats: tuple[str, ...]
    format: str | None


def asked_of(event: Mapping[str, Any]) -> Asked:
    """Reads payload formats 2.0 and 1.0. The name is the path parameter of the route, else what
    follows `reports` in the path. Blank query parameters are as good as none: a form sends every
    field it has."""
    request, pairs = request_of(event), list(_pairs(event))
    _, _, below = str(event.get("rawPath") or event.get("path") or "").partition("/reports")
    named = mapping(event.get("pathParameters")).get("name")
    name = str(named) if named else unquote(below.strip("/")) or None
    query = {name: value for name, value in pairs if value}
    times = Counter(name for name, _ in pairs)
    # Browsers put text/html first in Accept; who takes anything, like curl, gets JSON.
    formats = ("json", "html") if name is None else ("json", "html", "csv")
    return Asked(
        request=request,
        name=name,
        query=query,
        repeated=next((name for name, given in times.items() if given > 1), None),
        formats=formats,
        format=query.get("format") or preferred(request.header("accept"), formats),
    )


def _pairs(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in query_of(event):
        if name == EXACTLY:
            yield from parse_qsl(value, keep_blank_values=True)
        else:
            yield name, value


def answer_http(event: Mapping[str, Any], store: ReportStore, now: datetime) -> Response:
    asked = asked_of(event)
    try:
        call = call_from(asked)
        result = call if isinstance(call, Problem) else answer(call, store, now)
        match result:
            case Problem():
                return problem_response(asked, result, store.reports)
            case Reports():
                return index_response(asked, result)
            case ResultPage():
                return page_response(asked, result, store.reports)
        return response(200, as_json(result), _ALWAYS)
    except Exception as error:
        telemetry.failure("report failed", error)
        return problem_response(asked, _FAILED, store.reports)


def call_from(asked: Asked) -> dict[str, Any] | Problem:
    """The same call as a direct invocation would be; a text says no more than an address does."""
    if asked.request.method not in ("GET", "HEAD", ""):
        return Problem("method_not_allowed", "Reports are read with GET.")
    if asked.format is None:
        return Problem(
            "not_acceptable",
            f"There is {', '.join(MEDIA_TYPES[each] for each in asked.formats)}."
            " Accept one of them, or add format= to the address.",
        )
    if asked.repeated is not None:
        return Problem("bad_request", f"{shown(asked.repeated)} is given more than once.")
    if "export" in asked.query:
        return Problem(
            "bad_export", "Exports are made by invoking the function, not over HTTP; see limit."
        )
    params = dict(asked.query)
    params.pop("format", None)
    call: dict[str, Any] = {"report": asked.name, "format": asked.format}
    call |= {field: params.pop(field) for field in ("limit", "cursor") if field in params}
    limit = call.get("limit", "")
    if limit.isascii() and limit.isdigit() and len(limit) < 10:
        call["limit"] = int(limit)
    return call | ({"params": params} if params else {})


def problem_response(asked: Asked, problem: Problem, reports: Reports) -> Response:
    status, headers = _STATUSES.get(problem.code, 400), dict(_ALWAYS)
    if problem.code == "method_not_allowed":
        headers["allow"] = "GET, HEAD"
    if problem.code == "unavailable":
        headers["retry-after"] = "10"
    readable = ("json", "html")
    accepted = preferred(asked.request.header("accept"), readable)
    if (asked.format if asked.format in readable else accepted) == "html":
        page = problem_page(problem, reports, asked.name, asked.query)
        return response(status, page, headers | _HTML)
    return response(status, as_json(problem), headers)


def index_response(asked: Asked, reports: Reports) -> Response:
    """The list of reports is the same for everybody until the next deployment, so it may be kept if
    the client asks each time whether it still holds."""
    headers = _ALWAYS | {"cache-control": "private, no-cache"}
    if asked.format == "html":
        made = response(200, index_page(reports), headers | _HTML)
    else:
        made = response(200, as_json(reports), headers)
    etag = f'"{hashlib.sha256(made["body"].encode()).hexdigest()[:32]}"'
    made["headers"]["etag"] = etag
    known = [
        each.strip().removeprefix("W/") for each in asked.request.header("if-none-match").split(",")
    ]
    return {**made, "statusCode": 304, "body": ""} if etag in known else made


def page_response(asked: Asked, page: ResultPage, reports: Reports) -> Response:
    headers = dict(_ALWAYS)
    if page.next_cursor is not None:
        query = urlencode({**asked.query, "cursor": page.next_cursor}, errors="replace")
        headers["link"] = f'<?{query}>; rel="next"'
    match page.request.format:
        case "csv":
            headers["content-disposition"] = f'attachment; filename="{page.report.name}.csv"'
            return response(200, as_csv(page.table), headers | _CSV)
        case "html":
            return response(200, report_page(page, reports), headers | _HTML)
    return response(200, as_json(page), headers)
