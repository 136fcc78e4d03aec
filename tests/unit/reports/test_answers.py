"""How a request becomes an answer."""

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from reports.answers import answer
from reports.formats import as_json
from reports.problems import Problem
from reports.queries import MAX_SUMMARY_ROWS
from tests.unit.reports.builders import NOW, FakeSource, report_file, table

_FILES = {
    "numbers": report_file(
        "param above: integer, default 0",
        "sort: n integer asc",
        statement="SELECT n FROM t WHERE n > %(above)s",
    ),
    "total": report_file(statement="SELECT sum(n) AS n FROM t"),
}


def source_of(*numbers: int) -> FakeSource:
    return FakeSource(_FILES, table(*({"n": number} for number in numbers)))


def asked(event: object, source: FakeSource) -> dict[str, Any]:
    return as_json(answer(event, source, NOW))


def code(answered: dict[str, Any]) -> str:
    return str(answered["error"]["code"])


@pytest.mark.parametrize("event", [{}, {"report": None}, {"format": "json"}])
def test_without_a_report_the_catalogue_is_the_answer(event: dict[str, Any]) -> None:
    listed = asked(event, source_of())["reports"]
    assert [entry["name"] for entry in listed] == ["numbers", "total"]


def test_every_example_in_the_catalogue_is_a_call_that_works() -> None:
    source = source_of(1)
    for entry in asked({}, source)["reports"]:
        assert asked(entry["example"], source)["report"] == entry["name"]


def test_a_page_has_columns_rows_and_no_cursor_when_it_is_the_last() -> None:
    assert asked({"report": "numbers"}, source_of(1, 2)) == {
        "report": "numbers",
        "columns": ["n"],
        "rows": [{"n": 1}, {"n": 2}],
        "next_cursor": None,
    }


def test_a_page_asks_for_one_row_more_than_it_shows() -> None:
    source = source_of(1, 2, 3)
    page = asked({"report": "numbers", "limit": 2}, source)
    assert [row["n"] for row in page["rows"]] == [1, 2]
    assert source.queries[0].values["page_limit"] == 3
    assert page["next_cursor"]


def test_the_next_page_begins_after_the_last_row_shown() -> None:
    source = source_of(1, 2, 3)
    cursor = asked({"report": "numbers", "limit": 2}, source)["next_cursor"]
    asked({"report": "numbers", "limit": 1, "cursor": cursor}, source)
    assert source.queries[1].values["page_key_0"] == 2
    assert "WHERE (n) > (%(page_key_0)s::bigint)" in source.queries[1].statement


def test_a_page_has_fifty_rows_when_no_limit_is_given() -> None:
    source = source_of()
    asked({"report": "numbers"}, source)
    assert source.queries[0].values["page_limit"] == 51


def test_what_the_caller_sends_is_bound_and_never_part_of_the_statement() -> None:
    source = source_of()
    asked({"report": "numbers", "params": {"above": 4711}}, source)
    assert source.queries[0].values["above"] == 4711
    assert "4711" not in source.queries[0].statement


def test_a_summary_with_too_many_rows_is_refused_and_not_cut() -> None:
    answered = asked({"report": "total"}, source_of(*range(MAX_SUMMARY_ROWS + 1)))
    assert code(answered) == "too_many_rows"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (None, "bad_request"),
        ([], "bad_request"),
        ("total", "bad_request"),
        ({"reprot": "total"}, "bad_request"),
        ({"limit": 5}, "bad_request"),
        ({"report": "total", "params": []}, "bad_request"),
        ({"report": "nope"}, "unknown_report"),
        ({"report": ""}, "unknown_report"),
        ({"report": ["total"]}, "unknown_report"),
        ({"report": "total\0"}, "unknown_report"),
        ({"report": "total", "params": {"x": 1}}, "unknown_parameter"),
        ({"report": "numbers", "params": {"above": "x"}}, "bad_parameter"),
        ({"report": "numbers", "limit": 0}, "bad_limit"),
        ({"report": "numbers", "limit": 1001}, "bad_limit"),
        ({"report": "numbers", "limit": True}, "bad_limit"),
        ({"report": "numbers", "limit": 5.0}, "bad_limit"),
        ({"report": "numbers", "limit": float("nan")}, "bad_limit"),
        pytest.param({"report": "numbers", "limit": 10**5000}, "bad_limit", id="huge limit"),
        ({"report": "numbers", "limit": "50"}, "bad_limit"),
        ({"report": "numbers", "cursor": "abc"}, "bad_cursor"),
        ({"report": "numbers", "cursor": ""}, "bad_cursor"),
        ({"report": "numbers", "cursor": 5}, "bad_cursor"),
        ({"report": "total", "cursor": "abc"}, "bad_cursor"),
        ({"report": "total", "format": "xml"}, "bad_format"),
        ({"format": ["json"]}, "bad_format"),
    ],
)
def test_bad_input_is_answered_with_its_code_and_asks_no_database(
    event: object, expected: str
) -> None:
    source = source_of()
    assert code(asked(event, source)) == expected
    assert source.queries == []


def test_an_unknown_report_is_told_the_nearest_and_all_names() -> None:
    message = asked({"report": "totall"}, source_of())["error"]["message"]
    assert "Did you mean total?" in message
    assert "numbers, total" in message


def test_what_keeps_the_database_from_answering_is_the_answer() -> None:
    source = FakeSource(_FILES, Problem("too_slow", "Too slow."))
    for name in _FILES:
        assert asked({"report": name}, source) == {
            "error": {"code": "too_slow", "message": "Too slow."}
        }


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("1234567890123456789.99"), "1234567890123456789.99"),
        (Decimal("0E+3"), "0"),
        (Decimal("1E-7"), "0.0000001"),
        (2**63 - 1, 9223372036854775807),
        (None, None),
        (True, True),
        ("ö", "ö"),
        (["a", Decimal("1.0")], ["a", "1.0"]),
        (date(2026, 1, 31), "2026-01-31"),
        (
            datetime(2026, 1, 31, 1, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-30T23:00:00.000000Z",
        ),
    ],
)
def test_a_value_is_written_exactly(value: object, written: object) -> None:
    source = FakeSource(_FILES, table({"n": value}))
    page = json.loads(json.dumps(asked({"report": "total"}, source)))
    assert page["rows"] == [{"n": written}]
