"""Reads the structured lines of a report's header: parameters, the sort key, the chart."""

import re
from datetime import UTC, datetime
from typing import Literal

from reports.kinds import KINDS, Kind
from reports.parameters import Parameter, read_value
from reports.report import Chart, Sort, SortKey

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_RESERVED_PREFIX = "page_"
# In a URL, parameters stand beside these.
_RESERVED = {"report", "limit", "cursor", "format", "export", "exactly"}
_SORT_KEY = re.compile(r"(\S+) (\S+) (asc|desc)")
_CHART = re.compile(r"(columns|bars) of (\w+(?:, \w+)*) by (\w+)")
# Defaults and examples are checked as on a day after all others: "..today" then allows them.
_A_LATE_DAY = datetime(2100, 1, 1, tzinfo=UTC)


class HeaderError(Exception):
    """A report's file declares something that cannot be read, or contradicts itself."""


def parameter(name: str, line: str, description: str) -> Parameter:
    """The parameter declared as `TYPE [ALLOWED][, required][, default X][, example X]`.

    :raises HeaderError: says which parameter and what is wrong with it.
    """
    if not _NAME.fullmatch(name) or name.startswith(_RESERVED_PREFIX) or name in _RESERVED:
        raise HeaderError(f"{name!r} cannot be a parameter's name")
    try:
        return _checked(_parameter(name, line, description))
    except HeaderError as error:
        raise HeaderError(f"parameter {name}: {error}") from None


def sort(line: str) -> Sort:
    """The order declared as `COLUMN TYPE asc|desc, ...`.

    :raises HeaderError: says what is wrong with it.
    """
    found = [_SORT_KEY.fullmatch(part.strip()) for part in line.split(",")]
    keys = [each for each in found if each and _NAME.fullmatch(each[1])]
    if len(keys) < len(found):
        raise HeaderError(f"sort must read 'column type asc|desc, ...', not {line!r}")
    if len({each[3] for each in keys}) > 1:
        raise HeaderError("sort: all columns must go in one direction")
    return Sort(tuple(SortKey(each[1], _kind(each[2])) for each in keys), keys[0][3] == "desc")


def chart(line: str) -> Chart:
    """The chart declared as `columns|bars of COLUMN, ... by COLUMN`.

    :raises HeaderError: says what is wrong with it.
    """
    found = _CHART.fullmatch(line)
    if not found:
        raise HeaderError(f"chart must read 'columns|bars of column, ... by column', not {line!r}")
    shape: Literal["columns", "bars"] = "columns" if found[1] == "columns" else "bars"
    return Chart(shape, tuple(found[2].split(", ")), found[3])


def _parameter(name: str, line: str, description: str) -> Parameter:
    declared, *clauses = [part.strip() for part in line.split(",")]
    type_name, _, allowed = declared.partition(" ")
    kind = _kind(type_name)
    choices = tuple(allowed.split("|")) if kind.name == "choice" and allowed else ()
    low, high = _range(allowed) if allowed and kind.name != "choice" else (None, None)
    options = _options(clauses)
    return Parameter(
        name=name,
        kind=kind,
        example=options.get("example") or options.get("default") or _example(kind, low, choices),
        description=description,
        required="required" in options,
        default=options.get("default"),
        low=low,
        high=high,
        choices=choices,
    )


def _example(kind: Kind, low: str | None, choices: tuple[str, ...]) -> str:
    """One that the declaration allows, but for a text, whose bounds are lengths."""
    if choices:
        return choices[0]
    return kind.example if low is None or kind.name == "text" else low


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise HeaderError(f"there is no type {name!r}; there are {', '.join(KINDS)}")
    return KINDS[name]


def _range(allowed: str) -> tuple[str | None, str | None]:
    low, dots, high = allowed.partition("..")
    if not dots or not (low or high):
        raise HeaderError(f"what is allowed must read 'low..high', not {allowed!r}")
    return low or None, high or None


def _options(clauses: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for clause in clauses:
        word, _, value = clause.partition(" ")
        if word not in ("required", "default", "example") or (word == "required") == bool(value):
            raise HeaderError(f"cannot read {clause!r}")
        options[word] = value
    if len(options) < len(clauses):
        raise HeaderError("it says something twice")
    return options


def _checked(declared: Parameter) -> Parameter:
    if declared.kind.name == "choice" and not (declared.choices and all(declared.choices)):
        raise HeaderError("a choice names its values, as in 'choice paid|refunded'")
    if declared.required and declared.default is not None:
        raise HeaderError("it is required and has a default")
    for bound in (declared.low, declared.high):
        if bound is not None and not _is_bound(declared.kind, bound):
            raise HeaderError(f"{bound!r} bounds no {declared.kind.name}")
    for text in (declared.default, declared.example):
        if text is not None and read_value(declared, text, _A_LATE_DAY) is None:
            raise HeaderError(f"it does not allow its own default or example, {text!r}")
    return declared


def _is_bound(kind: Kind, bound: str) -> bool:
    if kind.name == "text":
        return bound.isascii() and bound.isdecimal()
    return kind.name != "boolean" and kind.read(bound, _A_LATE_DAY) is not None
