"""A report's parameters as a form."""

from collections.abc import Mapping
from urllib.parse import urlencode

from reports.declaration import Report
from reports.formats import heading
from reports.kinds import Value, written
from reports.markup import Markup, element, joined
from reports.parameters import Parameter
from reports.requests import DEFAULT_LIMIT, EXACTLY, MAX_LIMIT

_LIMITS = (20, DEFAULT_LIMIT, 100, 200, 500, MAX_LIMIT)


def form_of(report: Report, values: Mapping[str, str], limit: int) -> Markup | None:
    """A form that asks for the report again; None when there is nothing to choose.

    :param values: what is in force now, by parameter, as text.
    """
    fields = [_field(parameter, values.get(parameter.name, "")) for parameter in report.parameters]
    if report.sort is not None:
        fields.append(_limit_field(limit))
    if not fields:
        return None
    return element(
        "form",
        *fields,
        element("button", "Show", type="submit"),
        class_="panel parameters",
        method="get",
        aria_label="Parameters",
    )


def shown_value(parameter: Parameter, value: Value | None, text: str | None) -> str:
    """A value as the form holds it: "30 days ago" becomes the date that it stands for."""
    if value is None or text is None:
        return ""
    return written(value) if parameter.kind.name == "date" else text


def _field(parameter: Parameter, value: str) -> Markup:
    about = f"about-{parameter.name}"
    hint = parameter.description or parameter.expected
    required = " (required)" if parameter.required else ""
    return element(
        "div",
        element("label", f"{heading(parameter.name)}{required}", for_=parameter.name),
        _control(parameter, value, about),
        element("span", hint, class_="hint", id=about),
        class_="field",
    )


def _control(parameter: Parameter, value: str, about: str) -> Markup:
    choices = ("true", "false") if parameter.kind.name == "boolean" else parameter.choices
    if choices:
        return _select(parameter, choices, value, about)
    if parameter.kind.name == "text" and ("\n" in value or "\r" in value):
        return _kept(parameter, value, about)
    type_, attributes = _input(parameter)
    return element(
        "input",
        type=type_,
        id=parameter.name,
        name=parameter.name,
        value=value,
        required=parameter.required,
        aria_describedby=about,
        **attributes,
    )


def _kept(parameter: Parameter, value: str, about: str) -> Markup:
    """Shows a value that an input would change, and sends it as it is."""
    shown = element(
        "input", type="text", id=parameter.name, value=value, readonly=True, aria_describedby=about
    )
    sent = element(
        "input",
        type="hidden",
        name=EXACTLY,
        value=urlencode({parameter.name: value}, errors="replace"),
    )
    return joined([shown, sent])


def _input(parameter: Parameter) -> tuple[str, dict[str, str | None]]:
    match parameter.kind.name:
        case "date":
            return "date", {}
        case "integer":
            return "number", {"min": parameter.low, "max": parameter.high, "step": "1"}
    # No maxlength: a browser cuts what is pasted, and half an id is another one.
    return "text", {"placeholder": parameter.example}


def _select(parameter: Parameter, choices: tuple[str, ...], value: str, about: str) -> Markup:
    optional = parameter.default is None and not parameter.required
    return element(
        "select",
        element("option", "all", value="") if optional else None,
        [element("option", each, value=each, selected=each == value) for each in choices],
        id=parameter.name,
        name=parameter.name,
        required=parameter.required,
        aria_describedby=about,
    )


def _limit_field(limit: int) -> Markup:
    limits = sorted({*_LIMITS, limit})
    options = [element("option", str(each), selected=each == limit) for each in limits]
    return element(
        "div",
        element("label", "Rows a page", for_="limit"),
        element("select", options, id="limit", name="limit"),
        class_="field",
    )
