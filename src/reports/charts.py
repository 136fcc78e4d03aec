"""A report's rows as a static SVG: no script, no style of its own, a text for screen readers.

Colours come from the page through the classes `series-1` to `series-3`, `grid` and `quiet`. Sizes
are in pixels, computed with decimals from the amounts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from reports.answers import ResultPage
from reports.formats import heading, number
from reports.markup import Markup, element

# More bars than these are no picture any more; the table has them all.
MAX_BARS = 20

_HEIGHT = 260
_TOP, _BOTTOM, _LEFT, _RIGHT = 12, 28, 64, 8
_BAR, _BAR_GAP = 20, 14
_LETTER = Decimal(7)
_LABEL_SPACE = 80
_STEPS = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
_MOST_MARKS = 5


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


def plot_of(page: ResultPage) -> Plot | None:
    """The picture that the report declares; None when it declares none or all would be zero."""
    chart = page.report.chart
    if chart is None:
        return None
    rows = page.table.rows if chart.shape == "columns" else page.table.rows[:MAX_BARS]
    series = tuple(
        Series(heading(name), tuple(max(Decimal(row[name] or 0), Decimal(0)) for row in rows))
        for name in chart.values
    )
    if not any(any(each.values) for each in series):
        return None
    found = (row[chart.labels] for row in rows)
    labels = tuple("none" if label is None else str(label) for label in found)
    return Plot(chart.shape, page.report.title, heading(chart.labels), labels, series)


@dataclass(frozen=True)
class Scale:
    """An axis from zero to its highest mark, `room` pixels long; `most` is the largest amount."""

    marks: tuple[Decimal, ...]
    room: Decimal
    most: Decimal

    def pixels(self, amount: Decimal) -> Decimal:
        """How long an amount is beside the marks."""
        return self.room * amount / self.marks[-1]

    def pixels_of_most(self, amount: Decimal) -> Decimal:
        """How long an amount is when the largest one takes all the room."""
        return self.room * amount / self.most


def scale_to(most: Decimal, room: Decimal) -> Scale:
    """A scale that holds `most` (above zero), with at most five round marks above zero."""
    power = Decimal(10) ** (most.adjusted() - 1)
    step = next(
        step
        for power_ in (power, power * 10)
        for step in (power_ * each for each in _STEPS)
        if step * _MOST_MARKS >= most
    ).normalize()
    count = int((most / step).to_integral_value(ROUND_CEILING))
    return Scale(tuple(step * place for place in range(count + 1)), room, most)


def spaced(count: int, most: int) -> range:
    """Places 0..count-1 at one distance from each other, no more than `most` of them."""
    return range(0, count, -(-count // most))


def chart_of(plot: Plot, width: int) -> Markup:
    """The picture, `width` pixels wide; it shrinks with its container but does not grow."""
    draw = columns_of if plot.shape == "columns" else bars_of
    height, shapes = draw(plot, width)
    return element(
        "svg",
        element("title", f"{plot.title}, a chart"),
        element("desc", in_words(plot)),
        shapes,
        viewBox=f"0 0 {width} {height}",
        width=str(width),
        height=str(height),
        role="img",
        aria_label=f"{plot.title}, a chart. {in_words(plot)}",
    )


def legend_of(plot: Plot) -> Markup | None:
    """Which colour is what, when there is more than one."""
    if len(plot.series) == 1:
        return None
    squares = [
        (element("rect", width="12", height="12", rx="3", class_=f"series-{place}"), each.name)
        for place, each in enumerate(plot.series, start=1)
    ]
    return element(
        "ul",
        [
            element("li", element("svg", square, width="12", height="12", aria_hidden="true"), name)
            for square, name in squares
        ],
        class_="legend",
    )


def in_words(plot: Plot) -> str:
    parts = []
    for each in plot.series:
        most = max(each.values)
        label = plot.labels[each.values.index(most)]
        total = number(sum(each.values, Decimal(0)))
        parts.append(f"{each.name}: {total} in total, most {number(most)} at {label}.")
    return " ".join([*parts, "The table has all values."])


def columns_of(plot: Plot, width: int) -> tuple[int, Iterable[Markup]]:
    by_label = zip(*(each.values for each in plot.series), strict=True)
    highest = max(sum(values, Decimal(0)) for values in by_label)
    scale = scale_to(highest, Decimal(_HEIGHT - _TOP - _BOTTOM))
    slot = Decimal(width - _LEFT - _RIGHT) / len(plot.labels)
    columns = [
        column_of_day(plot, place, scale, Decimal(_LEFT) + slot * place, slot)
        for place in range(len(plot.labels))
    ]
    return _HEIGHT, [*grid_of(scale, width), *columns, *day_labels(plot, slot, width)]


def column_of_day(plot: Plot, place: int, scale: Scale, left: Decimal, slot: Decimal) -> Markup:
    """One day: its parts stacked, and a strip from top to bottom that shows the amounts."""
    thickness = max(min(slot * Decimal("0.72"), Decimal(44)), Decimal("0.5"))
    base = Decimal(_HEIGHT - _BOTTOM)
    shapes = []
    for layer, each in enumerate(plot.series, start=1):
        tall = scale.pixels(each.values[place])
        base -= tall
        x = left + (slot - thickness) / 2
        if tall:
            shapes.append(rectangle(x, base, thickness, tall, f"series-{layer}"))
    strip = rectangle(left, Decimal(_TOP), slot, Decimal(_HEIGHT - _TOP - _BOTTOM), "strip")
    return element("g", element("title", amounts_at(plot, place)), strip, shapes)


def amounts_at(plot: Plot, place: int) -> str:
    amounts = [f"{each.name} {number(each.values[place])}" for each in plot.series]
    return f"{plot.labels[place]}: {', '.join(amounts)}"


def grid_of(scale: Scale, width: int) -> list[Markup]:
    shapes = []
    for mark in scale.marks:
        y = Decimal(_HEIGHT - _BOTTOM) - scale.pixels(mark)
        shapes.append(grid_line(_LEFT, width - _RIGHT, y))
        shapes.append(text_at(Decimal(_LEFT - 8), y + 4, number(mark), "end"))
    return shapes


def day_labels(plot: Plot, slot: Decimal, width: int) -> list[Markup]:
    most = max((width - _LEFT - _RIGHT) // _LABEL_SPACE, 1)
    y = Decimal(_HEIGHT - 8)
    return [
        text_at(Decimal(_LEFT) + slot * place + slot / 2, y, plot.labels[place], "middle")
        for place in spaced(len(plot.labels), most)
    ]


def bars_of(plot: Plot, width: int) -> tuple[int, Iterable[Markup]]:
    [series] = plot.series[:1]
    side = min(max(len(label) for label in plot.labels) * _LETTER + 16, Decimal(width) * 2 / 5)
    room = Decimal(width) - side - max(len(number(v)) for v in series.values) * _LETTER - 16
    scale = scale_to(max(series.values), max(room, Decimal(40)))
    rows = [
        bar_of(plot, place, scale, side, Decimal(4 + place * (_BAR + _BAR_GAP)))
        for place in range(len(plot.labels))
    ]
    return len(rows) * (_BAR + _BAR_GAP), rows


def bar_of(plot: Plot, place: int, scale: Scale, side: Decimal, top: Decimal) -> Markup:
    value = plot.series[0].values[place]
    long = max(scale.pixels_of_most(value), Decimal(1))
    letters = int((side - 12) / _LETTER)
    label = plot.labels[place]
    shown = label if len(label) <= letters else f"{label[: max(letters - 1, 1)]}…"
    middle = top + _BAR // 2 + 4
    return element(
        "g",
        element("title", amounts_at(plot, place)),
        text_at(side - 10, middle, shown, "end"),
        rectangle(side, top, long, Decimal(_BAR), "series-1"),
        text_at(side + long + 8, middle, number(value), "start"),
    )


def rectangle(x: Decimal, y: Decimal, width: Decimal, height: Decimal, class_: str) -> Markup:
    return element(
        "rect",
        x=in_pixels(x),
        y=in_pixels(y),
        width=in_pixels(width),
        height=in_pixels(height),
        class_=class_,
    )


def grid_line(left: int, right: int, y: Decimal) -> Markup:
    return element(
        "line", x1=str(left), x2=str(right), y1=in_pixels(y), y2=in_pixels(y), class_="grid"
    )


def text_at(x: Decimal, y: Decimal, content: str, anchor: str) -> Markup:
    return element(
        "text", content, x=in_pixels(x), y=in_pixels(y), text_anchor=anchor, class_="quiet"
    )


def in_pixels(length: Decimal) -> str:
    return f"{length:.1f}"
