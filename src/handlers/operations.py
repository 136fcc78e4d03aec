"""Operators' writes, each signed with a name, noted in the ledger and done once; the doctor too."""

from dataclasses import asdict
from typing import Any

from adapters.credentials import Credentials
from adapters.doctor import gather
from adapters.operations import PostgresOperations, failed
from adapters.settings import Misconfigured
from adapters.telemetry import Telemetry
from adapters.totals import fold_totals
from domain.requests import Refused
from handlers.app import App, app
from handlers.till import Till, credentials
from operations.doctor import Check
from operations.doctor_checks import diagnose
from operations.operate import Done, Operations
from operations.requests import Doctor, EraseUser, Operation, read_operation

telemetry = Telemetry("operations")


def the_operations(app: App) -> Operations:
    till = Till(app, telemetry)
    return Operations(
        PostgresOperations(app.database),
        converge=till.converge,
        event=lambda event_id: till.stripe.event(event_id),
        livemode=till.livemode,
    )


def handler(event: object, context: object) -> dict[str, Any]:
    """Does `{"operation", ..., "actor", "note", "request_id"}`.

    Answers `{"operation", "request_id", "outcome", ...}` with the outcome `recorded`, `unchanged`,
    or `duplicate` for a request done before, or `{"error": {"code", "message"}}` with nothing
    written. `{"operation": "doctor", "url"}` is answered with
    `{"operation", "ok", "checks": [{"check", "ok", "message"}]}`.
    """
    with telemetry.invocation(context):
        operation = read_operation(event)
        if isinstance(operation, Doctor):
            return _diagnosed(operation)
        return _answer(_operated(operation))


def _diagnosed(doctor: Doctor) -> dict[str, Any]:
    try:
        checks = examine(doctor.url)
    except Exception as error:
        telemetry.failure("doctor failed", error)
        return _answer(Refused("not_done", "the doctor failed; the log says why"))
    wrong = [each.check for each in checks if not each.ok]
    telemetry.info("doctor done", failed=wrong)
    return {"operation": "doctor", "ok": not wrong, "checks": [asdict(each) for each in checks]}


def examine(url: str | None) -> list[Check]:
    """What the doctor says of this deployment, its Stripe account and its database."""
    try:
        settings = app.settings
    except Misconfigured as error:
        return [Check("configuration", False, f"{error}. Nothing works before.")]
    known: Credentials = app.once(credentials)
    return diagnose(gather(settings, url, lambda: known.secrets_now, app.database))


def _operated(operation: Operation | Refused) -> Done | Refused:
    if isinstance(operation, Refused):
        return operation
    telemetry.correlate(operation.signed.event_id)
    try:
        operations = app.once(the_operations)
        done = app.database.retrying(lambda: operations.do(operation))
        if isinstance(operation, EraseUser) and isinstance(done, Done):
            # The totals of customers name a user until they are folded.
            app.database.retrying(lambda: fold_totals(app.database))
        return done
    except Exception as error:
        telemetry.failure("operation failed", error)
        return failed(error)


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
