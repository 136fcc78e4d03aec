"""Makes reports and their parts, each with as little as a test needs to say."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from reports.answers import Exported, Table
from reports.declaration import Report, Reports, read_report, read_reports
from reports.parameters import Argument
from reports.problems import Problem
from reports.queries import Query

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def report_file(*header: str, statement: str = "SELECT 1 AS one") -> str:
    """A report's file: a title, a description, and these header lines above the statement."""
    lines = ["title: A report", "description: What it says.", *header]
    return "\n".join([*(f"-- {line}" for line in lines), "", statement])


def report(*header: str, statement: str = "SELECT 1 AS one", name: str = "a_report") -> Report:
    """The report of such a file."""
    return read_report(name, report_file(*header, statement=statement))


def parameterised(declared: str, *, sort: str | None = None) -> Report:
    """A report with the one parameter `x`, declared like this."""
    header = [f"param x: {declared}", *([f"sort: {sort}"] if sort else [])]
    return report(*header, statement="SELECT %(x)s AS x")


def arguments(**texts: str | None) -> dict[str, Argument]:
    """Arguments with these texts."""
    return {name: Argument(text, text) for name, text in texts.items()}


def code_of(answered: object) -> str:
    """Why there is no answer, as the code of the problem that came instead."""
    assert isinstance(answered, Problem), answered
    return answered.code


class FakeStore:
    """A store that answers every query with the same, and remembers the queries."""

    def __init__(self, files: Mapping[str, str], answer: Table | Problem) -> None:
        self._reports = read_reports(files)
        self._answer = answer
        self.queries: list[Query] = []

    @property
    def reports(self) -> Reports:
        return self._reports

    def read(self, query: Query) -> Table | Problem:
        self.queries.append(query)
        return self._answer

    def export(self, query: Query) -> Exported | Problem:
        self.queries.append(query)
        return Exported(query.report, "https://bucket.test/x", NOW, 3, 99)


def table(*rows: Mapping[str, Any], columns: Sequence[str] = ("n",)) -> Table:
    """What a database would answer."""
    return Table(tuple(columns), rows)


# Reports as a dashboard may show them: by day, by time, and without any.
DASHBOARD_REPORTS = read_reports(
    {
        "by_day": report_file(
            "param from: date 2020-01-01..today, default 30 days ago",
            "param to: date 2020-01-01..tomorrow, default tomorrow",
            statement="SELECT %(from)s, %(to)s",
        ),
        "log": report_file(
            "param from: timestamp 2020-01-01..now",
            "sort: n integer asc",
            statement="SELECT 1 AS n, %(from)s AS f",
        ),
        "total": report_file(),
    }
)
