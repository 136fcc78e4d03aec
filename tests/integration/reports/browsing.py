"""The reports' pages in a real browser."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from handlers import reports
from local.browser import NoChromium, browsing, chromium
from local.gateway import gateway
from tests.integration.reports.books import Books


@pytest.fixture(scope="session")
def page() -> Iterator[Page]:
    """A page for all these tests; without a browser they are skipped, but never in CI."""
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
    page: Page
    books: Books

    def open(self, path: str) -> Page:
        """In a window of 1200 pixels and the light theme."""
        self.page.set_viewport_size({"width": 1200, "height": 800})
        self.page.emulate_media(color_scheme="light")
        self.page.goto(f"{self.url}/{path}")
        return self.page


@pytest.fixture
def site(books: Books, page: Page) -> Iterator[Site]:
    routes = {"GET /reports": reports.handler, "GET /reports/{name}": reports.handler}
    with gateway(routes) as url:
        yield Site(url, page, books)


def follow(page: Page, selector: str) -> None:
    """Click on what leads to another page, and wait for that."""
    with page.expect_navigation():
        page.click(selector)
