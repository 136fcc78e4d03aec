"""What a caller asks for, checked field by field and the same for every way of calling."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.problems import Problem, nearest, shown

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
FORMATS = ("json", "csv", "html")
FIELDS = ("report", "params", "limit", "cursor", "format", "export")
# In a URL: parameters as a query within the query. Of each line break that a form sends a browser
# makes CR LF, and so another user of an id that has one.
EXACTLY = "exactly"


@dataclass(frozen=True)
class ReportRequest:
    """One call. Without a `report` it asks for the list of them. `params` and `cursor` are not
    checked: only the report knows what they may be. An `export` is of the whole result."""

    report: object
    params: Mapping[str, object]
    limit: int
    cursor: object
    format: str
    export: bool


def read_request(event: object) -> ReportRequest | Problem:
    """Check `{"report", "params", "limit", "cursor", "format", "export"}`; null is as good as
    leaving out.

    :returns: the request, or `bad_request`, `bad_limit`, `bad_format` or `bad_export`.
    """
    if not isinstance(event, dict):
        return Problem("bad_request", f"Send an object with {', '.join(FIELDS)}.")
    given = {name: value for name, value in event.items() if value is not None}
    for read in (fault_of_fields, fault_of_limit, fault_of_format, fault_of_export):
        if problem := read(given):
            return problem
    return ReportRequest(
        report=given.get("report"),
        params=given.get("params", {}),
        limit=int(given.get("limit", DEFAULT_LIMIT)),
        cursor=given.get("cursor"),
        format=given.get("format", FORMATS[0]),
        export=given.get("export", False),
    )


def fault_of_fields(given: dict[Any, Any]) -> Problem | None:
    for name in given:
        if name not in FIELDS:
            known = f"The fields are {', '.join(FIELDS)}."
            return Problem(
                "bad_request", f"There is no field {shown(name)}.{nearest(name, FIELDS)} {known}"
            )
    if "report" not in given and given.keys() & {"params", "limit", "cursor", "export"}:
        return Problem("bad_request", "Name a report; without one the catalogue is the answer.")
    if not isinstance(given.get("params", {}), dict):
        return Problem("bad_request", f"params must be an object; got {shown(given['params'])}.")
    return None


def fault_of_limit(given: dict[Any, Any]) -> Problem | None:
    limit = given.get("limit", DEFAULT_LIMIT)
    if isinstance(limit, int) and not isinstance(limit, bool) and 1 <= limit <= MAX_LIMIT:
        return None
    return Problem("bad_limit", f"limit must be a whole number from 1 to {MAX_LIMIT}.")


def fault_of_format(given: dict[Any, Any]) -> Problem | None:
    wanted = given.get("format", FORMATS[0])
    if wanted not in FORMATS:
        return Problem("bad_format", f"format must be {' or '.join(FORMATS)}; got {shown(wanted)}.")
    if wanted == "csv" and "report" not in given:
        return Problem("bad_format", "The catalogue is not a table; ask for json or html.")
    return None


def fault_of_export(given: dict[Any, Any]) -> Problem | None:
    export = given.get("export", False)
    if not isinstance(export, bool):
        return Problem("bad_export", f"export must be true or false; got {shown(export)}.")
    if export and (given.keys() & {"limit", "cursor"} or given.get("format", "csv") != "csv"):
        return Problem(
            "bad_export",
            "An export is the whole result as CSV: leave out limit, cursor and format.",
        )
    return None
