"""What a chart shows, taken from a report's rows as its header declares it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from reports.answers import Page
from reports.cells import heading

# More bars than these are no picture any more; the table has them all.
MAX_BARS = 20


@dataclass(frozen=True)
class Series:
    """One value for each label of a plot, none below zero."""

    name: str
    values: tuple[Decimal, ...]


@dataclass(frozen=True)
class Plot:
    """A picture to draw. `by` names what the labels are, each series has a value for every one."""

    shape: Literal["columns", "bars"]
    title: str
    by: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]


def plot_of(page: Page) -> Plot | None:
    """The picture that the report declares; None when it declares none or all would be zero."""
    chart = page.report.chart
    if chart is None:
        return None
    rows = page.table.rows if chart.shape == "columns" else page.table.rows[:MAX_BARS]
    series = tuple(
        Series(heading(name), tuple(_amount(row, name) for row in rows)) for name in chart.values
    )
    if not any(any(each.values) for each in series):
        return None
    labels = tuple(_label(row[chart.labels]) for row in rows)
    return Plot(chart.shape, page.report.title, heading(chart.labels), labels, series)


def _amount(row: Mapping[str, Any], column: str) -> Decimal:
    return max(Decimal(row[column] or 0), Decimal(0))


def _label(value: Any) -> str:
    return "none" if value is None else str(value)
