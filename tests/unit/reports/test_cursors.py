"""Cursors belong to one list, and nothing but the cursor that was given out is taken back."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.cursors import cursor_after, keys_after
from reports.declaration import Report
from reports.parameters import Arguments
from reports.problems import Problem
from tests.unit.reports.builders import arguments, code_of, report

_ROW = {"at": datetime(2026, 1, 31, 12, 0, 0, 123456, UTC), "id": "pay_1"}
_SORT = "sort: at timestamp desc, id text desc"


def taken(listed: Report, bound: Arguments, cursor: object) -> tuple[Any, ...] | Problem:
    assert listed.sort is not None
    return keys_after(listed, listed.sort, bound, cursor)


def given_out(listed: Report, bound: Arguments, row: dict[str, Any]) -> str:
    assert listed.sort is not None
    return cursor_after(listed, listed.sort, bound, row)


def test_a_cursor_gives_back_the_sort_key_of_its_row() -> None:
    listed = report(_SORT)
    assert taken(listed, {}, given_out(listed, {}, _ROW)) == (_ROW["at"], "pay_1")


@given(
    at=st.datetimes(timezones=st.just(UTC)),
    text=st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    number=st.integers(-(2**63) + 1, 2**63 - 1),
    amount=st.decimals(-(10**15), 10**15, places=3),
    day=st.dates(),
    flag=st.booleans(),
)
def test_every_sort_key_survives_its_cursor(
    at: datetime, text: str, number: int, amount: Decimal, day: date, flag: bool
) -> None:
    listed = report(
        "sort: a timestamp asc, b text asc, c integer asc, d number asc, e date asc, f boolean asc"
    )
    row = {"a": at, "b": text, "c": number, "d": amount, "e": day, "f": flag}
    assert taken(listed, {}, given_out(listed, {}, row)) == tuple(row.values())


def test_a_cursor_needs_no_escaping_in_a_url() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", given_out(report(_SORT), {}, _ROW))


@given(st.data())
def test_an_altered_cursor_is_refused(data: st.DataObject) -> None:
    listed = report(_SORT)
    cursor = given_out(listed, {}, _ROW)
    at = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.characters().filter(lambda character: character != cursor[at]))
    altered = cursor[:at] + other + cursor[at + 1 :]
    assert code_of(taken(listed, {}, altered)) == "bad_cursor"


@given(st.one_of(st.text(), st.none(), st.integers(), st.lists(st.text()), st.binary()))
def test_anything_else_is_refused(cursor: object) -> None:
    assert code_of(taken(report(_SORT), {}, cursor)) == "bad_cursor"


@pytest.mark.parametrize(
    "other",
    [
        report(_SORT, name="another"),
        report("sort: at timestamp asc, id text asc"),
        report("sort: at text desc, id text desc"),
        report("sort: id text desc"),
    ],
)
def test_a_cursor_of_another_report_or_order_is_refused(other: Report) -> None:
    assert code_of(taken(other, {}, given_out(report(_SORT), {}, _ROW))) == "bad_cursor"


def test_a_cursor_of_other_params_is_refused() -> None:
    listed = report("param x: text", _SORT, statement="SELECT %(x)s")
    cursor = given_out(listed, arguments(x="a"), _ROW)
    assert code_of(taken(listed, arguments(x="b"), cursor)) == "bad_cursor"


@pytest.mark.parametrize(
    "forged", [{"at": "now()", "id": "x"}, {"at": "2026-01-31", "id": "x\0y"}, {"at": "", "id": ""}]
)
def test_a_forged_cursor_is_read_by_type(forged: dict[str, Any]) -> None:
    listed = report(_SORT)
    assert code_of(taken(listed, {}, given_out(listed, {}, forged))) == "bad_cursor"
