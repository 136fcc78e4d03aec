"""The reports' pages in a real browser."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pytest

from handlers import reports
from local.chromium import NoChromium, Tab, browsing, chromium
from local.gateway import gateway
from tests.integration.reports.books import Books


@pytest.fixture(scope="session")
def tab() -> Iterator[Tab]:
    """A browser for all these tests; without one they are skipped, but never in CI."""
    try:
        chromium()
    except NoChromium as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
    with browsing() as opened:
        yield opened


@dataclass(frozen=True)
class Site:
    """The reports' pages, a browser, and the books behind them."""

    url: str
    tab: Tab
    books: Books

    def open(
        self,
        page: str,
        *,
        width: int = 1200,
        theme: Literal["light", "dark"] = "light",
    ) -> Tab:
        self.tab.look_like(width, 800, theme)
        self.tab.open(f"{self.url}/{page}")
        return self.tab


@pytest.fixture
def site(books: Books, tab: Tab) -> Iterator[Site]:
    routes = {"GET /reports": reports.handler, "GET /reports/{name}": reports.handler}
    with gateway(routes) as url:
        yield Site(url, tab, books)
