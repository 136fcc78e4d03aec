"""What a client gets over HTTP: a status, headers that keep personal data safe, and a body."""

import hashlib
import json
from typing import Any
from urllib.parse import urlencode

from handlers.report_requests import ReportRequest
from reports.answers import Answer, Page, Source
from reports.declaration import Catalogue
from reports.formats import as_csv, as_json
from reports.pages import index_page, problem_page, report_page
from reports.problems import Problem, ProblemCode
from reports.style import CONTENT_SECURITY_POLICY

Response = dict[str, Any]

_STATUSES: dict[ProblemCode, int] = {
    "unknown_report": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "report_failed": 500,
    "unavailable": 503,
    "too_slow": 503,
}
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "vary": "accept",
}
# Reports hold personal data: nothing between here and the reader may keep a copy.
_NOT_KEPT = {"cache-control": "no-store"}


def response_of(request: ReportRequest, result: Answer, format_: str, source: Source) -> Response:
    """The response for both payload formats of API Gateway."""
    match result:
        case Problem():
            return _problem(request, result, format_, source)
        case Catalogue():
            return _index(request, result, format_)
        case Page():
            return _page(request, result, format_, source)
    return _json(200, as_json(result), _NOT_KEPT)


def _page(request: ReportRequest, page: Page, format_: str, source: Source) -> Response:
    headers = dict(_NOT_KEPT)
    if page.next_cursor is not None:
        query = urlencode({**request.query, "cursor": page.next_cursor}, errors="replace")
        headers["link"] = f'<?{query}>; rel="next"'
    if format_ == "csv":
        headers["content-disposition"] = f'attachment; filename="{page.report.name}.csv"'
        return _made(200, "text/csv; charset=utf-8; header=present", as_csv(page.table), headers)
    if format_ == "html":
        return _html(200, report_page(page, source.catalogue), headers)
    return _json(200, as_json(page), headers)


def _index(request: ReportRequest, catalogue: Catalogue, format_: str) -> Response:
    """The catalogue is the same for everybody until the next deployment, so it may be kept if the
    client asks each time whether it still holds."""
    headers = {"cache-control": "private, no-cache"}
    if format_ == "html":
        made = _html(200, index_page(catalogue), headers)
    else:
        made = _json(200, as_json(catalogue), headers)
    etag = f'"{hashlib.sha256(made["body"].encode()).hexdigest()[:32]}"'
    made["headers"]["etag"] = etag
    known = [each.strip().removeprefix("W/") for each in request.if_none_match.split(",")]
    if etag in known:
        return {**made, "statusCode": 304, "body": ""}
    return made


def _problem(request: ReportRequest, problem: Problem, format_: str, source: Source) -> Response:
    status = _STATUSES.get(problem.code, 400)
    headers = dict(_NOT_KEPT)
    if problem.code == "method_not_allowed":
        headers["allow"] = "GET, HEAD"
    if problem.code == "unavailable":
        headers["retry-after"] = "10"
    if format_ == "html":
        page = problem_page(problem, source.catalogue, request.name, request.query)
        return _html(status, page, headers)
    return _json(status, as_json(problem), headers)


def _json(status: int, body: dict[str, Any], headers: dict[str, str]) -> Response:
    return _made(status, "application/json", json.dumps(body), headers)


def _html(status: int, body: str, headers: dict[str, str]) -> Response:
    return _made(status, "text/html; charset=utf-8", body, headers)


def _made(status: int, content_type: str, body: str, headers: dict[str, str]) -> Response:
    return {
        "statusCode": status,
        "headers": {"content-type": content_type, **_ALWAYS, **headers},
        "body": body,
    }
