"""Operators' writes: each signed with a name, noted in the ledger, and done once."""

import logging
from typing import Any

from domain.operate import Done
from domain.operations import OperationRefused, read_operation
from handlers import wiring

logger = logging.getLogger("tokentill.operations")


def handler(event: object, _context: object) -> dict[str, Any]:
    """Does `{"operation", ..., "actor", "note", "request_id"}`.

    Answers `{"operation", "request_id", "outcome", ...}` with the outcome `recorded`, `unchanged`,
    or `duplicate` for a request done before, or `{"error": {"code", "message"}}` with nothing
    written.
    """
    operation = read_operation(event)
    if isinstance(operation, OperationRefused):
        return _refused(operation)
    try:
        done = wiring.operate(operation)
    except Exception:
        logger.exception("operation failed")
        return _refused(OperationRefused("not_done", "the database or Stripe failed; try again"))
    return _refused(done) if isinstance(done, OperationRefused) else _answer(done)


def _answer(done: Done) -> dict[str, Any]:
    return {
        "operation": done.signed.operation,
        "request_id": done.signed.request_id,
        "outcome": str(done.outcome),
        **done.details,
    }


def _refused(refused: OperationRefused) -> dict[str, Any]:
    return {"error": {"code": refused.code, "message": refused.message}}
