"""An HTTP client gets what it likes best of what there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.formats import preferred

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
    ],
)
def test_the_most_wanted_format_is_chosen(accept: str, expected: str | None) -> None:
    assert preferred(accept, _FORMATS) == expected


def test_only_what_is_offered_is_chosen() -> None:
    assert preferred("text/csv", ("json", "html")) is None


@given(st.text())
def test_any_header_is_read(accept: str) -> None:
    assert preferred(accept, _FORMATS) in (*_FORMATS, None)
