"""What a caller asks for, checked field by field and the same for every way of calling."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.reports.problems import Problem, nearest, shown

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
FORMATS = ("json",)
_FIELDS = ("report", "params", "limit", "cursor", "format")


@dataclass(frozen=True)
class Request:
    """One call. Without a `report` it asks for the catalogue. `params` and `cursor` are unchecked:
    only the report knows what they may be."""

    report: object
    params: Mapping[str, object]
    limit: int
    cursor: object
    format: str


def read_request(event: object) -> Request | Problem:
    """Check `{"report", "params", "limit", "cursor", "format"}`; null is as good as leaving out.

    :returns: the request, or `bad_request`, `bad_limit` or `bad_format`.
    """
    if not isinstance(event, dict):
        return Problem("bad_request", f"Send an object with {', '.join(_FIELDS)}.")
    given = {name: value for name, value in event.items() if value is not None}
    for read in (_misfit, _bad_limit, _bad_format):
        if problem := read(given):
            return problem
    return Request(
        report=given.get("report"),
        params=given.get("params", {}),
        limit=int(given.get("limit", DEFAULT_LIMIT)),
        cursor=given.get("cursor"),
        format=given.get("format", FORMATS[0]),
    )


def _misfit(given: dict[Any, Any]) -> Problem | None:
    for name in given:
        if name not in _FIELDS:
            known = f"The fields are {', '.join(_FIELDS)}."
            return Problem(
                "bad_request", f"There is no field {shown(name)}.{nearest(name, _FIELDS)} {known}"
            )
    if "report" not in given and given.keys() & {"params", "limit", "cursor"}:
        return Problem("bad_request", "Name a report; without one the catalogue is the answer.")
    if not isinstance(given.get("params", {}), dict):
        return Problem("bad_request", f"params must be an object; got {shown(given['params'])}.")
    return None


def _bad_limit(given: dict[Any, Any]) -> Problem | None:
    limit = given.get("limit", DEFAULT_LIMIT)
    if isinstance(limit, int) and not isinstance(limit, bool) and 1 <= limit <= MAX_LIMIT:
        return None
    return Problem("bad_limit", f"limit must be a whole number from 1 to {MAX_LIMIT}.")


def _bad_format(given: dict[Any, Any]) -> Problem | None:
    if given.get("format", FORMATS[0]) in FORMATS:
        return None
    known = " or ".join(FORMATS)
    return Problem("bad_format", f"format must be {known}; got {shown(given['format'])}.")
