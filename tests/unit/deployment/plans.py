"""A deployment in which nothing is wrong, unless a test says otherwise."""

from __future__ import annotations

from typing import Any

from local.deployment.answers import Answers
from local.deployment.findings import Finding, Verdict, looked_at
from local.deployment.plan import Plan
from tests.aws import Aws

STRIPE = {"api_key": "rk_test_hush", "webhook_secrets": ["whsec_hush"]}
POSTGRES = {"username": "till", "password": "hush", "host": "db.invalid", "dbname": "till"}


def plan(aws: Aws, *, stack_name: str = "tokentill", **parameters: str) -> Plan:
    """A plan with the Stripe secret and a database of its own, unless parameters say otherwise."""
    if "StripeSecretArn" not in parameters:
        parameters["StripeSecretArn"] = aws.secret("tokentill/stripe", STRIPE)
    if parameters.setdefault("Database", "secret") != "aurora":
        parameters.setdefault(
            "DatabaseSecretArn",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tokentill/database-a1b2c3",
        )
    return Plan(Answers(stack_name=stack_name, parameters=parameters), aws.session)


def said(check: Any, of: Any) -> tuple[Verdict, str]:
    """What a check says, as preflight asks it."""
    found: Finding = looked_at(check, of)
    return found.verdict, found.message
