"""What a CloudWatch dashboard sends becomes a call like any other."""

from datetime import UTC, datetime
from typing import Any

import pytest

from reports.widgets import call_of, is_widget, widget_of
from tests.unit.reports.builders import DASHBOARD_REPORTS, NOW


def milliseconds(*at: int) -> int:
    return int(datetime(*at, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc]


def dashboard(params: object, **context: Any) -> dict[str, Any]:
    """An event as a dashboard sends it when it loads."""
    given = params if isinstance(params, dict) else {}
    return {**given, "widgetContext": {"params": params, **context}}


def ranged(report_name: str, start: int, end: int, **params: str) -> dict[str, Any]:
    """The parameters of a call from a dashboard that shows this time."""
    given = {"report": report_name, "params": params}
    event = dashboard(given, timeRange={"start": start, "end": end})
    return dict(call_of(event, DASHBOARD_REPORTS, NOW)["params"])


@pytest.mark.parametrize("event", [{"widgetContext": {}}, {"describe": True}])
def test_a_dashboards_call_is_known_by_its_marks(event: dict[str, Any]) -> None:
    assert is_widget(event)


@pytest.mark.parametrize("event", [{}, {"report": "x"}, {"describe": False}, None, [], "describe"])
def test_any_other_call_is_not_a_dashboards(event: object) -> None:
    assert not is_widget(event)


def test_the_parameters_that_the_widget_was_made_with_are_the_call() -> None:
    event = {"widgetContext": {"params": {"report": "log", "limit": 5, "view": "table"}}}
    assert call_of(event, DASHBOARD_REPORTS, NOW) == {"report": "log", "limit": 5}


def test_a_buttons_call_replaces_the_widgets_parameters() -> None:
    event = {"report": "total", "widgetContext": {"params": {"report": "log", "limit": 5}}}
    assert call_of(event, DASHBOARD_REPORTS, NOW) == {"report": "total"}


def test_a_time_range_covers_whole_days_and_its_end_is_not_included() -> None:
    part = ranged("by_day", milliseconds(2026, 2, 3, 17), milliseconds(2026, 2, 5, 9))
    assert part == {"from": "2026-02-03", "to": "2026-02-06"}


def test_a_time_range_that_ends_at_midnight_ends_there() -> None:
    whole = ranged("by_day", milliseconds(2026, 2, 3), milliseconds(2026, 2, 5))
    assert whole["to"] == "2026-02-05"


def test_a_time_range_keeps_its_milliseconds_where_the_report_takes_times() -> None:
    start = milliseconds(2026, 2, 3, 17) + 250
    assert ranged("log", start, start) == {"from": "2026-02-03T17:00:00.250000Z"}


def test_a_zoomed_time_range_wins() -> None:
    zoom = {"start": milliseconds(2026, 1, 2), "end": milliseconds(2026, 1, 3)}
    around = {"start": milliseconds(2026, 1, 1), "end": milliseconds(2026, 1, 9), "zoom": zoom}
    call = call_of(dashboard({"report": "by_day"}, timeRange=around), DASHBOARD_REPORTS, NOW)
    assert call["params"] == {"from": "2026-01-02", "to": "2026-01-03"}


def test_dates_that_were_given_win_over_the_time_range() -> None:
    start = milliseconds(2026, 1, 1)
    assert ranged("by_day", start, start, **{"from": "2025-05-05"})["from"] == "2025-05-05"


def test_a_time_range_outside_what_the_report_allows_is_cut() -> None:
    cut = ranged("by_day", milliseconds(1999, 1, 1), milliseconds(2030, 1, 1))
    assert cut == {"from": "2020-01-01", "to": "2026-03-02"}


def test_a_report_without_dates_takes_no_time_range() -> None:
    assert "params" not in call_of(
        dashboard({"report": "total"}, timeRange={"start": 0, "end": 1}), DASHBOARD_REPORTS, NOW
    )


@pytest.mark.parametrize(("asked", "width"), [(588, 564), (1, 240), (10**9, 2000), ("x", 600)])
def test_a_chart_is_as_wide_as_its_widget(asked: object, width: int) -> None:
    assert widget_of({"widgetContext": {"width": asked}}).width == width
