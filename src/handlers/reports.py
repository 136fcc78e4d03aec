"""Answers ops who ask for a report."""

from datetime import UTC, datetime
from typing import Any

from domain.reports.answers import answer
from domain.reports.json_format import as_json
from handlers import wiring

# A report whose file cannot be read fails here, at cold start, and not at the first call.
wiring.reports()


def handler(event: object, _context: object) -> dict[str, Any]:
    """Answer a direct invocation: `{"report", "params", "limit", "cursor", "format"}`.

    :returns: `{"report", "columns", "rows", "next_cursor"}`; without a report the catalogue,
        `{"reports": [...]}`; for anything that cannot be answered `{"error": {"code", "message"}}`.
    """
    return as_json(answer(event, wiring.reports(), datetime.now(UTC)))
