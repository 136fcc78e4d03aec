"""Reports over HTTP: a URL becomes a call, and the answer JSON, CSV or a page."""

from datetime import datetime
from typing import Any

from handlers.report_requests import ReportRequest
from handlers.report_responses import response_of
from reports.answers import Source, answer
from reports.formats import MEDIA_TYPES, preferred
from reports.problems import Problem, shown
from reports.requests import FORMATS

# Browsers put text/html first in Accept; who takes anything, like curl, gets JSON.
_REPORT_FORMATS = ("json", "html", "csv")
_INDEX_FORMATS = ("json", "html")


def answered(request: ReportRequest, source: Source, now: datetime) -> dict[str, Any]:
    """The response for both payload formats. Problems become 400, 404, 405, 406, 500 or 503."""
    format_ = _format(request)
    if isinstance(format_, Problem):
        return response_of(request, format_, _problem_format(request), source)
    call = _call(request, format_)
    result = call if isinstance(call, Problem) else answer(call, source, now)
    if isinstance(result, Problem) and format_ == "csv":
        format_ = _problem_format(request)
    return response_of(request, result, format_, source)


def failed(request: ReportRequest, problem: Problem, source: Source) -> dict[str, Any]:
    """The response when something broke that nobody expected."""
    return response_of(request, problem, _problem_format(request), source)


def _format(request: ReportRequest) -> str | Problem:
    if request.method not in ("GET", "HEAD"):
        return Problem("method_not_allowed", "Reports are read with GET.")
    if (named := request.query.get("format")) is not None:
        if named in FORMATS:
            return named
        return Problem("bad_format", f"format must be {' or '.join(FORMATS)}; got {shown(named)}.")
    formats = _INDEX_FORMATS if request.name is None else _REPORT_FORMATS
    return preferred(request.accept, formats) or Problem(
        "not_acceptable",
        f"There is {', '.join(MEDIA_TYPES[each] for each in formats)}."
        " Accept one of them, or add format= to the address.",
    )


def _problem_format(request: ReportRequest) -> str:
    return preferred(request.accept, _INDEX_FORMATS) or "json"


def _call(request: ReportRequest, format_: str) -> dict[str, Any] | Problem:
    """The same call as a direct invocation would be; a text says no more than an address does."""
    if request.repeated is not None:
        return Problem("bad_request", f"{shown(request.repeated)} is given more than once.")
    if "export" in request.query:
        return Problem(
            "bad_export", "Exports are made by invoking the function, not over HTTP; see limit."
        )
    query = dict(request.query)
    query.pop("format", None)
    call: dict[str, Any] = {"report": request.name, "format": format_}
    for field in ("limit", "cursor"):
        if field in query:
            call[field] = query.pop(field)
    if "limit" in call:
        call["limit"] = _whole(call["limit"])
    return call | ({"params": query} if query else {})


def _whole(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
