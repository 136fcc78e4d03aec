"""Brings the database's schema up to this version of the code."""

from typing import Any

from domain.migrations import Refused
from handlers import wiring


def handler(_event: object, _context: object) -> dict[str, Any]:
    """Answers `{"applied": [...], "already_applied": [...]}`, versions in order, or
    `{"error": {"code", "message"}}` with nothing applied. Raises when there is no database.
    """
    result = wiring.migrate()
    if isinstance(result, Refused):
        return {"error": {"code": result.code, "message": result.message}}
    return {"applied": list(result.applied), "already_applied": list(result.already_applied)}
