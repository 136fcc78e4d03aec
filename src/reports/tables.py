"""A report's rows as an HTML table, or as figures when there is only one row."""

from collections.abc import Mapping
from typing import Any

from reports.answers import ResultPage, Table
from reports.cells import UserLink, cell, is_number
from reports.formats import heading
from reports.markup import Markup, Part, element


def table_of(page: ResultPage, user_link: UserLink) -> Markup:
    """The rows, with a caption that says how many there are and whether more follow."""
    table = Table(in_reading_order(page.table.columns), page.table.rows)
    if not table.rows:
        return element("p", "There is nothing to report.", class_="empty")
    numbers = {column for column in table.columns if _holds_numbers(table, column)}
    head = element("tr", [_head(column, column in numbers) for column in table.columns])
    body = [_row(table.columns, row, numbers, user_link) for row in table.rows]
    return element(
        "table",
        element("caption", _caption(page), id="caption"),
        element("thead", head),
        element("tbody", body),
    )


def in_reading_order(columns: tuple[str, ...]) -> tuple[str, ...]:
    """The first column stays, and the ids that only a program reads go to the end."""
    ids = [column for column in columns[1:] if column.endswith("_id") and column != "user_id"]
    return (*(column for column in columns if column not in ids), *ids)


def figures_of(table: Table) -> Markup:
    """The only row of a summary, as names with their values."""
    [row] = table.rows
    return element(
        "dl",
        [
            element(
                "div",
                element("dt", heading(column)),
                element("dd", cell(column, row[column], _unlinked)),
            )
            for column in table.columns
        ],
        class_="figures",
    )


def _unlinked(user_id: str) -> Markup:
    return element("span", user_id)


def _caption(page: ResultPage) -> str:
    count = len(page.table.rows)
    rows = f"{count:,} row{'' if count == 1 else 's'}"
    return f"{page.report.title}: {rows}{', more follow' if page.next_cursor else ''}"


def _holds_numbers(table: Table, column: str) -> bool:
    values = [row[column] for row in table.rows if row[column] is not None]
    return bool(values) and all(is_number(value) for value in values)


def _head(column: str, is_numeric: bool) -> Markup:
    return element("th", heading(column), scope="col", class_="number" if is_numeric else None)


def _row(
    columns: tuple[str, ...], row: Mapping[str, Any], numbers: set[str], user_link: UserLink
) -> Markup:
    return element(
        "tr", [_cell(column, row[column], column in numbers, user_link) for column in columns]
    )


def _cell(column: str, value: Any, is_numeric: bool, user_link: UserLink) -> Part:
    class_ = "number" if is_numeric else "note" if column == "note" else None
    return element("td", cell(column, value, user_link), class_=class_)
