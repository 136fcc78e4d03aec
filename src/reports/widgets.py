"""Reports as CloudWatch dashboard widgets: their call, their HTML and their documentation.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_about.html

Events are read as the plain JSON that they are: Powertools has a class for them, and importing it
takes 60 ms of every cold start to save two look-ups.
"""

import json
from collections.abc import Mapping
from typing import Any

from reports.answers import Answer, Page
from reports.catalogue import Catalogue
from reports.charts import chart_of, legend_of
from reports.json_format import as_json
from reports.markup import Markup, Part, element, joined
from reports.parameters import Parameter
from reports.plots import plot_of
from reports.problems import Problem
from reports.style import widget_style
from reports.tables import table_of
from reports.widget_calls import Widget

_MARKUP_IN_JSON = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def widget_html(answer: Answer, widget: Widget, function_arn: str) -> str:
    """What the dashboard shows. `function_arn` is what its buttons call; without it there are
    none."""
    match answer:
        case Page():
            content = _page(answer, widget, function_arn)
        case Catalogue():
            content = _index(answer, function_arn)
        case Problem(code, message):
            content = element("p", element("b", code), ": ", message)
        case _:
            content = element("pre", json.dumps(as_json(answer), indent=2))
    style = element("style", Markup(widget_style(widget.theme)))
    return element("div", style, content, class_=f"tokentill {widget.theme}")


def _page(page: Page, widget: Widget, function_arn: str) -> Markup:
    plot = None if widget.view == "table" else plot_of(page)
    if plot is not None:
        return element("div", legend_of(plot), chart_of(plot, widget.width), class_="chart")
    table = table_of(page, lambda user_id: _user(user_id, function_arn))
    return joined([table, _onward(page, widget, function_arn)])


def _onward(page: Page, widget: Widget, function_arn: str) -> Part:
    params = {name: each.text for name, each in page.arguments.items() if each.text is not None}
    call: dict[str, Any] = {"report": page.report.name, "params": params, "view": widget.view}
    if page.report.sort is not None:
        call["limit"] = page.request.limit
    buttons: list[Part] = []
    if page.request.cursor is not None:
        buttons.append(_button("First page", call, "widget", function_arn, "btn"))
    if page.next_cursor is not None:
        following = {**call, "cursor": page.next_cursor}
        buttons.append(_button("Next page", following, "widget", function_arn, "btn btn-primary"))
    return element("p", buttons) if buttons else None


def _user(user_id: str, function_arn: str) -> Markup:
    call = {"report": "user_timeline", "params": {"user_id": user_id}}
    return _button(user_id, call, "popup", function_arn, None)


def _index(catalogue: Catalogue, function_arn: str) -> Markup:
    entries = [
        _button(each.title, {"report": each.name}, "widget", function_arn, None)
        for each in catalogue.reports.values()
        if not any(parameter.required for parameter in each.parameters)
    ]
    return element("ul", [element("li", entry) for entry in entries])


def _button(
    label: str, call: Mapping[str, Any], display: str, function_arn: str, class_: str | None
) -> Markup:
    """A link that calls the function again; the action belongs to the element before it."""
    if not function_arn:
        return element("span", label)
    action = element(
        "cwdb-action", _json(call), action="call", endpoint=function_arn, display=display
    )
    return joined([element("a", label, class_=class_), action])


def _json(call: Mapping[str, Any]) -> Markup:
    """JSON that holds no markup: it reads the same whether or not it is taken for HTML."""
    text = json.dumps(call)
    for character, written in _MARKUP_IN_JSON.items():
        text = text.replace(character, written)
    return Markup(text)


def documentation(catalogue: Catalogue) -> str:
    """What the dashboard shows to somebody who sets the widget up, as Markdown."""
    reports = "\n".join(
        f"| `{each.name}` | {each.title} | {_parameters(each.parameters)} |"
        for each in catalogue.reports.values()
    )
    return _DOCUMENTATION.replace("REPORTS", reports)


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
