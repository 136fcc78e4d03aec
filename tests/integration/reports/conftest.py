"""The fixture that the reports' tests share."""

from collections.abc import Iterator

import pytest

from tests.integration.reports.books import Books, open_books
from tests.integration.reports.browsing import page, site

__all__ = ["books", "page", "site"]


@pytest.fixture
def books(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    """Empty books, with the reports' handler reading them."""
    with open_books(database_url, monkeypatch) as opened:
        yield opened
