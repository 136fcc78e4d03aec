"""Operators' writes, each signed with a name, noted in the ledger and done once; the doctor too."""

from dataclasses import asdict
from typing import Any

from domain.requests import Refused
from handlers import wiring
from operations.operate import Done
from operations.requests import Doctor, Operation, read_operation

# A statement that is not there fails here, at cold start, and not when an operator needs it.
wiring.load_operations()
telemetry = wiring.telemetry("operations")


def handler(event: object, _context: object) -> dict[str, Any]:
    """Does `{"operation", ..., "actor", "note", "request_id"}`.

    Answers `{"operation", "request_id", "outcome", ...}` with the outcome `recorded`, `unchanged`,
    or `duplicate` for a request done before, or `{"error": {"code", "message"}}` with nothing
    written. `{"operation": "doctor", "url"}` is answered with
    `{"operation", "ok", "checks": [{"check", "ok", "message"}]}`.
    """
    with telemetry.invocation():
        operation = read_operation(event)
        if isinstance(operation, Doctor):
            return _diagnosed(operation)
        return _answer(_operated(operation))


def _diagnosed(doctor: Doctor) -> dict[str, Any]:
    try:
        checks = wiring.examine(doctor.url)
    except Exception as error:
        telemetry.failure("doctor failed", error)
        return _answer(Refused("not_done", "the doctor failed; the log says why"))
    failed = [each.check for each in checks if not each.ok]
    telemetry.info("doctor done", failed=failed)
    return {"operation": "doctor", "ok": not failed, "checks": [asdict(each) for each in checks]}


def _operated(operation: Operation | Refused) -> Done | Refused:
    if isinstance(operation, Refused):
        return operation
    telemetry.correlate(operation.signed.event_id)
    try:
        return wiring.operate(operation)
    except Exception as error:
        telemetry.failure("operation failed", error)
        return wiring.why_failed(error)


def _answer(done: Done | Refused) -> dict[str, Any]:
    if isinstance(done, Refused):
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
