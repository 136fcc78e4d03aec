"""The statement that answers one call: the report's own, with the page cut out of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from reports.declaration import Report, Sort
from reports.kinds import Value
from reports.parameters import Arguments

# A summary is answered whole; one with more rows than this should have been a list.
MAX_SUMMARY_ROWS = 1000


@dataclass(frozen=True)
class Query:
    """A statement with psycopg's named placeholders, and the values to bind to them."""

    report: str
    statement: str
    values: Mapping[str, Value | None]


def list_query(
    report: Report, sort: Sort, arguments: Arguments, after: tuple[Value, ...] | None, limit: int
) -> Query:
    """A page of a list, and one row more to tell whether another page follows.

    The report is a plain subquery, which Postgres flattens: the row comparison and the order reach
    the table's index, and a page costs what it holds, wherever in the list it is.
    """
    keys = {f"page_key_{i}": value for i, value in enumerate(after or ())}
    where = f"\nWHERE {comparison(sort)}" if after else ""
    statement = f"{subquery(report)}{where}\nORDER BY {sort.written}\nLIMIT %(page_limit)s::bigint"
    return Query(report.name, statement, values_of(arguments) | keys | {"page_limit": limit + 1})


def summary_query(report: Report, arguments: Arguments) -> Query:
    """All rows of a summary, and one more than allowed to tell when there are too many."""
    statement = f"{subquery(report)}\nLIMIT %(page_limit)s::bigint"
    limit = {"page_limit": MAX_SUMMARY_ROWS + 1}
    return Query(report.name, statement, values_of(arguments) | limit)


def whole_query(report: Report, arguments: Arguments) -> Query:
    """All rows of a report, a list's in its order."""
    order = f"\nORDER BY {report.sort.written}" if report.sort else ""
    return Query(report.name, subquery(report) + order, values_of(arguments))


def subquery(report: Report) -> str:
    # Inside a subquery nothing but a SELECT parses: not even WITH ... AS (DELETE ...).
    return f"SELECT * FROM (\n{report.statement}\n) AS report"


def comparison(sort: Sort) -> str:
    columns = ", ".join(key.column for key in sort.keys)
    values = ", ".join(f"%(page_key_{i})s::{key.kind.sql_type}" for i, key in enumerate(sort.keys))
    return f"({columns}) {'<' if sort.descending else '>'} ({values})"


def values_of(arguments: Arguments) -> dict[str, Value | None]:
    return {name: argument.value for name, argument in arguments.items()}
