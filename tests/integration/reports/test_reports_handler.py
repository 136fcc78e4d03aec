"""The reports' handler as ops call it, with good input and with any other."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers import reports
from handlers.app import app
from tests.integration.reports.books import Books

_TEXT = st.text(st.characters(codec=None)) | st.sampled_from(
    ["\0", "\ud800", "'; DROP TABLE users"]
)
_VALUE = st.none() | st.booleans() | st.integers() | st.floats() | _TEXT | st.lists(_TEXT)
_REPORTS = ["payments_for_user", "recent_payments", "total_revenue", "ledger_audit"]


def test_the_catalogue_describes_every_report_with_a_call(books: Books) -> None:
    catalogue = books.asked()["reports"]
    assert {entry["name"] for entry in catalogue} >= {*_REPORTS, "payments_by_package"}
    assert all(entry["title"] and entry["description"] for entry in catalogue)


def test_bad_input_is_an_error_and_not_an_exception(books: Books) -> None:
    assert books.asked("payments_for_user")["error"]["code"] == "bad_parameter"


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    report=st.sampled_from(_REPORTS),
    fields=st.fixed_dictionaries(
        {},
        optional={
            "params": st.dictionaries(st.just("user_id") | _TEXT, _VALUE) | _VALUE,
            "limit": st.integers(1, 1000) | _VALUE,
            "cursor": _VALUE,
            "format": _VALUE,
        },
    ),
)
def test_any_input_is_answered_from_the_database_too(
    books: Books, report: str, fields: dict[str, Any]
) -> None:
    answered = books.asked(report, **fields)
    assert json.dumps(answered, allow_nan=False)
    assert answered.get("error", {}).get("code") not in {"report_failed", "unavailable", "too_slow"}


def test_every_report_has_the_columns_that_it_draws_and_sorts_by(books: Books) -> None:
    for report in app.once(reports.the_reports).catalogue.reports.values():
        required = {each.name: each.example for each in report.parameters if each.required}
        columns = set(books.asked(report.name, params=required)["columns"])
        sorted_by = [key.column for key in report.sort.keys] if report.sort else []
        drawn = [*report.chart.values, report.chart.labels] if report.chart else []
        assert columns.issuperset([*sorted_by, *drawn]), report.name


def test_the_catalogue_has_all_the_names_that_were_promised(books: Books) -> None:
    assert {entry["name"] for entry in books.asked()["reports"]} >= {
        "payments_for_user",
        "total_revenue",
        "payments_by_package",
        "recent_payments",
        "revenue_by_day",
        "revenue_by_currency",
        "payments_by_status",
        "payments_by_method",
        "refunds_and_disputes",
        "held_payments",
        "pending_payments",
        "top_customers",
        "user_timeline",
        "event_log",
        "ledger_audit",
    }
