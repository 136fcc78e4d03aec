"""Operators' writes: each signed with a name, noted in the ledger, and done once."""

from typing import Any

from domain.operate import Done
from domain.operations import OperationRefused, read_operation
from handlers import wiring

telemetry = wiring.telemetry("operations")


def handler(event: object, _context: object) -> dict[str, Any]:
    """Does `{"operation", ..., "actor", "note", "request_id"}`.

    Answers `{"operation", "request_id", "outcome", ...}` with the outcome `recorded`, `unchanged`,
    or `duplicate` for a request done before, or `{"error": {"code", "message"}}` with nothing
    written.
    """
    with telemetry.invocation():
        return _answer(_operated(event))


def _operated(request: object) -> Done | OperationRefused:
    operation = read_operation(request)
    if isinstance(operation, OperationRefused):
        return operation
    telemetry.correlate(operation.signed.event_id)
    try:
        return wiring.operate(operation)
    except Exception as error:
        telemetry.failure("operation failed", error)
        return OperationRefused("not_done", "the database or Stripe failed; try again")


def _answer(done: Done | OperationRefused) -> dict[str, Any]:
    if isinstance(done, OperationRefused):
        telemetry.warning("operation refused", code=done.code)
        return {"error": {"code": done.code, "message": done.message}}
    operation, outcome = done.signed.operation, str(done.outcome)
    telemetry.info("operation done", operation=operation, outcome=outcome)
    return {
        "operation": operation,
        "request_id": done.signed.request_id,
        "outcome": outcome,
        **done.details,
    }
