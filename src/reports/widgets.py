"""CloudWatch dashboard widgets: their calls, read as any other, their HTML and documentation.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_about.html

Events are read as the plain JSON that they are: Powertools has a class for them, and importing it
takes 60 ms of every cold start to save two look-ups.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from reports.answers import Answer, ResultPage
from reports.charts import plot_of
from reports.declaration import Reports
from reports.formats import as_json
from reports.kinds import written
from reports.markup import Markup
from reports.pages import STYLE, rendered
from reports.parameters import Parameter
from reports.problems import Problem
from reports.requests import FIELDS
from reports.tables import table_of

_MARGIN = 24
_NARROWEST, _WIDEST, _USUAL = 240, 2000, 600


@dataclass(frozen=True)
class Widget:
    """How the dashboard shows the widget. `width` is in pixels, for the chart in it."""

    view: Literal["chart", "table"]
    theme: Literal["light", "dark"]
    width: int


def is_widget(event: object) -> bool:
    """Whether a dashboard sent this: it adds `widgetContext` to every call."""
    return isinstance(event, dict) and ("widgetContext" in event or asks_to_describe(event))


def asks_to_describe(event: Mapping[str, Any]) -> bool:
    """Whether the dashboard wants the documentation."""
    return event.get("describe") is True


def widget_of(event: Mapping[str, Any]) -> Widget:
    """How to show it; what cannot be read is as usual."""
    context = _object(event.get("widgetContext"))
    return Widget(
        view="table" if given_in(event).get("view") == "table" else "chart",
        theme="dark" if context.get("theme") == "dark" else "light",
        width=chart_width(context.get("width")),
    )


def chart_width(width: object) -> int:
    if not isinstance(width, int) or isinstance(width, bool):
        return _USUAL
    return min(max(width - _MARGIN, _NARROWEST), _WIDEST)


def call_of(event: Mapping[str, Any], reports: Reports, now: datetime) -> dict[str, Any]:
    """The call: `report`, `params`, `limit` and `cursor` as given, and the dashboard's time range
    for the parameters `from` and `to` that are not."""
    given = given_in(event)
    call = {field: value for field, value in given.items() if field in FIELDS}
    call.pop("format", None)
    report = reports.by_name.get(str(call.get("report")))
    params = call.get("params") or {}
    if report is None or not isinstance(params, dict):
        return call
    ranged = time_range(event, report.parameters, now)
    return {**call, "params": {**ranged, **params}} if ranged else call


def given_in(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """A button's call says everything itself; else the parameters that the widget was made with."""
    if "report" in event:
        return event
    return {**_object(_object(event.get("widgetContext")).get("params")), **event}


def time_range(
    event: Mapping[str, Any], parameters: tuple[Parameter, ...], now: datetime
) -> dict[str, str]:
    ranged = _object(_object(event.get("widgetContext")).get("timeRange"))
    shown = _object(ranged.get("zoom")) or ranged
    texts: dict[str, str] = {}
    for parameter in parameters:
        place = {"from": "start", "to": "end"}.get(parameter.name)
        if place is not None and (at := time_of(shown.get(place))) is not None:
            texts[parameter.name] = time_taken_by(parameter, at, now)
    return texts


def time_of(milliseconds: object) -> datetime | None:
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def time_taken_by(parameter: Parameter, at: datetime, now: datetime) -> str:
    """The time as the parameter takes it. A day that is shown in part is shown whole, and a time
    that the report does not allow becomes the next one that it does."""
    moment: Any = at
    if parameter.kind.name == "date":
        moment = at.date() if parameter.name == "from" else day_after(at)
    low, high = (
        None if bound is None else parameter.kind.read(bound, now)
        for bound in (parameter.low, parameter.high)
    )
    if low is not None:
        moment = max(moment, low)
    if high is not None:
        moment = min(moment, high)
    return written(moment)


def day_after(at: datetime) -> date:
    try:
        return (at - timedelta(microseconds=1)).date() + timedelta(days=1)
    except OverflowError:
        return at.date()


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def widget_html(answer: Answer, widget: Widget, function_arn: str) -> str:
    """What the dashboard shows. `function_arn` is what its buttons call; without it there are
    none."""
    content: dict[str, Any] = dict.fromkeys(("plot", "shown", "reports", "problem", "json"))
    match answer:
        case ResultPage() if widget.view == "chart" and (plot := plot_of(answer)):
            content["plot"] = plot
        case ResultPage():
            content["shown"] = table_of(answer)
            content["onward"] = list(buttons_onward(answer, widget.view))
        case Reports():
            content["reports"] = [
                each
                for each in answer.by_name.values()
                if not any(parameter.required for parameter in each.parameters)
            ]
        case Problem():
            content["problem"] = answer
        case _:
            content["json"] = json.dumps(as_json(answer), indent=2)
    frame = {"theme": widget.theme, "width": widget.width, "function_arn": function_arn}
    style = Markup(style_of(widget.theme))
    return rendered("widget.html", {**frame, **content, "style": style})


def buttons_onward(page: ResultPage, view: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Buttons to other pages of a list: label, call and class."""
    params = {name: each.text for name, each in page.arguments.items() if each.text is not None}
    call: dict[str, Any] = {"report": page.report.name, "params": params, "view": view}
    if page.report.sort is not None:
        call["limit"] = page.request.limit
    if page.request.cursor is not None:
        yield "First page", call, "btn"
    if page.next_cursor is not None:
        yield "Next page", {**call, "cursor": page.next_cursor}, "btn btn-primary"


def style_of(theme: str) -> str:
    """The colours of the dashboard's theme and the rules for charts and tables, all of which keep
    to the widget."""
    light, dark = re.findall(r":root {(.*?)}", STYLE, re.DOTALL)
    _, _, rules = STYLE.partition("/* Charts and tables")
    _, _, rules = rules.partition("*/\n")
    inside = f".tokentill.{theme}"
    return (
        f"{inside} {{{dark if theme == 'dark' else light}color: var(--text); }}\n"
        f"{inside} :is(th, td) {{ white-space: nowrap; color: var(--text); }}\n"
        + re.sub("^(?=[a-z.])", f"{inside} ", rules, flags=re.MULTILINE)
    )


def documentation(reports: Reports) -> str:
    """What the dashboard shows to somebody who sets the widget up, as Markdown."""
    lines = "\n".join(
        f"| `{each.name}` | {each.title} | {_parameters(each.parameters)} |"
        for each in reports.by_name.values()
    )
    return _DOCUMENTATION.replace("REPORTS", lines)


def _parameters(parameters: tuple[Parameter, ...]) -> str:
    return ", ".join(
        f"`{each.name}`{' (required)' if each.required else ''}" for each in parameters
    )


_DOCUMENTATION = """## Tokentill reports

Shows a report as a chart or as a table. A report with the parameters `from` and `to` follows the
dashboard's time range unless they are given.

### Widget parameters

| Name | Meaning |
| --- | --- |
| `report` | Which report, from the list below |
| `params` | The report's own parameters |
| `view` | `chart` (default, where the report has one) or `table` |
| `limit` | Rows a page of a list, 1 to 1000 |

### Example

``` yaml
report: revenue_by_day
view: chart
```

### Reports

| Report | Title | Parameters |
| --- | --- | --- |
REPORTS
"""
