"""Measures reports through the adapter that serves them."""

import hashlib
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adapters.connecting import connect
from adapters.postgres import Database
from adapters.report_queries import PostgresReports
from reports.answers import ResultPage, answer

RUNS = 40
# Far enough into a list to tell a page that is found by its key from one that is counted to.
PAGES_IN = 20
SUMMARY_LIMIT_MS = 50
LIST_LIMIT_MS = 20
WHOLE = 0
# The payment that generate_payments.sql makes first.
A_PAYMENT = "pay_" + hashlib.md5(b"pay1", usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Call:
    """One call of a report; `limit_ms` is what it may take, 0 when it reads everything."""

    report: str
    params: Mapping[str, str] = field(default_factory=dict)
    limit_ms: int = LIST_LIMIT_MS
    deep: bool = False

    @property
    def label(self) -> str:
        params = ", ".join(f"{name} {value[:20]}" for name, value in self.params.items())
        return f"{self.report}{f' ({params})' if params else ''}{', far in' if self.deep else ''}"


@dataclass(frozen=True)
class Timing:
    """Milliseconds of one call, over many runs."""

    call: Call
    median_ms: float
    p95_ms: float
    rows: int


SUMMARIES = (
    Call("total_revenue", limit_ms=SUMMARY_LIMIT_MS),
    Call("payments_by_package", limit_ms=SUMMARY_LIMIT_MS),
    Call("revenue_by_day", limit_ms=SUMMARY_LIMIT_MS),
    Call("revenue_by_day", {"from": "729 days ago"}, limit_ms=SUMMARY_LIMIT_MS),
    Call("revenue_by_currency", limit_ms=SUMMARY_LIMIT_MS),
    Call("payments_by_status", limit_ms=SUMMARY_LIMIT_MS),
    Call("payments_by_method", limit_ms=SUMMARY_LIMIT_MS),
)
LISTS = tuple(
    Call(report, params, deep=deep)
    for report, params in (
        ("payments_for_user", {"user_id": "user_1"}),
        ("user_timeline", {"user_id": "user_1"}),
        ("recent_payments", {}),
        ("refunds_and_disputes", {}),
        ("held_payments", {}),
        ("held_payments", {"held_reason": "package_mismatch"}),
        ("pending_payments", {}),
        ("top_customers", {}),
        ("event_log", {}),
        ("event_log", {"outcome": "ignored"}),
        ("event_log", {"source": "operations"}),
        ("event_log", {"payment_id": A_PAYMENT}),
    )
    for deep in (False, True)
)
AUDITS = (
    Call("ledger_audit", {"from_user": "user_77", "to_user": "user_77"}, WHOLE),
    Call("ledger_audit", {"from_user": "user_77", "to_user": "user_779"}, WHOLE),
    Call("ledger_audit", limit_ms=WHOLE),
    Call("rollup_audit", {"from": "60 days ago", "to": "30 days ago"}, WHOLE),
    Call("rollup_audit", limit_ms=WHOLE),
    Call("customers_audit", {"from_user": "user_77", "to_user": "user_779"}, WHOLE),
    Call("customers_audit", limit_ms=WHOLE),
)


def measured(url: str) -> list[Timing]:
    """The time of every call on the database at `url`."""
    database = Database(lambda: connect(url))
    reports = PostgresReports(database, statement_timeout_ms=600_000)
    try:
        return [_timing(reports, call) for call in (*SUMMARIES, *LISTS, *AUDITS)]
    finally:
        database.close()


def _timing(reports: PostgresReports, call: Call) -> Timing:
    request = {"report": call.report, "params": dict(call.params)}
    if call.deep:
        request["cursor"] = _cursor_far_in(reports, request)
    runs = [_run(reports, request) for _ in range(1 if call.limit_ms == WHOLE else RUNS)]
    times = sorted(seconds * 1000 for seconds, _ in runs)
    return Timing(call, statistics.median(times), times[int(0.95 * len(times))], runs[0][1])


def _run(reports: PostgresReports, request: Mapping[str, Any]) -> tuple[float, int]:
    started = time.perf_counter()
    page = _page(reports, request)
    return time.perf_counter() - started, len(page.table.rows)


def _cursor_far_in(reports: PostgresReports, request: Mapping[str, Any]) -> str | None:
    """Where the twentieth page of a thousand begins, or the last page when there are fewer."""
    cursor = None
    for _ in range(PAGES_IN):
        page = _page(reports, {**request, "limit": 1000, "cursor": cursor})
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    return cursor


def _page(reports: PostgresReports, request: Mapping[str, Any]) -> ResultPage:
    page = answer(request, reports, datetime.now(UTC))
    if not isinstance(page, ResultPage):
        raise SystemExit(f"{request}: {page}")
    return page
