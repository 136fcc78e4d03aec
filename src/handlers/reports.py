"""Answers everybody who asks for a report: functions and ops, HTTP clients, dashboards."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.report_queries import Reports
from adapters.telemetry import Telemetry
from handlers import report_http
from handlers.app import App, app
from handlers.http import is_http
from handlers.report_requests import report_request_of
from reports.answers import Source, answer
from reports.direct import as_object
from reports.problems import Problem
from reports.widget_calls import asks_to_describe, call_of, is_widget, widget_of
from reports.widgets import documentation, widget_html

telemetry = Telemetry("reports")


def the_reports(app: App) -> Reports:
    """Not on the connection of the writes: where one process serves everything, a delivery must not
    find itself in the read-only transaction of a report."""
    settings = app.settings
    replica = settings.database_read_url
    address = replace(settings.database, url=replica) if replica else settings.database
    return Reports(app.connection_of_its_own(address), settings.reports_export_bucket)


_FAILED = Problem("unavailable", "The reports cannot be read at the moment. Try again shortly.")


def handler(event: Any, context: Any) -> dict[str, Any] | str:
    """Answer a call by its kind.

    - Directly, `{"report", "params", "limit", "cursor", "format", "export"}`: `{"report",
      "columns", "rows", "next_cursor"}`; without a report the catalogue, `{"reports": [...]}`;
      for anything that cannot be answered `{"error": {"code", "message"}}`.
    - From API Gateway, payload format 2.0 or 1.0: a response with `statusCode`.
    - From a CloudWatch dashboard: HTML, or Markdown for `{"describe": true}`.
    """
    source = app.once(the_reports).within(lambda: _seconds_left(context))
    now = datetime.now(UTC)
    with telemetry.invocation():
        if is_http(event):
            return _over_http(event, source, now)
        if is_widget(event):
            return _for_dashboard(event, context, source, now)
        return _directly(event, source, now)


def _directly(event: Any, source: Source, now: datetime) -> dict[str, Any]:
    try:
        return as_object(event, answer(event, source, now), source.catalogue)
    except Exception as error:
        telemetry.failure("report failed", error)
        return as_object(event, _FAILED, source.catalogue)


def _over_http(event: Mapping[str, Any], source: Source, now: datetime) -> dict[str, Any]:
    request = report_request_of(event)
    try:
        return report_http.answered(request, source, now)
    except Exception as error:
        telemetry.failure("report failed", error)
        return report_http.failed(request, _FAILED, source)


def _for_dashboard(event: dict[str, Any], context: Any, source: Source, now: datetime) -> str:
    if asks_to_describe(event):
        return documentation(source.catalogue)
    widget, arn = widget_of(event), str(getattr(context, "invoked_function_arn", ""))
    try:
        call = call_of(event, source.catalogue, now)
        return widget_html(answer(call, source, now), widget, arn)
    except Exception as error:
        telemetry.failure("report failed", error)
        return widget_html(_FAILED, widget, arn)


def _seconds_left(context: Any) -> float:
    """Until Lambda ends this invocation; without a context there is no end."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return float("inf") if remaining is None else float(remaining()) / 1000
