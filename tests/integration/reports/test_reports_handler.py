"""The reports' handler as ops call it: every report that was promised, described and sound."""

from handlers import reports
from handlers.app import app
from tests.integration.reports.books import Books


def test_every_report_is_described_in_words(books: Books) -> None:
    assert all(entry["title"] and entry["description"] for entry in books.asked()["reports"])


def test_every_report_has_the_columns_that_it_draws_and_sorts_by(books: Books) -> None:
    for report in app.once(reports.the_reports).reports.by_name.values():
        required = {each.name: each.example for each in report.parameters if each.required}
        columns = set(books.asked(report.name, params=required)["columns"])
        sorted_by = [key.column for key in report.sort.keys] if report.sort else []
        drawn = [*report.chart.values, report.chart.labels] if report.chart else []
        assert columns.issuperset([*sorted_by, *drawn]), report.name


def test_every_report_that_was_promised_is_there(books: Books) -> None:
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
