"""The dashboard's widgets show the reports that they name."""

from __future__ import annotations

import re
from typing import Any

import pytest

from handlers import reports
from handlers.app import app
from tests.unit.template.test_monitoring import dashboard

WIDGETS = {
    widget["properties"]["title"]: widget["properties"]
    for widget in dashboard()["widgets"]
    if widget["type"] == "custom"
}


class Context:
    """Lambda's context, as far as a widget needs it."""

    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:till-reports"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def shown(widget: dict[str, Any]) -> str:
    """What CloudWatch gets for a widget: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_samples.html"""
    context = {
        "params": widget["params"],
        "width": 600,
        "theme": "light",
        "timeRange": {"start": 1_790_000_000_000, "end": 1_790_500_000_000},
    }
    return str(reports.handler({**widget["params"], "widgetContext": context}, Context()))


def test_the_dashboard_has_the_tills_four_widgets() -> None:
    assert list(WIDGETS) == [
        "Revenue by day",
        "Payments by status",
        "Package mix",
        "Held payments",
    ]


@pytest.mark.parametrize("title", WIDGETS)
def test_a_widget_shows_its_report(
    title: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    html = shown(WIDGETS[title])
    app.close()
    assert ('class="tokentill' in html, problem_in(html)) == (True, None)


def test_a_widget_of_no_report_says_so(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    html = shown({"params": {"report": "revenue_by_year"}})
    app.close()
    assert problem_in(html) == "unknown_report"


def problem_in(html: str) -> str | None:
    """The code of the problem that a widget shows, if it shows one."""
    found = re.search(r"<p><b>(\w+)</b>", html)
    return found and found[1]
