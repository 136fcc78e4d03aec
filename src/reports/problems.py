"""What a caller did wrong, or what stood in the way, as a value with a code and a sentence."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

ProblemCode = Literal[
    "bad_request",
    "unknown_report",
    "unknown_parameter",
    "bad_parameter",
    "bad_limit",
    "bad_cursor",
    "bad_format",
    "bad_export",
    "not_acceptable",
    "method_not_allowed",
    "too_many_rows",
    "too_slow",
    "report_failed",
    "export_not_configured",
    "export_failed",
    "unavailable",
]

_SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class Problem:
    """Why there is no report. `message` is one or two sentences for a person, plain ASCII where
    it repeats what the caller sent, and never holds SQL text or connection details."""

    code: ProblemCode
    message: str


def shown(value: object) -> str:
    """A few words for what the caller sent, safe for any log, terminal or JSON text."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _shortened(ascii(value[: _SHOWN_CHARACTERS + 1]))
        case int() | float():
            return "a number"
        case list() | tuple():
            return "a list"
        case dict():
            return "an object"
    return "something else"


def nearest(name: object, known: Iterable[str]) -> str:
    """' Did you mean X?' when a known name looks like this one, else nothing."""
    # Comparing is quadratic in the length; no name is anywhere near this long.
    wanted = name[:_SHOWN_CHARACTERS] if isinstance(name, str) else ""
    matches = difflib.get_close_matches(wanted, list(known), n=1)
    return f" Did you mean {matches[0]}?" if matches else ""


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
