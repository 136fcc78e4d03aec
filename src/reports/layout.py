"""The frame around every page: head, skip link, the list of reports, and the content."""

from collections.abc import Iterable

from reports.declaration import Report, Reports
from reports.markup import Markup, Part, element
from reports.style import PAGE_STYLE

_COIN = (
    "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 2.6a7.4 7.4 0 1 1 0 14.8 7.4 7.4 0 0 1 0-14.8z"
    "M8 8.2h8v2.4h-2.7v6h-2.6v-6H8z"
)
# An icon in the page keeps the browser from asking for /favicon.ico.
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E"
    f"%3Cpath fill='%230f7f6e' d='{_COIN}'/%3E%3C/svg%3E"
)


class Links:
    """Addresses as seen from one page. They are relative: the API may lie below a stage's name."""

    def __init__(self, *, from_index: bool) -> None:
        self._to_reports = "reports/" if from_index else ""
        self.index = "reports" if from_index else "../reports"

    def report(self, name: str) -> str:
        """The page of a report."""
        return f"{self._to_reports}{name}"


def document(
    title: str, reports: Reports, links: Links, content: Iterable[Part], *, current: str = ""
) -> str:
    """A whole page; `current` is the name of the report that it shows, beside all others."""
    page = element(
        "html",
        _head(title),
        element(
            "body",
            element("a", "Skip to the content", class_="skip", href="#content"),
            element("header", _brand(links), class_="top"),
            element(
                "div",
                _navigation(reports, links, current) if current else None,
                element("main", *content, _footer(), id="content", tabindex="-1"),
                class_="frame" if current else "frame alone",
            ),
        ),
        lang="en",
    )
    return f"<!DOCTYPE html>\n{page}\n"


def groups_of(reports: Reports) -> list[tuple[str, list[Report]]]:
    """The reports as people look for them: summaries, and lists."""
    every = list(reports.by_name.values())
    return [
        ("Summaries", [report for report in every if report.sort is None]),
        ("Lists", [report for report in every if report.sort is not None]),
    ]


def _head(title: str) -> Markup:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{title} - Tokentill"),
        element("link", rel="icon", href=_ICON),
        # A style element's text is not escaped in HTML, and this one is ours.
        element("style", Markup(PAGE_STYLE)),
    )


def _brand(links: Links) -> Markup:
    coin = element("svg", element("path", d=_COIN), viewBox="0 0 24 24", width="24", height="24")
    return element(
        "a",
        element("span", coin, aria_hidden="true"),
        "Tokentill",
        element("span", "Reports"),
        class_="brand",
        href=links.index,
    )


def _navigation(reports: Reports, links: Links, current: str) -> Markup:
    groups = [
        (element("h2", name), element("ul", [_entry(each, links, current) for each in entries]))
        for name, entries in groups_of(reports)
    ]
    return element("nav", groups, class_="side", aria_label="Reports")


def _entry(report: Report, links: Links, current: str) -> Markup:
    is_current = "page" if report.name == current else None
    return element(
        "li", element("a", report.title, href=links.report(report.name), aria_current=is_current)
    )


def _footer() -> Markup:
    return element("footer", "All times are UTC. Reports only read; nothing here changes anything.")
