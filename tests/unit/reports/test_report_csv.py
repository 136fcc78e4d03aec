"""CSV holds the values exactly, and nothing in it runs when a spreadsheet opens it."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reports.csv_format import as_csv
from tests.unit.reports.builders import table

_FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"


def read_back(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def cell_of(value: Any) -> str:
    _, [cell, _] = read_back(as_csv(table({"n": value, "m": 1}, columns=("n", "m"))))
    return cell


def test_lines_end_as_rfc_4180_says_and_the_header_comes_first() -> None:
    assert as_csv(table({"n": 1}, {"n": 2})) == "n\r\n1\r\n2\r\n"


def test_quotes_commas_and_line_breaks_are_kept() -> None:
    text = as_csv(table({"n": 'say "a, b"\r\nor\nc\rd'}))
    assert text == 'n\r\n"say ""a, b""\r\nor\nc\rd"\r\n'


@pytest.mark.parametrize("start", list(_FORMULA_STARTS))
def test_text_that_a_spreadsheet_would_run_becomes_plain_text(start: str) -> None:
    assert cell_of(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-5, "-5"),
        (Decimal("-5.50"), "-5.50"),
        ("-5", "'-5"),
        (None, ""),
        (True, "true"),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00.000000Z"),
        (["a", "=b"], "a, '=b"),
        (["=a"], "'=a"),
    ],
)
def test_a_number_stays_a_number_and_what_looks_like_one_stays_text(
    value: object, cell: str
) -> None:
    assert cell_of(value) == cell


@given(st.text())
def test_any_text_comes_back_and_never_begins_a_formula(text: str) -> None:
    cell = cell_of(text)
    assert cell in (text, f"'{text}")
    assert not cell.startswith(tuple(_FORMULA_STARTS))
