"""CloudWatch dashboards: their calls are like any other, and they get HTML that they accept."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.answers import answer
from reports.parameters import Argument
from reports.problems import Problem
from reports.widgets import Widget, call_of, documentation, is_widget, widget_html, widget_of
from tests.unit.reports.builders import (
    DASHBOARD_REPORTS,
    NOW,
    FakeStore,
    report,
    report_file,
    table,
)
from tests.unit.reports.pictures import Reader, bars, page

_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:reports"
_TABLE = Widget("table", "light", 600)
_CHART = Widget("chart", "light", 600)


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


def actions(html: str) -> list[tuple[str, dict[str, Any]]]:
    """The buttons' ways to show their answer, and their calls."""
    found = re.findall(
        r'<cwdb-action action="call" endpoint="([^"]+)" display="(\w+)">(.*?)<', html
    )
    assert {endpoint for endpoint, _, _ in found} <= {_ARN}
    return [(display, json.loads(call)) for _, display, call in found]


def test_a_page_offers_the_next_one_with_everything_that_leads_there() -> None:
    listed = report("param x: text", "sort: n integer asc", statement="SELECT 1 AS n, %(x)s AS x")
    shown = page({"n": 1}, of=listed, arguments={"x": Argument("a", "a")}, next_cursor="abc")
    [(display, call)] = actions(widget_html(shown, _TABLE, _ARN))
    assert display == "widget"
    assert call == {
        "report": "a_report",
        "params": {"x": "a"},
        "view": "table",
        "limit": 50,
        "cursor": "abc",
    }


def test_a_later_page_leads_back_to_the_first() -> None:
    listed = report("sort: n integer asc", statement="SELECT 1 AS n")
    [(_, call)] = actions(widget_html(page({"n": 1}, of=listed, cursor="abc"), _TABLE, _ARN))
    assert "cursor" not in call


def test_a_user_opens_the_timeline_in_a_popup() -> None:
    hostile = "</cwdb-action><script>&amp;"
    [(display, call)] = actions(widget_html(page({"user_id": hostile}), _TABLE, _ARN))
    assert display == "popup"
    assert call["params"] == {"user_id": hostile}


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_a_user_of_any_id_opens_that_users_timeline(user_id: str) -> None:
    [(_, call)] = actions(widget_html(page({"user_id": user_id}), _TABLE, _ARN))
    assert call == {"report": "user_timeline", "params": {"user_id": user_id}}


def test_there_are_no_buttons_without_a_function_to_call() -> None:
    html = widget_html(page({"user_id": "u"}, next_cursor="abc"), _TABLE, "")
    assert "cwdb-action" not in html


def test_a_chart_is_shown_unless_a_table_is_asked_for() -> None:
    assert "<svg" in widget_html(bars(paid=1), _CHART, _ARN)
    assert "<svg" not in widget_html(bars(paid=1), _TABLE, _ARN)


def test_a_problem_is_told_and_escaped() -> None:
    html = widget_html(Problem("bad_request", "<script>"), _TABLE, _ARN)
    assert "<b>bad_request</b>: &lt;script&gt;" in html


@pytest.mark.parametrize("shown", [page({"a": "<script>x</script>"}), bars(**{"<script>": 1})])
def test_a_widget_holds_nothing_that_dashboards_forbid(shown: Any) -> None:
    for widget in (_TABLE, _CHART):
        html = widget_html(shown, widget, _ARN)
        assert not re.search(r"<(script|iframe|use|object|link)\b|\son\w+=|javascript:", html)


def test_a_widgets_style_keeps_to_the_widget() -> None:
    [style] = re.findall(
        r"<style>(.*?)</style>", widget_html(bars(paid=1), _CHART, _ARN), re.DOTALL
    )
    rules = [line for line in style.split("}") if "{" in line]
    assert all(rule.strip().startswith(".tokentill.light") for rule in rules)


def test_the_documentation_names_every_report_and_its_parameters() -> None:
    text = documentation(DASHBOARD_REPORTS)
    assert "| `by_day` | A report | `from`, `to` |" in text
    assert "``` yaml" in text


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    context=st.fixed_dictionaries(
        {},
        optional={
            "params": st.fixed_dictionaries(
                {}, optional={"report": st.sampled_from(["by_day", "log"]), "params": _ANYTHING}
            )
            | _ANYTHING,
            "timeRange": st.fixed_dictionaries(
                {}, optional={"start": st.integers(), "end": st.integers(), "zoom": _ANYTHING}
            )
            | _ANYTHING,
            "width": _ANYTHING,
            "theme": _ANYTHING,
        },
    )
    | _ANYTHING
)
def test_any_context_is_answered(context: Any) -> None:
    event = {"widgetContext": context}
    store = FakeStore({"by_day": report_file()}, table({"n": 1}))
    answered = answer(call_of(event, DASHBOARD_REPORTS, NOW), store, NOW)
    html = widget_html(answered, widget_of(event), _ARN)
    assert html.startswith('<div class="tokentill ')
    if isinstance(answered, Problem):
        assert f"{answered.code}: {answered.message}" in Reader(html).text
    else:
        assert {"table", "ul", "pre"} & set(Reader(html).tags)
