"""What CloudWatch dashboards show: HTML that they accept, with buttons that call again."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.answers import answer
from reports.parameters import Argument
from reports.problems import Problem
from reports.widgets import Widget, call_of, documentation, widget_html, widget_of
from tests.unit.reports.builders import (
    DASHBOARD_REPORTS,
    NOW,
    FakeStore,
    report,
    report_file,
    table,
)
from tests.unit.reports.pictures import bars, page

_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:reports"
_TABLE = Widget("table", "light", 600)
_CHART = Widget("chart", "light", 600)


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
    assert widget_html(answered, widget_of(event), _ARN).startswith('<div class="tokentill ')
