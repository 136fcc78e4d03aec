"""A report as its SQL file declares it: the header comment, and the statement below.

    -- title: Payments of a user
    -- description: Everything a user has begun to buy, newest first.
    --     Indented lines continue the one above.
    -- param user_id: text 1..500, required, example user_123
    --     Who paid.
    -- param status: choice paid|refunded, default paid
    -- param since: date 2020-01-01..today, default 30 days ago
    -- sort: created_at timestamp desc, payment_id text desc
    -- chart: columns of net_usd, refunded_usd by day

    SELECT ... WHERE user_id = %(user_id)s

`title` and `description` are required. A parameter says its type (text, integer, number, boolean,
date, timestamp, choice), after it what is allowed (`low..high`, either may be left out; the length
for a text; the values for a choice), then, after commas and in any order, `required` or `default`,
and an `example`. The indented lines are its description.

`sort` makes the report a list, paged by these columns, and puts it in order: the statement then has
no ORDER BY or LIMIT of its own. Together the columns must be unique and none may be null; all go in
one direction, so that one row comparison finds the next page in an index. A report without `sort`
is a summary, answered whole, and orders its rows itself.

`chart` says which columns to draw: `columns` stacks them upright, for days; `bars` lays them down.

The statement is one SELECT. Placeholders are bound with their parameter's type, so they need no
cast, and a null parameter is just NULL. A literal percent sign is written twice.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from reports.kinds import KINDS, Kind
from reports.parameters import Parameter, read_value
from reports.problems import Problem, nearest, shown

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_DECLARATION = re.compile(r"(title|description|sort|chart|param(?: \S+)?): *(.*)")
_SORT_KEY = re.compile(r"(\S+) (\S+) (asc|desc)")
_CHART = re.compile(r"(columns|bars) of (\w+(?:, \w+)*) by (\w+)")
_PLACEHOLDER = re.compile(r"%\(([a-z][a-z0-9_]*)\)s")
_CHANGES_SETTINGS = re.compile(r"\bset_config\b|\bset\s+(local|session|role)\b", re.IGNORECASE)
_RESERVED_PREFIX = "page_"
# In a URL, parameters stand beside these.
_RESERVED = {"report", "limit", "cursor", "format", "export", "exactly"}
# Defaults and examples are checked as on a day after all others: "..today" then allows them.
_A_LATE_DAY = datetime(2100, 1, 1, tzinfo=UTC)


class HeaderError(Exception):
    """A report's file declares something that cannot be read, or contradicts itself."""


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


@dataclass(frozen=True)
class Reports:
    """All reports, by name and in alphabetical order."""

    by_name: Mapping[str, Report]

    def find(self, name: object) -> Report | Problem:
        """The report of this name, or `unknown_report` with the names there are."""
        if isinstance(name, str) and name in self.by_name:
            return self.by_name[name]
        return Problem(
            "unknown_report",
            f"There is no report {shown(name)}.{nearest(name, self.by_name)}"
            f" The reports are {', '.join(self.by_name)}.",
        )


def read_reports(files: Mapping[str, str]) -> Reports:
    """The reports of these files, given as text by name without ending.

    :raises HeaderError: the first file that cannot be read, and what is wrong with it.
    """
    return Reports({name: read_report(name, files[name]) for name in sorted(files)})


def read_report(name: str, text: str) -> Report:
    """The report that a file declares.

    :param name: the file's name without its ending.
    :raises HeaderError: says which report and what is wrong with its file.
    """
    try:
        return report_of(name, text)
    except HeaderError as error:
        raise HeaderError(f"sql/reports/{name}.sql: {error}") from None


def report_of(name: str, text: str) -> Report:
    if not _NAME.fullmatch(name):
        raise HeaderError("the file's name must be lower-case letters, digits and underscores")
    lines = text.strip().splitlines()
    end = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    declared = declarations_of(lines[:end])
    single = {key: " ".join(lines).strip() for key, lines in declared.items()}
    for required in ("title", "description"):
        if not single.get(required):
            raise HeaderError(f"the header has no {required}")
    parameters = tuple(
        parameter_of(key.removeprefix("param").strip(), lines[0], " ".join(lines[1:]))
        for key, lines in declared.items()
        if key.startswith("param")
    )
    return Report(
        name=name,
        title=single["title"],
        description=single["description"],
        parameters=parameters,
        sort=sort_of(single["sort"]) if "sort" in single else None,
        chart=chart_declared(single["chart"]) if "chart" in single else None,
        statement=statement_of("\n".join(lines[end:]), parameters),
    )


def declarations_of(header: list[str]) -> dict[str, list[str]]:
    """Each declaration's key with its lines: its own and those that continue it."""
    declared: dict[str, list[str]] = {}
    for line in header:
        content = line.removeprefix("--").removeprefix(" ").rstrip()
        if content.startswith(" ") and declared:
            declared[next(reversed(declared))].append(content.strip())
        elif found := _DECLARATION.fullmatch(content):
            if found[1] in declared:
                raise HeaderError(f"{found[1]} is declared twice")
            declared[found[1]] = [found[2]]
        elif content:
            raise HeaderError(f"cannot read the header line {content!r}")
    return declared


def statement_of(written: str, parameters: tuple[Parameter, ...]) -> str:
    """The statement, its placeholders with their types."""
    statement = written.strip().removesuffix(";").strip()
    kinds = {each.name: each.kind for each in parameters}
    if not re.match(r"(select|with)\b", statement, re.IGNORECASE):
        raise HeaderError("the statement must begin with SELECT or WITH")
    if ";" in statement:
        raise HeaderError("only one statement is allowed, and no other semicolon")
    # The transaction is read-only and under a role that can only read; a report must not undo it.
    if _CHANGES_SETTINGS.search(statement):
        raise HeaderError("a report must not change settings")
    used = set(_PLACEHOLDER.findall(statement))
    if used != kinds.keys():
        differing = ", ".join(sorted(used ^ kinds.keys()))
        raise HeaderError(f"declared or used, but not both: {differing}")
    if "%" in _PLACEHOLDER.sub("", statement).replace("%%", ""):
        raise HeaderError("a percent sign is written twice, or begins a placeholder %(name)s")
    return _PLACEHOLDER.sub(lambda found: f"{found[0]}::{kinds[found[1]].sql_type}", statement)


def sort_of(line: str) -> Sort:
    """Reads `COLUMN TYPE asc|desc, ...`."""
    found = [_SORT_KEY.fullmatch(part.strip()) for part in line.split(",")]
    keys = [each for each in found if each and _NAME.fullmatch(each[1])]
    if len(keys) < len(found):
        raise HeaderError(f"sort must read 'column type asc|desc, ...', not {line!r}")
    if len({each[3] for each in keys}) > 1:
        raise HeaderError("sort: all columns must go in one direction")
    return Sort(tuple(SortKey(each[1], kind_of(each[2])) for each in keys), keys[0][3] == "desc")


def chart_declared(line: str) -> Chart:
    """Reads `columns|bars of COLUMN, ... by COLUMN`."""
    found = _CHART.fullmatch(line)
    if not found:
        raise HeaderError(f"chart must read 'columns|bars of column, ... by column', not {line!r}")
    shape: Literal["columns", "bars"] = "columns" if found[1] == "columns" else "bars"
    return Chart(shape, tuple(found[2].split(", ")), found[3])


def parameter_of(name: str, line: str, description: str) -> Parameter:
    """Reads `TYPE [ALLOWED][, required][, default X][, example X]`."""
    if not _NAME.fullmatch(name) or name.startswith(_RESERVED_PREFIX) or name in _RESERVED:
        raise HeaderError(f"{name!r} cannot be a parameter's name")
    try:
        declared, *clauses = [part.strip() for part in line.split(",")]
        type_name, _, allowed = declared.partition(" ")
        kind = kind_of(type_name)
        choices = tuple(allowed.split("|")) if kind.name == "choice" and allowed else ()
        low, high = bounds_of(allowed) if allowed and kind.name != "choice" else (None, None)
        options = options_of(clauses)
        # Bounds of a text are lengths, and no example of one.
        usual = kind.example if low is None or kind.name == "text" else low
        parameter = Parameter(
            name=name,
            kind=kind,
            example=options.get("example") or options.get("default") or [*choices, usual][0],
            description=description,
            required="required" in options,
            default=options.get("default"),
            low=low,
            high=high,
            choices=choices,
        )
        check_parameter(parameter)
    except HeaderError as error:
        raise HeaderError(f"parameter {name}: {error}") from None
    return parameter


def kind_of(name: str) -> Kind:
    if name not in KINDS:
        raise HeaderError(f"there is no type {name!r}; there are {', '.join(KINDS)}")
    return KINDS[name]


def bounds_of(allowed: str) -> tuple[str | None, str | None]:
    low, dots, high = allowed.partition("..")
    if not dots or not (low or high):
        raise HeaderError(f"what is allowed must read 'low..high', not {allowed!r}")
    return low or None, high or None


def options_of(clauses: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for clause in clauses:
        word, _, value = clause.partition(" ")
        if word not in ("required", "default", "example") or (word == "required") == bool(value):
            raise HeaderError(f"cannot read {clause!r}")
        options[word] = value
    if len(options) < len(clauses):
        raise HeaderError("it says something twice")
    return options


def check_parameter(declared: Parameter) -> None:
    kind = declared.kind
    if kind.name == "choice" and not (declared.choices and all(declared.choices)):
        raise HeaderError("a choice names its values, as in 'choice paid|refunded'")
    if declared.required and declared.default is not None:
        raise HeaderError("it is required and has a default")
    for bound in (declared.low, declared.high):
        if bound is not None and not is_bound(kind, bound):
            raise HeaderError(f"{bound!r} bounds no {kind.name}")
    for text in (declared.default, declared.example):
        if text is not None and read_value(declared, text, _A_LATE_DAY) is None:
            raise HeaderError(f"it does not allow its own default or example, {text!r}")


def is_bound(kind: Kind, bound: str) -> bool:
    if kind.name == "text":
        return bound.isascii() and bound.isdecimal()
    return kind.name != "boolean" and kind.read(bound, _A_LATE_DAY) is not None
