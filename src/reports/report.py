"""One report as its file declares it."""

from dataclasses import dataclass
from typing import Literal

from reports.kinds import Kind
from reports.parameters import Parameter


@dataclass(frozen=True)
class SortKey:
    """A column by which a list is ordered, and its type."""

    column: str
    kind: Kind


@dataclass(frozen=True)
class Sort:
    """The order of a list: keys that are never null and unique in total, all in one direction."""

    keys: tuple[SortKey, ...]
    descending: bool

    @property
    def written(self) -> str:
        """The order as SQL's ORDER BY says it."""
        direction = "DESC" if self.descending else "ASC"
        return ", ".join(f"{key.column} {direction}" for key in self.keys)


@dataclass(frozen=True)
class Chart:
    """What to draw of a report's rows: `columns` stack their values over a row of days, `bars` lie
    one under the other. Values below zero are not drawn, so declare columns that have none."""

    shape: Literal["columns", "bars"]
    values: tuple[str, ...]
    labels: str


@dataclass(frozen=True)
class Report:
    """A named query. With a `sort` it is a list and paged; without, a summary, answered whole.

    `statement` is one SELECT with `%(name)s::type` placeholders for its parameters.
    """

    name: str
    title: str
    description: str
    parameters: tuple[Parameter, ...]
    sort: Sort | None
    chart: Chart | None
    statement: str
