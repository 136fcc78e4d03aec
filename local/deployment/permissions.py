"""May the deployer do what the policies in docs/ list, as far as IAM can tell beforehand?

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.deployment.findings import Said, code_of, fine, unknown, wrong
from local.deployment.plan import Plan
from local.deployment.template import PROJECT

# The second one is for a deployment that makes its own database.
POLICIES = [
    PROJECT / "docs" / name for name in ("deployer-policy.json", "deployer-policy-aurora.json")
]
# The stack that the policies are written for.
EXAMPLE = "tokentill"
# More than that IAM refuses to simulate at once.
ACTIONS_AT_ONCE = 50
SHOWN = 8
ASSUMED = re.compile(r"arn:([a-z-]+):sts::(\d{12}):assumed-role/([^/]+)/.+")

Statement = Mapping[str, Any]


def statements() -> list[Statement]:
    """What the policies in the repository allow."""
    read = [json.loads(path.read_text(encoding="utf-8")) for path in POLICIES]
    return [statement for policy in read for statement in policy["Statement"]]


def permissions(plan: Plan) -> Said:
    """May whoever deploys do all that this deployment needs?"""
    caller = plan.client("sts").get_caller_identity()["Arn"]
    if caller.endswith(":root"):
        return fine("The account's root may do everything. Somebody with a role would do.")
    iam = plan.client("iam")
    refused: list[str] = []
    try:
        principal = principal_of(caller, iam)
        for statement in needed(plan):
            refused += refused_of(iam, principal, statement, resources_of(statement, plan, caller))
    except ClientError as error:
        return unknown(
            f"IAM does not tell ({code_of(error)}). To know it, allow iam:SimulatePrincipalPolicy"
            " and iam:GetRole; what a deployment needs is in docs/deployer-policy.json."
        )
    if refused:
        names = sorted(set(refused))
        named = " and ".join(f"docs/{path.name}" for path in policies_for(plan))
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        return wrong(
            f"The deployer may not {', '.join(names[:SHOWN])}{more}. An administrator gives"
            f" {principal.rpartition('/')[2]} what is in {named}."
        )
    return fine("The deployer may do what docs/deployer-policy.json lists.")


def policies_for(plan: Plan) -> list[Path]:
    return POLICIES if plan.filled.holds("MakesDatabase") else POLICIES[:1]


def principal_of(caller: str, iam: Any) -> str:
    """The user or role; a session is not asked about, but its role, whose path the session lacks.
    Raises ClientError."""
    assumed = ASSUMED.fullmatch(caller)
    return str(iam.get_role(RoleName=assumed[3])["Role"]["Arn"]) if assumed else caller


def needed(plan: Plan) -> Iterator[Statement]:
    """The statements for this deployment: those that are named for one of the template's conditions
    are for deployments in which it holds. What preflight itself may do, it finds out."""
    for statement in statements():
        condition = condition_of(statement, plan.template)
        is_needed = condition is None or plan.filled.holds(condition)
        if is_needed and not statement["Sid"].startswith("Preflight"):
            yield statement


def condition_of(statement: Statement, template: Mapping[str, Any]) -> str | None:
    """The condition of the template that the statement is named for."""
    sid = statement["Sid"]
    return next((each for each in template["Conditions"] if sid.startswith(each)), None)


def refused_of(iam: Any, principal: str, statement: Statement, resources: list[str]) -> list[str]:
    """Those of the statement's actions that the principal may not. Raises ClientError."""
    actions = statement["Action"]
    found: list[str] = []
    for first in range(0, len(actions), ACTIONS_AT_ONCE):
        answer = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=principal,
            ActionNames=actions[first : first + ACTIONS_AT_ONCE],
            ResourceArns=resources,
            ContextEntries=context_of(statement),
        )
        found += [
            each["EvalActionName"]
            for page in answer
            for each in page["EvaluationResults"]
            if each["EvalDecision"] != "allowed"
        ]
    return found


def context_of(statement: Statement) -> list[dict[str, Any]]:
    """What a call would say where the statement has a condition: the first value that it takes."""
    return [
        {"ContextKeyName": key, "ContextKeyValues": values[:1], "ContextKeyType": "string"}
        for key, values in statement.get("Condition", {}).get("StringEquals", {}).items()
    ]


def resources_of(statement: Statement, plan: Plan, caller: str) -> list[str]:
    """One thing for each pattern, by the names of this stack, in its region and account."""
    patterns = statement["Resource"]
    listed = [patterns] if isinstance(patterns, str) else patterns
    return [thing_like(each, plan, caller) for each in listed]


def thing_like(pattern: str, plan: Plan, caller: str) -> str:
    if pattern == "*":
        return pattern
    partition, account = caller.split(":")[1], caller.split(":")[4]
    _, _, service, region, owner, name = pattern.split(":", 5)
    region = (plan.session.region_name or "") if region == "*" else region
    owner = account if owner == "*" else owner
    name = name.replace(EXAMPLE, plan.answers.stack_name)
    name = re.sub(r"(?<=\w)\*", "-preflight", name).replace("*", "preflight")
    # CloudFormation makes the names of buckets of small letters.
    name = name.lower() if service == "s3" else name
    return f"arn:{partition}:{service}:{region}:{owner}:{name}"
