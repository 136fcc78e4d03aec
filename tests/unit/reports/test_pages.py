"""Pages work without a script, for the eye, the keyboard and the screen reader."""

import base64
import compileall
import hashlib
import re
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.declaration import read_reports
from reports.pages import CONTENT_SECURITY_POLICY, index_page, problem_page, report_page
from reports.parameters import Argument
from reports.problems import Problem
from tests.unit.reports.builders import report, report_file
from tests.unit.reports.pictures import Reader, bars, page

_SOURCE = Path(__file__).resolve().parents[3] / "src"

_REPORTS = read_reports(
    {
        "a_report": report_file("sort: n integer asc"),
        "the_total": report_file(),
        "user_timeline": report_file(),
    }
)
_LIST = report("sort: n integer asc", statement="SELECT 1 AS n")


def test_the_index_leads_to_every_report() -> None:
    html = index_page(_REPORTS)
    assert set(re.findall(r'href="reports/(\w+)"', html)) == set(_REPORTS.by_name)


def test_links_of_a_report_are_relative_to_its_own_address() -> None:
    html = report_page(page({"n": 1}, of=_LIST), _REPORTS)
    assert 'href="the_total"' in html
    assert 'href="../reports"' in html


def test_the_report_being_read_is_marked_in_the_list() -> None:
    html = report_page(page({"n": 1}, of=_LIST), _REPORTS)
    assert html.count("aria-current") == 2  # in the style sheet, and at one link
    assert '<a href="a_report" aria-current="page">' in html


def test_every_parameter_has_a_label_and_a_hint() -> None:
    declared = report(
        "param d: date, default 7 days ago",
        "param c: choice a|b",
        "param i: integer 1..9, default 5",
        "param t: text 1..20, required",
        "param b: boolean",
        "param s: timestamp",
        statement="SELECT %(d)s, %(c)s, %(i)s, %(t)s, %(b)s, %(s)s",
    )
    arguments = {each.name: Argument(None, None) for each in declared.parameters}
    html = report_page(page({"n": 1}, of=declared, arguments=arguments), _REPORTS)
    for name in "dcitbs":
        assert f'<label for="{name}">' in html
        assert re.search(
            rf'<(input|select)[^>]* id="{name}"[^>]* aria-describedby="about-{name}"', html
        )


def test_a_relative_date_is_shown_as_the_day_that_it_stands_for() -> None:
    declared = report("param d: date, default 7 days ago", statement="SELECT %(d)s")
    arguments = {"d": Argument(date(2026, 2, 22), "7 days ago")}
    html = report_page(page({"n": 1}, of=declared, arguments=arguments), _REPORTS)
    assert 'type="date" id="d" name="d" value="2026-02-22"' in html


def test_the_next_page_keeps_what_was_asked() -> None:
    declared = report("param x: text", "sort: n integer asc", statement="SELECT 1 AS n, %(x)s AS x")
    arguments = {"x": Argument("a&b c", "a&b c")}
    html = report_page(
        page({"n": 1}, of=declared, arguments=arguments, next_cursor="abc"), _REPORTS
    )
    [address] = re.findall(r'href="([^"]*)" rel="next"', html)
    assert unescape(address) == "?x=a%26b+c&limit=50&cursor=abc"


def test_a_table_has_a_caption_and_headings_and_aligned_numbers() -> None:
    html = report_page(page({"n": Decimal("1234.50"), "who": "a"}, of=_LIST), _REPORTS)
    assert "<caption" in html
    assert '<th scope="col" class="number">N</th>' in html
    assert '<td class="number">1,234.50</td>' in html


def test_what_scrolls_can_be_reached_with_the_keyboard() -> None:
    html = report_page(page({"n": 1}, of=_LIST), _REPORTS)
    assert 'class="scroll" role="region" aria-labelledby="caption" tabindex="0"' in html


def test_a_summary_of_one_row_is_shown_as_figures() -> None:
    assert '<dl class="figures">' in report_page(page({"total_usd": 5}), _REPORTS)


def test_a_chart_comes_with_its_table() -> None:
    html = report_page(bars(paid=5), _REPORTS)
    assert "<figure" in html
    assert "<table" in html


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("at", datetime(2026, 1, 31, 12, 5, 6, tzinfo=UTC), ">2026-01-31 12:05:06</time>"),
        ("delta", 1000, ">+1,000<"),
        ("delta", -5, ">-5<"),
        ("note", None, ">none</span>"),
        ("enriched", True, ">yes<"),
        ("payment_status", "paid", '<span class="badge good">paid</span>'),
        ("user_id", "a&b", 'href="user_timeline?user_id=a%26b">a&amp;b</a>'),
        ("prices", ["a", "b"], ">a, b<"),
        ("payment_id", "pay_1", 'title="pay_1">pay_1<'),
    ],
)
def test_a_value_is_written_for_people(column: str, value: object, expected: str) -> None:
    assert expected in report_page(page({"n": 1, column: value}, of=_LIST), _REPORTS)


def test_an_empty_result_says_so() -> None:
    assert "There is nothing to report." in report_page(page(of=_LIST), _REPORTS)


def test_a_problem_shows_the_form_as_it_was_filled_in() -> None:
    problem = Problem("bad_parameter", "x must be <that>.")
    reports = read_reports(
        {"a_report": report_file("param x: text", statement="SELECT %(x)s AS n")}
    )
    html = problem_page(problem, reports, "a_report", {"x": '"><script>'})
    assert 'value="&quot;&gt;&lt;script&gt;"' in html
    assert '<div class="panel problem" role="alert">' in html
    assert "x must be &lt;that&gt;." in html


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\r\nb", "\n", "a\n&user_id=b"])
def test_a_text_that_a_field_would_change_is_sent_beside_it_as_it_is(value: str) -> None:
    declared = report("param x: text", statement="SELECT %(x)s")
    arguments = {"x": Argument(value, value)}
    html = report_page(page({"n": 1}, of=declared, arguments=arguments), _REPORTS)
    [sent] = re.findall(r'<input type="hidden" name="exactly" value="([^"]*)">', html)
    assert parse_qsl(unescape(sent)) == [("x", value)]
    assert re.search(r'<input type="text" id="x" value="[^"]*" readonly', html)
    assert 'name="x"' not in html


@pytest.mark.parametrize("value", [" a", "a\t", "\u202ea", "\u2028", "\x85", "a" * 500])
def test_any_other_text_stands_in_its_field(value: str) -> None:
    declared = report("param x: text 1..500", statement="SELECT %(x)s")
    arguments = {"x": Argument(value, value)}
    html = report_page(page({"n": 1}, of=declared, arguments=arguments), _REPORTS)
    assert f'<input type="text" id="x" name="x" value="{value}"' in html
    assert "maxlength" not in html


def test_an_unknown_report_leads_back_to_all() -> None:
    html = problem_page(Problem("unknown_report", "No."), _REPORTS, "nope", {})
    assert 'href="../reports">All reports</a>' in html


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_any_text_stays_text_in_a_page(text: str) -> None:
    declared = report("param x: text", statement="SELECT %(x)s")
    shown = page({"n": 1, "note": text}, of=declared, arguments={"x": Argument(text, text)})
    read = Reader(report_page(shown, _REPORTS))
    assert ("value", text) in read.attributes
    assert text in read.text


def test_a_page_is_made_from_files_beside_bytecode_alone(tmp_path: Path) -> None:
    shutil.copytree(_SOURCE / "reports", tmp_path / "reports")
    compileall.compile_dir(tmp_path, legacy=True, quiet=1)
    for module in tmp_path.rglob("*.py"):
        module.unlink()
    program = (
        "from reports.declaration import read_reports; from reports.pages import index_page;"
        "print(index_page(read_reports({})))"
    )
    made = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "<h1>Reports</h1>" in made.stdout


def test_hostile_data_is_only_text() -> None:
    hostile = "</td><script>alert('x')</script><img src=x onerror=alert(1)>"
    html = report_page(page({hostile: hostile, "user_id": hostile}, of=_LIST), _REPORTS)
    assert "<script" not in html
    assert "<img" not in html


def test_the_policy_allows_exactly_the_style_sheet_that_is_sent() -> None:
    [style] = re.findall(r"<style>(.*?)</style>", index_page(_REPORTS), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in CONTENT_SECURITY_POLICY


def test_no_page_needs_a_style_attribute_or_anything_from_elsewhere() -> None:
    html = report_page(bars(paid=5), _REPORTS) + index_page(_REPORTS)
    assert not re.search(r'\sstyle=|<script|src=|href="(https?:|//)', html)
