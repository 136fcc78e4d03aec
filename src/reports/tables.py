"""A report's rows as people read them: columns in reading order, and each value in words."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from reports.answers import ResultPage
from reports.formats import heading, number
from reports.kinds import written

_BADGES = {"payment_status", "outcome", "held_reason"}
_GOOD = {"paid", "recorded"}
_WAITING = {"pending", "disputed", "refunded"}
_BAD = {"failed", "lost"}


class Cell(NamedTuple):
    """A value. `detail` is the class of a badge, or a time as programs read it."""

    kind: Literal["nothing", "user", "id", "badge", "time", "text"]
    text: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Column:
    """A column: its name in the rows and in words, and the class of its cells."""

    name: str
    heading: str
    class_: Literal["number", "note", ""]


@dataclass(frozen=True)
class ShownTable:
    """Rows of cells, a cell for each column, and how many there are in words."""

    caption: str
    columns: tuple[Column, ...]
    rows: list[list[Cell]]


def table_of(page: ResultPage) -> ShownTable:
    """All rows of the page."""
    columns = tuple(column_of(page, name) for name in in_reading_order(page.table.columns))
    count = len(page.table.rows)
    return ShownTable(
        caption=f"{page.report.title}: {count:,} row{'' if count == 1 else 's'}"
        f"{', more follow' if page.next_cursor else ''}",
        columns=columns,
        rows=[[cell_of(each.name, row[each.name]) for each in columns] for row in page.table.rows],
    )


def in_reading_order(columns: tuple[str, ...]) -> tuple[str, ...]:
    """The first column stays, and the ids that only a program reads go to the end."""
    ids = [column for column in columns[1:] if column.endswith("_id") and column != "user_id"]
    return (*(column for column in columns if column not in ids), *ids)


def column_of(page: ResultPage, name: str) -> Column:
    values = [row[name] for row in page.table.rows if row[name] is not None]
    if values and all(map(is_number, values)):
        return Column(name, heading(name), "number")
    return Column(name, heading(name), "note" if name == "note" else "")


def is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def cell_of(column: str, value: Any) -> Cell:
    """How a value looks depends on its column's name and its type."""
    if value is None:
        return Cell("nothing")
    if column.endswith("_id"):
        return Cell("user" if column == "user_id" else "id", str(value))
    if column in _BADGES:
        return Cell("badge", str(value), mood_of(column, str(value)))
    match value:
        case str():
            return Cell("text", value)
        case bool():
            return Cell("text", "yes" if value else "no")
        case int() | Decimal():
            return Cell("text", number(value, signed=column == "delta"))
        case datetime():
            return Cell("time", f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}", written(value))
        case date():
            return Cell("time", value.isoformat(), value.isoformat())
        case list():
            return Cell("text", ", ".join(str(each) for each in value))
    return Cell("text", written(value))


def mood_of(column: str, value: str) -> str:
    if column == "held_reason" or value in _WAITING:
        return "waiting"
    return "good" if value in _GOOD else "bad" if value in _BAD else "plain"
