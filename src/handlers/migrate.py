"""Brings the database's schema up to this version of the code."""

import math
from typing import Any

from adapters.migrations import Migrated, migrate, migrations_on_disk
from adapters.telemetry import Telemetry
from domain.requests import Refused
from handlers.app import app
from handlers.cloudformation import Deployment, answer_to, deliver, deployment_of

# For stopping a migration and answering CloudFormation (three tries of 10 s).
SECONDS_TO_ANSWER = 60.0

telemetry = Telemetry("migrate")


def handler(event: object, context: Any) -> dict[str, Any]:
    """Answers `{"applied": [...], "already_applied": [...]}`, versions in order, or
    `{"error": {"code", "message"}}` with nothing applied.

    A request of CloudFormation's is answered there as well, whatever happened. Raises only when
    that could not be done, so that Lambda invokes it again.
    """
    with telemetry.invocation(context):
        deployment = deployment_of(event)
        if deployment is None:
            return answer(migrated(math.inf))
        result = deployed(deployment, context)
        deliver(deployment.answer_url, answer_to(deployment, result))
        return answer(result)


def deployed(deployment: Deployment, context: Any) -> Migrated | Refused:
    """The migrations of this deployment, all of them in time, or none."""
    if not deployment.wants_a_schema:
        return Migrated((), ())
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return migrated(math.inf if remaining is None else remaining() / 1000 - SECONDS_TO_ANSWER)


def migrated(seconds: float) -> Migrated | Refused:
    try:
        database, schema = app.database, app.settings.database.schema
        return database.retrying(lambda: migrate(database, migrations_on_disk(), schema), seconds)
    except Exception as error:
        why = telemetry.failure("migrations failed", error)
        return Refused("not_run", f"{why}; the log of the migrate function says where")


def answer(result: Migrated | Refused) -> dict[str, Any]:
    if isinstance(result, Refused):
        telemetry.warning("migrations refused", code=result.code)
        return {"error": {"code": result.code, "message": result.message}}
    telemetry.info("schema is up to date", applied=list(result.applied))
    return {"applied": list(result.applied), "already_applied": list(result.already_applied)}
