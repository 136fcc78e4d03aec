"""The three pages there are: the index, a report, and a problem."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from reports.answers import ResultPage
from reports.charts import chart_of, legend_of, plot_of
from reports.declaration import Report, Reports
from reports.forms import form_of, shown_value
from reports.layout import Links, document, groups_of
from reports.markup import Markup, Part, element
from reports.problems import Problem
from reports.requests import DEFAULT_LIMIT
from reports.tables import figures_of, table_of

_WIDE, _NARROW = 880, 380
_TITLES = {"unknown_report": "There is no such report"}
_SENTENCE_END = re.compile(r"(?<=\.)\s")
_WORD = re.compile(r"(\b[a-z]+(?:_[a-z]+)+\b)")


def index_page(reports: Reports) -> str:
    """All reports, each with what it tells."""
    links = Links(from_index=True)
    groups = [
        (
            element("h2", name),
            element("ul", [_card(report, links) for report in entries], class_="cards"),
        )
        for name, entries in groups_of(reports)
    ]
    content = (
        element("h1", "Reports"),
        element("p", "What was paid, by whom, and what became of it.", class_="lead"),
        groups,
    )
    return document("Reports", reports, links, content)


def report_page(page: ResultPage, reports: Reports) -> str:
    """A page of a report: its parameters, a chart if it has one, the rows, and where to go on."""
    links = Links(from_index=False)
    report = page.report
    values = {
        each.name: shown_value(
            each, page.arguments[each.name].value, page.arguments[each.name].text
        )
        for each in report.parameters
    }
    content = (
        *_introduction(report, reports, links),
        form_of(report, values, page.request.limit),
        _chart(page),
        _rows(page, links),
        element("nav", *_onward(page), class_="pages", aria_label="Pages and downloads"),
    )
    return document(report.title, reports, links, content, current=report.name)


def problem_page(
    problem: Problem, reports: Reports, name: str | None, given: Mapping[str, object]
) -> str:
    """Why there is no report, with the form to try again if it is known which one was meant."""
    links = Links(from_index=name is None)
    report = reports.by_name.get(name or "")
    values = {key: value for key, value in given.items() if isinstance(value, str)}
    notice = element(
        "div",
        element("p", element("code", problem.code), ": ", problem.message),
        class_="panel problem",
        role="alert",
    )
    if report is None:
        back = element("p", element("a", "All reports", href=links.index))
        title = _TITLES.get(problem.code, "That did not work")
        return document(title, reports, links, (element("h1", title), notice, back))
    form = form_of(report, values, DEFAULT_LIMIT)
    again = element("p", element("a", "Begin again", href=links.report(report.name)))
    content = (*_introduction(report, reports, links), form, notice, again)
    return document(f"Problem: {report.title}", reports, links, content, current=report.name)


def _card(report: Report, links: Links) -> Markup:
    first, *_ = _SENTENCE_END.split(report.description)
    link = element("a", report.title, href=links.report(report.name))
    return element("li", link, element("p", first))


def _introduction(report: Report, reports: Reports, links: Links) -> Iterator[Markup]:
    first, *more = _SENTENCE_END.split(report.description, maxsplit=1)
    yield element("h1", report.title)
    yield element("p", _linked(first, reports, links), class_="lead")
    if more:
        yield element(
            "details",
            element("summary", "More about this report"),
            element("p", _linked(more[0], reports, links)),
            class_="lead",
        )


def _linked(description: str, reports: Reports, links: Links) -> list[Part]:
    """The description, with a link wherever it names another report."""
    return [
        element("a", word, href=links.report(word)) if word in reports.by_name else word
        for word in _WORD.split(description)
    ]


def _chart(page: ResultPage) -> Markup | None:
    plot = plot_of(page)
    if plot is None:
        return None
    return element(
        "figure",
        legend_of(plot),
        element("div", chart_of(plot, _WIDE), class_="wide"),
        element("div", chart_of(plot, _NARROW), class_="narrow"),
        class_="chart",
    )


def _rows(page: ResultPage, links: Links) -> Markup:
    if page.report.sort is None and page.report.chart is None and len(page.table.rows) == 1:
        return figures_of(page.table)
    table = table_of(page, lambda user_id: _user(user_id, links))
    if not page.table.rows:
        return element("div", table, class_="scroll")
    # What scrolls must be reachable with the keyboard.
    return element(
        "div", table, class_="scroll", role="region", aria_labelledby="caption", tabindex="0"
    )


def _user(user_id: str, links: Links) -> Markup:
    query = urlencode({"user_id": user_id}, errors="replace")
    return element("a", user_id, href=f"{links.report('user_timeline')}?{query}")


def _onward(page: ResultPage) -> Iterator[Markup]:
    asked = _query_of(page)
    cursor = page.request.cursor
    if page.next_cursor is not None:
        onward = _address({**asked, "cursor": page.next_cursor})
        yield element("a", "Next page", href=onward, rel="next", class_="button next")
    if cursor is not None:
        yield element("a", "First page", href=_address(asked), class_="button")
    here = asked if cursor is None else {**asked, "cursor": str(cursor)}
    for format_ in ("csv", "json"):
        address = _address({**here, "format": format_})
        yield element("a", f"This page as {format_.upper()}", href=address, class_="button")


def _query_of(page: ResultPage) -> dict[str, str]:
    """What the caller asked, as a URL's query says it."""
    query = {name: each.text for name, each in page.arguments.items() if each.text is not None}
    return query if page.report.sort is None else {**query, "limit": str(page.request.limit)}


def _address(query: Mapping[str, str]) -> str:
    return f"?{urlencode(query, errors='replace')}"
