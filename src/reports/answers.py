"""Answers a call: finds the report, binds its parameters, reads a page, says where it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from reports.cursors import cursor_after, keys_after
from reports.declaration import Report, Reports, Sort
from reports.parameters import Arguments, bind
from reports.problems import Problem
from reports.queries import (
    MAX_SUMMARY_ROWS,
    Query,
    list_query,
    summary_query,
    whole_query,
)
from reports.requests import ReportRequest, read_request


@dataclass(frozen=True)
class Table:
    """What the database answered, in its own types."""

    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class ResultPage:
    """One page of a list, or a whole summary. `next_cursor` is null when nothing follows."""

    report: Report
    table: Table
    next_cursor: str | None
    request: ReportRequest
    arguments: Arguments


@dataclass(frozen=True)
class Exported:
    """A whole result as a CSV file: where to fetch it, until when, and how much it is."""

    report: str
    url: str
    expires_at: datetime
    rows: int
    size_bytes: int


Answer = Reports | ResultPage | Exported | Problem


class ReportStore(Protocol):
    """Where reports are declared and read."""

    @property
    def reports(self) -> Reports: ...

    def read(self, query: Query) -> Table | Problem:
        """Run one query, read-only; `unavailable`, `too_slow` or `report_failed` if it cannot."""
        ...

    def export(self, query: Query) -> Exported | Problem:
        """Write the whole result of a query to a file; the same problems, and
        `export_not_configured` or `export_failed`."""
        ...


def answer(call: object, store: ReportStore, now: datetime) -> Answer:
    """All reports when none is named, else a page of the one that is, or why there is none.

    :param call: `{"report", "params", "limit", "cursor", "format", "export"}`, or whatever came
        instead. Other ways of calling are translated into this one.
    :param now: what relative dates are relative to.
    """
    request = read_request(call)
    if isinstance(request, Problem):
        return request
    if request.report is None:
        return store.reports
    report = store.reports.find(request.report)
    if isinstance(report, Problem):
        return report
    arguments = bind(report.parameters, request.params, now)
    if isinstance(arguments, Problem):
        return arguments
    if request.export:
        return store.export(whole_query(report, arguments))
    if report.sort is None:
        return answer_summary(request, report, arguments, store)
    return answer_list(request, report, report.sort, arguments, store)


def answer_summary(
    request: ReportRequest, report: Report, arguments: Arguments, store: ReportStore
) -> ResultPage | Problem:
    if request.cursor is not None:
        return Problem("bad_cursor", f"{report.name} is answered whole; it takes no cursor.")
    table = store.read(summary_query(report, arguments))
    if isinstance(table, Problem):
        return table
    if len(table.rows) > MAX_SUMMARY_ROWS:
        return Problem(
            "too_many_rows",
            f"{report.name} has over {MAX_SUMMARY_ROWS} rows. Narrow it with its parameters.",
        )
    return ResultPage(report, table, None, request, arguments)


def answer_list(
    request: ReportRequest, report: Report, sort: Sort, arguments: Arguments, store: ReportStore
) -> ResultPage | Problem:
    after = None
    if request.cursor is not None:
        after = keys_after(report, sort, arguments, request.cursor)
    if isinstance(after, Problem):
        return after
    table = store.read(list_query(report, sort, arguments, after, request.limit))
    if isinstance(table, Problem):
        return table
    if len(table.rows) <= request.limit:
        return ResultPage(report, table, None, request, arguments)
    rows = table.rows[: request.limit]
    cursor = cursor_after(report, sort, arguments, rows[-1])
    return ResultPage(report, Table(table.columns, rows), cursor, request, arguments)
