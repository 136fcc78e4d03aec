"""What a CloudWatch dashboard asks for, as a call like any other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from reports.catalogue import Catalogue
from reports.kinds import written
from reports.parameters import Parameter
from reports.requests import FIELDS

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
        view="table" if _given(event).get("view") == "table" else "chart",
        theme="dark" if context.get("theme") == "dark" else "light",
        width=_chart_width(context.get("width")),
    )


def _chart_width(width: object) -> int:
    if not isinstance(width, int) or isinstance(width, bool):
        return _USUAL
    return min(max(width - _MARGIN, _NARROWEST), _WIDEST)


def call_of(event: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> dict[str, Any]:
    """The call: `report`, `params`, `limit` and `cursor` as given, and the dashboard's time range
    for the parameters `from` and `to` that are not."""
    given = _given(event)
    call = {field: value for field, value in given.items() if field in FIELDS}
    call.pop("format", None)
    report = catalogue.reports.get(str(call.get("report")))
    params = call.get("params") or {}
    if report is None or not isinstance(params, dict):
        return call
    ranged = _time_range(event, report.parameters, now)
    return {**call, "params": {**ranged, **params}} if ranged else call


def _given(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """A button's call says everything itself; else the parameters that the widget was made with."""
    if "report" in event:
        return event
    return {**_object(_object(event.get("widgetContext")).get("params")), **event}


def _time_range(
    event: Mapping[str, Any], parameters: tuple[Parameter, ...], now: datetime
) -> dict[str, str]:
    ranged = _object(_object(event.get("widgetContext")).get("timeRange"))
    shown = _object(ranged.get("zoom")) or ranged
    texts: dict[str, str] = {}
    for parameter in parameters:
        place = {"from": "start", "to": "end"}.get(parameter.name)
        if place is not None and (at := _time(shown.get(place))) is not None:
            texts[parameter.name] = _text(parameter, at, now)
    return texts


def _time(milliseconds: object) -> datetime | None:
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _text(parameter: Parameter, at: datetime, now: datetime) -> str:
    """The time as the parameter takes it. A day that is shown in part is shown whole, and a time
    that the report does not allow becomes the next one that it does."""
    moment: Any = at
    if parameter.kind.name == "date":
        moment = at.date() if parameter.name == "from" else _day_after(at)
    low, high = (
        None if bound is None else parameter.kind.read(bound, now)
        for bound in (parameter.low, parameter.high)
    )
    if low is not None:
        moment = max(moment, low)
    if high is not None:
        moment = min(moment, high)
    return written(moment)


def _day_after(at: datetime) -> date:
    try:
        return (at - timedelta(microseconds=1)).date() + timedelta(days=1)
    except OverflowError:
        return at.date()


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
