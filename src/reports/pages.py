"""Pages of HTML: all reports, one of them, or a problem. Markup and style are files in `html/`."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from reports.answers import ResultPage
from reports.charts import chart_of, legend_of, plot_of
from reports.declaration import Report, Reports
from reports.formats import heading
from reports.kinds import written
from reports.markup import Markup, escaped
from reports.parameters import Argument, Parameter
from reports.problems import Problem
from reports.requests import DEFAULT_LIMIT, MAX_LIMIT
from reports.tables import table_of

if TYPE_CHECKING:
    from jinja2 import Environment

_HTML = Path(__file__).parent / "html"
STYLE = (_HTML / "style.css").read_text("utf-8")

# Nothing but this style sheet may load or run: no script, no picture, no font, no other site.
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}';"
    " img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_LIMITS = (20, DEFAULT_LIMIT, 100, 200, 500, MAX_LIMIT)
_TITLES = {"unknown_report": "There is no such report"}
_SENTENCE_END = re.compile(r"(?<=\.)\s")
_WORD = re.compile(r"(\b[a-z]+(?:_[a-z]+)+\b)")


class Links:
    """Addresses as seen from one page. They are relative: the API may lie below a stage's name."""

    def __init__(self, *, from_index: bool) -> None:
        self._to_reports = "reports/" if from_index else ""
        self.index = "reports" if from_index else "../reports"

    def report(self, name: str) -> str:
        """The page of a report."""
        return f"{self._to_reports}{name}"


@dataclass(frozen=True)
class Field:
    """A parameter in a form, with the value that is in force: a choice, or an input of a type with
    some attributes more. `exactly` is the value as a query, where an input would change it."""

    name: str
    label: str
    hint: str
    value: str
    required: str
    choices: tuple[str, ...]
    may_be_all: bool
    type: str
    more: tuple[tuple[str, str], ...]
    exactly: str


def index_page(reports: Reports) -> str:
    """All reports, each with what it tells."""
    return _page("index.html", "Reports", reports, Links(from_index=True))


def report_page(page: ResultPage, reports: Reports) -> str:
    """A page of a report: its parameters, a chart if it has one, the rows, and where to go on."""
    report, arguments = page.report, page.arguments
    values = {each.name: form_value(each, arguments[each.name]) for each in report.parameters}
    is_summary = report.sort is None and report.chart is None
    return _page(
        "report.html",
        report.title,
        reports,
        Links(from_index=False),
        **form_of(report, values, page.request.limit),
        problem=None,
        plot=plot_of(page),
        are_figures=is_summary and len(page.table.rows) == 1,
        shown=table_of(page),
        onward=list(links_onward(page)),
    )


def problem_page(
    problem: Problem, reports: Reports, name: str | None, given: Mapping[str, object]
) -> str:
    """Why there is no report, with the form to try again if it is known which one was meant."""
    links = Links(from_index=name is None)
    report = reports.by_name.get(name or "")
    if report is None:
        title = _TITLES.get(problem.code, "That did not work")
        return _page("problem.html", title, reports, links, problem=problem)
    values = {key: value for key, value in given.items() if isinstance(value, str)}
    form = form_of(report, values, DEFAULT_LIMIT)
    title = f"Problem: {report.title}"
    return _page("report.html", title, reports, links, **form, problem=problem)


def _page(template: str, title: str, reports: Reports, links: Links, **content: object) -> str:
    frame = {"title": title, "reports": reports, "links": links, "style": Markup(STYLE)}
    return rendered(template, {"report": None} | frame | content)


def form_of(report: Report, values: Mapping[str, str], limit: int) -> dict[str, object]:
    return {
        "report": report,
        "fields": [field_of(each, values.get(each.name, "")) for each in report.parameters],
        "limits": sorted({*_LIMITS, limit}) if report.sort else [],
        "limit": limit,
    }


def form_value(parameter: Parameter, argument: Argument) -> str:
    """A value as the form holds it: "30 days ago" becomes the date that it stands for."""
    if argument.value is None or argument.text is None:
        return ""
    return written(argument.value) if parameter.kind.name == "date" else argument.text


def field_of(parameter: Parameter, value: str) -> Field:
    kind = parameter.kind.name
    is_broken = kind == "text" and ("\n" in value or "\r" in value)
    # No maxlength: a browser cuts what is pasted, and half an id is another one.
    type_, more = "text", {"placeholder": parameter.example}
    if kind == "date":
        type_, more = "date", {}
    if kind == "integer":
        bounds = {"min": parameter.low, "max": parameter.high, "step": "1"}
        type_, more = "number", {name: bound for name, bound in bounds.items() if bound is not None}
    return Field(
        name=parameter.name,
        label=heading(parameter.name) + (" (required)" if parameter.required else ""),
        hint=parameter.description or parameter.expected,
        value=value,
        required=" required" if parameter.required else "",
        choices=("true", "false") if kind == "boolean" else parameter.choices,
        may_be_all=parameter.default is None and not parameter.required,
        type=type_,
        more=tuple(more.items()),
        exactly=urlencode({parameter.name: value}, errors="replace") if is_broken else "",
    )


def links_onward(page: ResultPage) -> Iterator[tuple[str, str, str]]:
    """Links to other pages of the same list, and to this one in other formats: label, address and
    class."""
    asked = {name: each.text for name, each in page.arguments.items() if each.text is not None}
    if page.report.sort is not None:
        asked["limit"] = str(page.request.limit)
    here = asked if page.request.cursor is None else {**asked, "cursor": str(page.request.cursor)}
    if page.next_cursor is not None:
        yield "Next page", query({**asked, "cursor": page.next_cursor}), "button next"
    if page.request.cursor is not None:
        yield "First page", query(asked), "button"
    for format_ in ("csv", "json"):
        yield f"This page as {format_.upper()}", query({**here, "format": format_}), "button"


def query(asked: Mapping[str, str]) -> str:
    """An address on the same path."""
    return f"?{urlencode(asked, errors='replace')}"


def groups(reports: Reports) -> list[tuple[str, list[Report]]]:
    """The reports as people look for them: summaries, and lists."""
    every = reports.by_name.values()
    return [
        ("Summaries", [report for report in every if report.sort is None]),
        ("Lists", [report for report in every if report.sort is not None]),
    ]


def sentences(description: str) -> tuple[str, str]:
    """The first sentence, and the others."""
    first, *more = _SENTENCE_END.split(description, maxsplit=1)
    return first, "".join(more)


def rendered(template: str, context: Mapping[str, object]) -> str:
    """What a template in `html/` makes of these; all that is not Markup is escaped."""
    return templates().get_template(template).render(context)


@cache
def templates() -> "Environment":
    # Importing it takes as long as some reports: only who asks for HTML waits for it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_HTML),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        # Escapes as Jinja would, and what browsers would change besides.
        finalize=lambda value: value if hasattr(value, "__html__") else escaped(str(value)),
    )
    functions = (chart_of, groups, legend_of, query, sentences, zip)
    made.globals |= {each.__name__: each for each in functions} | {"words": _WORD.split}
    return made
