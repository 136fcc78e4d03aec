"""Looks, before `sam deploy`, for what would make it fail half an hour later, or make the till fail
afterwards. Only reads."""

from __future__ import annotations

from collections.abc import Callable

from local.deployment.account_checks import (
    aurora_version,
    concurrency,
    credentials,
    parameters,
    region,
    sam_cli,
    secrets_key,
)
from local.deployment.database_checks import (
    database,
    database_roles,
    database_schema,
    database_secrets,
)
from local.deployment.findings import Finding, Said, looked_at, told
from local.deployment.permissions import permissions
from local.deployment.plan import Plan
from local.deployment.stripe_checks import stripe, stripe_secret, webhook_secret

# In the order in which to mend things.
CHECKS: tuple[Callable[[Plan], Said], ...] = (
    parameters,
    sam_cli,
    credentials,
    region,
    permissions,
    concurrency,
    secrets_key,
    stripe_secret,
    webhook_secret,
    stripe,
    aurora_version,
    database_secrets,
    database,
    database_roles,
    database_schema,
)


def findings(plan: Plan) -> list[Finding]:
    """All checks; each says something."""
    try:
        return [looked_at(check, plan) for check in CHECKS]
    finally:
        plan.close()


def run(plan: Plan) -> int:
    """Print every check; the exit code, which is 1 when something would fail."""
    return told(findings(plan), "Nothing that is known would fail.")
