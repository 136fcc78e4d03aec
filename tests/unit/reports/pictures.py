"""Pages of reports to show, and what a reader sees of them."""

from collections.abc import Mapping
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from reports.answers import ResultPage
from reports.declaration import Report
from reports.parameters import Arguments
from reports.requests import ReportRequest
from tests.unit.reports.builders import report, table

DAYS = "chart: columns of net, refunded by day"
BARS = "chart: bars of payments by name"


def page(
    *rows: Mapping[str, Any],
    of: Report | None = None,
    arguments: Arguments | None = None,
    cursor: str | None = None,
    next_cursor: str | None = None,
) -> ResultPage:
    """A page with these rows; without any, one with the single column `n`."""
    asked = of or report()
    request = ReportRequest(asked.name, {}, 50, cursor, "html", False)
    columns = tuple(rows[0]) if rows else ("n",)
    return ResultPage(asked, table(*rows, columns=columns), next_cursor, request, arguments or {})


def days(*amounts: tuple[str, str]) -> ResultPage:
    """A page with a chart of net and refunded amounts, a day each."""
    rows = [
        {"day": f"2026-01-{day:02}", "net": Decimal(net), "refunded": Decimal(refunded)}
        for day, (net, refunded) in enumerate(amounts, start=1)
    ]
    return page(*rows, of=report(DAYS))


def bars(**payments: int) -> ResultPage:
    """A page with a chart of payments, a name each."""
    return page(*({"name": name, "payments": n} for name, n in payments.items()), of=report(BARS))


class Picture:
    """A drawn SVG, read as XML."""

    def __init__(self, svg: str) -> None:
        self.root = ElementTree.fromstring(svg)  # noqa: S314

    def lengths(self, class_: str, side: str) -> list[Decimal]:
        """The widths or heights of the rectangles of a class."""
        return [Decimal(rect.attrib[side]) for rect in self._of("rect", class_)]

    def texts(self) -> list[str]:
        return [text.text or "" for text in self.root.iter("text")]

    def titles(self) -> list[str]:
        """What appears under the pointer, the picture's own title first."""
        return [title.text or "" for title in self.root.iter("title")]

    def tags(self) -> set[str]:
        return {node.tag for node in self.root.iter()}

    def outside(self) -> list[dict[str, str]]:
        """Rectangles that reach over the picture's edge."""
        width, height = Decimal(self.root.attrib["width"]), Decimal(self.root.attrib["height"])
        return [
            rect.attrib
            for rect in self.root.iter("rect")
            if Decimal(rect.attrib["x"]) + Decimal(rect.attrib["width"]) > width + 1
            or Decimal(rect.attrib["y"]) + Decimal(rect.attrib["height"]) > height + 1
            or min(Decimal(rect.attrib[side]) for side in ("x", "y", "width", "height")) < 0
        ]

    def _of(self, tag: str, class_: str) -> list[ElementTree.Element]:
        return [node for node in self.root.iter(tag) if node.attrib.get("class") == class_]


class Reader(HTMLParser):
    """Collects what a browser would see: the tags, the attributes and the text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data
