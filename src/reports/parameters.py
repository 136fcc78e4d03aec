"""A report's parameters: what they allow, and the values that a caller's input binds to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reports.kinds import MAX_BIGINT, Kind, Value
from reports.problems import Problem, nearest, shown


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One declared parameter. `default`, `low`, `high` and `example` are written as a caller would.

    `low` and `high` are inclusive; they bound the length of a text and the value of anything else.
    """

    name: str
    kind: Kind
    example: str
    description: str = ""
    required: bool = False
    default: str | None = None
    low: str | None = None
    high: str | None = None
    choices: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        unit = " characters" if self.kind.name == "text" else ""
        bounds = (("from", self.low), ("to", self.high))
        stated = "".join(f" {word} {bound}" for word, bound in bounds if bound is not None)
        return self.kind.expected + (stated + unit if stated else "")


@dataclass(frozen=True)
class Argument:
    """A parameter's value in one run, and the text it was read from.

    A relative date keeps its text ("30 days ago"), so that the pages of one list still belong
    together after midnight. Both are null for an optional parameter that nobody gave.
    """

    value: Value | None
    text: str | None


Arguments = Mapping[str, Argument]


def bind(
    parameters: tuple[Parameter, ...], given: Mapping[str, object], now: datetime
) -> Arguments | Problem:
    """Check what the caller gave against what the report declares.

    A null is as good as nothing: the default applies, or the value is null when there is none.

    :returns: an argument for every parameter, or `unknown_parameter` or `bad_parameter`.
    """
    names = [parameter.name for parameter in parameters]
    for name in given:
        if name not in names:
            known = f"It takes {', '.join(names)}." if names else "It takes none."
            return Problem(
                "unknown_parameter",
                f"This report has no parameter {shown(name)}.{nearest(name, names)} {known}",
            )
    arguments: dict[str, Argument] = {}
    for parameter in parameters:
        argument = argument_of(parameter, given.get(parameter.name), now)
        if isinstance(argument, Problem):
            return argument
        arguments[parameter.name] = argument
    return arguments


def read_value(parameter: Parameter, text: str, now: datetime) -> Value | None:
    """The value that a text stands for, or None when the parameter does not allow it."""
    value = parameter.kind.read(text, now)
    if value is None or (parameter.choices and value not in parameter.choices):
        return None
    return value if is_in_range(parameter, value, now) else None


def argument_of(parameter: Parameter, given: object, now: datetime) -> Argument | Problem:
    if given is None and parameter.default is None and not parameter.required:
        return Argument(None, None)
    text = text_of(parameter.kind, parameter.default if given is None else given)
    value = None if text is None else read_value(parameter, text, now)
    if value is not None:
        return Argument(value, text)
    fault = f"is required: {parameter.expected}"
    if given is not None:
        fault = f"must be {parameter.expected}; got {shown(given)}"
    return Problem("bad_parameter", f"{parameter.name} {fault}. For example: {parameter.example}")


def text_of(kind: Kind, given: object) -> str | None:
    """A JSON value as the text it would be in a URL, so that both callers mean the same."""
    match given:
        case str():
            return given
        case bool():
            return ("false", "true")[given] if kind.name == "boolean" else None
        case int() if abs(given) <= MAX_BIGINT and kind.name in ("integer", "number", "text"):
            return str(given)
    return None


def is_in_range(parameter: Parameter, value: Value, now: datetime) -> bool:
    # Bounds are read by the same kind, which the type checker cannot know.
    measured: Any = len(value) if isinstance(value, str) else value
    low = bound_of(parameter, parameter.low, now)
    high = bound_of(parameter, parameter.high, now)
    return (low is None or low <= measured) and (high is None or measured <= high)


def bound_of(parameter: Parameter, text: str | None, now: datetime) -> Any:
    if text is None or parameter.kind.name != "text":
        return None if text is None else parameter.kind.read(text, now)
    return int(text)
