"""CSV holds the values exactly and runs nothing; an HTTP client gets the format it likes best."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.formats import as_csv, heading, preferred
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


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("a;=b", "a;'=b"),
        ("a;-5", "a;'-5"),
        ("a\t+b", "a\t'+b"),
        ("a\n@b", "a\n'@b"),
        ("a\r\n＝b", "a\r\n'＝b"),
        ("a; =b", "a; '=b"),
        ('a;"=b', "a;\"'=b"),
        ("a;;=b", "a;;'=b"),
        ("=a;=b;c=d", "'=a;'=b;c=d"),
        (" =b", "' =b"),
        (";=b", ";'=b"),
        ("a;b", "a;b"),
        ("a =b, -c", "a =b, -c"),
        ("\ta", "'\ta"),
        ("\t=a", "'\t'=a"),
    ],
)
def test_a_sign_is_marked_wherever_a_spreadsheet_may_begin_a_cell(text: str, cell: str) -> None:
    assert cell_of(text) == cell


_NASTY = st.text(st.sampled_from([*_FORMULA_STARTS, *"; ,\"'a1|"])) | st.text()


@given(_NASTY, _NASTY)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_begins_a_formula_whatever_the_spreadsheet_separates_at(
    separator: str, first: str, last: str
) -> None:
    row = {"first": first, "number": 1, "last": last}
    text = as_csv(table(row, row, columns=("first", "number", "last")))
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    cells = [cell.lstrip() for line in lines for cell in line]
    assert not [cell for cell in cells if cell.startswith(tuple(_FORMULA_STARTS))]


@given(_NASTY)
def test_any_text_comes_back_but_for_apostrophes(text: str) -> None:
    cell = cell_of(text)
    assert cell.replace("'", "") == text.replace("'", "")
    assert not cell.startswith(tuple(_FORMULA_STARTS))


@given(st.text(st.characters(exclude_characters=_FORMULA_STARTS)))
def test_text_without_a_sign_comes_back_as_it_was(text: str) -> None:
    assert cell_of(text) == text


def test_a_long_text_takes_no_longer_than_its_length() -> None:
    assert cell_of("\n;" * 50_000 + "=") == "'" + "\n;" * 50_000 + "'="


_FORMATS = ("json", "html", "csv")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
        ("application/json", "json"),
        ("text/csv", "csv"),
        ("TEXT/CSV", "csv"),
        ("text/*", "html"),
        ("text/html;q=0.5, text/csv;q=0.6", "csv"),
        ("text/html;q=0, */*", "json"),
        ("application/json;q=0, text/html;q=0, */*;q=0.1", "csv"),
        ("text/csv; header=present; q=0.9, text/html;q=1.0", "html"),
        ("image/png", None),
        ("image/png, */*;q=0", None),
        ("nonsense", "json"),
        ("text/html;q=2", "html"),
        ("*/html, text/csv", "csv"),
    ],
)
def test_the_most_wanted_format_is_chosen(accept: str, expected: str | None) -> None:
    assert preferred(accept, _FORMATS) == expected


def test_only_what_is_offered_is_chosen() -> None:
    assert preferred("text/csv", ("json", "html")) is None


@given(st.text())
def test_any_header_is_read(accept: str) -> None:
    assert preferred(accept, _FORMATS) in (*_FORMATS, None)


@pytest.mark.parametrize(
    ("column", "words"),
    [("amount_paid", "Amount paid"), ("gross_usd", "Gross USD"), ("user_id", "User ID")],
)
def test_a_column_is_headed_in_words(column: str, words: str) -> None:
    assert heading(column) == words
