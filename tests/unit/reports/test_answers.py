"""How a request becomes an answer: a page, a whole export, or a problem, whatever is sent."""

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.answers import answer
from reports.formats import as_json
from reports.problems import Problem
from reports.queries import MAX_SUMMARY_ROWS
from tests.unit.reports.builders import NOW, FakeStore, report_file, table

_FILES = {
    "numbers": report_file(
        "param above: integer, default 0",
        "sort: n integer asc",
        statement="SELECT n FROM t WHERE n > %(above)s",
    ),
    "total": report_file(statement="SELECT sum(n) AS n FROM t"),
}


def store_of(*numbers: int) -> FakeStore:
    return FakeStore(_FILES, table(*({"n": number} for number in numbers)))


def asked(event: object, store: FakeStore) -> dict[str, Any]:
    return as_json(answer(event, store, NOW))


def code(answered: dict[str, Any]) -> str:
    return str(answered["error"]["code"])


@pytest.mark.parametrize("event", [{}, {"report": None}, {"format": "json"}])
def test_without_a_report_the_list_of_reports_is_the_answer(event: dict[str, Any]) -> None:
    listed = asked(event, store_of())["reports"]
    assert [entry["name"] for entry in listed] == ["numbers", "total"]


def test_every_example_in_the_list_of_reports_is_a_call_that_works() -> None:
    store = store_of(1)
    for entry in asked({}, store)["reports"]:
        assert asked(entry["example"], store)["report"] == entry["name"]


def test_a_page_has_columns_rows_and_no_cursor_when_it_is_the_last() -> None:
    assert asked({"report": "numbers"}, store_of(1, 2)) == {
        "report": "numbers",
        "columns": ["n"],
        "rows": [{"n": 1}, {"n": 2}],
        "next_cursor": None,
    }


def test_a_page_asks_for_one_row_more_than_it_shows() -> None:
    store = store_of(1, 2, 3)
    page = asked({"report": "numbers", "limit": 2}, store)
    assert [row["n"] for row in page["rows"]] == [1, 2]
    assert store.queries[0].values["page_limit"] == 3
    assert page["next_cursor"]


def test_the_next_page_begins_after_the_last_row_shown() -> None:
    store = store_of(1, 2, 3)
    cursor = asked({"report": "numbers", "limit": 2}, store)["next_cursor"]
    asked({"report": "numbers", "limit": 1, "cursor": cursor}, store)
    assert store.queries[1].values["page_key_0"] == 2
    assert "WHERE (n) > (%(page_key_0)s::bigint)" in store.queries[1].statement


def test_a_page_has_fifty_rows_when_no_limit_is_given() -> None:
    store = store_of()
    asked({"report": "numbers"}, store)
    assert store.queries[0].values["page_limit"] == 51


def test_what_the_caller_sends_is_bound_and_never_part_of_the_statement() -> None:
    store = store_of()
    asked({"report": "numbers", "params": {"above": 4711}}, store)
    assert store.queries[0].values["above"] == 4711
    assert "4711" not in store.queries[0].statement


def test_a_summary_with_too_many_rows_is_refused_and_not_cut() -> None:
    answered = asked({"report": "total"}, store_of(*range(MAX_SUMMARY_ROWS + 1)))
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
    store = store_of()
    assert code(asked(event, store)) == expected
    assert store.queries == []


def test_an_unknown_report_is_told_the_nearest_and_all_names() -> None:
    message = asked({"report": "totall"}, store_of())["error"]["message"]
    assert "Did you mean total?" in message
    assert "numbers, total" in message


def test_what_keeps_the_database_from_answering_is_the_answer() -> None:
    store = FakeStore(_FILES, Problem("too_slow", "Too slow."))
    for name in _FILES:
        assert asked({"report": name}, store) == {
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
    store = FakeStore(_FILES, table({"n": value}))
    page = json.loads(json.dumps(asked({"report": "total"}, store)))
    assert page["rows"] == [{"n": written}]


def test_an_export_is_told_where_it_is_and_how_much() -> None:
    assert asked({"report": "numbers", "export": True}, store_of()) == {
        "report": "numbers",
        "url": "https://bucket.test/x",
        "expires_at": "2026-03-01T12:30:00.000000Z",
        "rows": 3,
        "size_bytes": 99,
    }


def test_an_export_is_the_whole_list_in_its_order() -> None:
    store = store_of()
    asked({"report": "numbers", "export": True, "params": {"above": 5}}, store)
    [query] = store.queries
    assert query.values == {"above": 5}
    assert query.statement.endswith("ORDER BY n ASC")


@pytest.mark.parametrize(
    "fields",
    [
        {"export": "yes"},
        {"export": 1},
        {"export": True, "limit": 5},
        {"export": True, "cursor": "abc"},
        {"export": True, "format": "json"},
    ],
)
def test_what_contradicts_an_export_is_refused(fields: dict[str, Any]) -> None:
    store = store_of()
    assert code(asked({"report": "numbers", **fields}, store)) == "bad_export"
    assert store.queries == []


def test_no_export_is_a_page() -> None:
    assert asked({"report": "numbers", "export": False}, store_of())["rows"] == []


_TYPES = {
    "t": "text",
    "i": "integer 1..9",
    "n": "number",
    "b": "boolean",
    "d": "date",
    "s": "timestamp 2020-01-01..now",
    "c": "choice a|b",
}
_FILE = report_file(
    *(f"param {name}: {declared}" for name, declared in _TYPES.items()),
    "sort: n integer asc",
    statement=f"SELECT {', '.join(f'%({name})s' for name in _TYPES)}",
)
_TEXT = st.text(st.characters(codec=None)) | st.sampled_from(["\0", "\ud800", "9" * 5000, "NaN"])
_LEAF = st.none() | st.booleans() | st.integers() | st.floats() | _TEXT | st.just(10**40)
_ANYTHING = st.recursive(
    _LEAF, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner), max_leaves=5
)
_LIKELY_TEXT = st.from_regex(
    r"[0-9]{1,4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}Z)?| ?[0-9]+ days ago"
)
_PARAMS = st.dictionaries(st.sampled_from([*_TYPES, "zzz"]), _ANYTHING | _LIKELY_TEXT)
_EVENTS = st.fixed_dictionaries(
    {"report": st.just("all_types") | _ANYTHING},
    optional={
        "params": _PARAMS | _ANYTHING,
        "limit": st.integers(1, 1000) | _ANYTHING,
        "cursor": _ANYTHING,
        "format": st.just("json") | _ANYTHING,
    },
)


@given(_EVENTS | _ANYTHING)
def test_any_input_is_answered(event: Any) -> None:
    store = FakeStore({"all_types": _FILE}, table({"n": 1}))
    answered = as_json(answer(event, store, NOW))
    assert json.dumps(answered, allow_nan=False)
    assert answered.keys() & {"reports", "report", "error"}
