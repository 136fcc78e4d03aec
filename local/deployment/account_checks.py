"""What preflight says of the tools, the parameters and the account."""

from __future__ import annotations

import re
from typing import Any

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from local import deploy
from local.deployment.findings import Said, code_of, fine, reason, unknown, unneeded, wrong
from local.deployment.plan import Plan
from local.deployment.template import PROJECT, written
from operations.doctor import Unknown

# Lambda keeps so many for functions that reserve nothing.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
KEPT_UNRESERVED = 100
NONE = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
# What secrets are encrypted with unless somebody asks for more.
OF_AWS = "alias/aws/secretsmanager"
AN_ARN = re.compile(r"arn:[a-z0-9-]+:(?:secretsmanager|kms|acm):([a-z0-9-]+):\d{12}:.+")


def parameters(plan: Plan) -> Said:
    """Would CloudFormation take them?"""
    if complaints := list(plan.filled.complaints()):
        return wrong(" ".join(complaints))
    name, standing = plan.answers.stack_name, plan.standing
    if isinstance(standing, Unknown):
        return unknown(
            f"They fit the template, but whether there is a stack {name} with parameters of its own"
            f" is not known ({standing.why})."
        )
    new = "will be made" if standing is None else "is there, and keeps what is not said"
    return fine(f"They fit the template. The stack {name} {new}.")


def sam_cli(_plan: Plan) -> Said:
    """Is it new enough? Raises Failure."""
    program, version = deploy.sam_cli(PROJECT)
    return fine(f"{program} is {version}, which will do.")


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def credentials(plan: Plan) -> Said:
    """Who deploys?"""
    try:
        caller = plan.client("sts").get_caller_identity()
    except NONE as error:
        return wrong(f"There are none ({reason(error)}). Log in:\naws configure sso")
    except ClientError as error:
        return wrong(f"AWS refuses them ({code_of(error)}). Log in again:\naws sso login")
    return fine(f"{caller['Arn']} in the account {caller['Account']}.")


def region(plan: Plan) -> Said:
    """Is it that of the secrets? Functions read them in their own."""
    here = plan.session.region_name
    if here is None:
        return wrong("There is none. Say --region, or set AWS_DEFAULT_REGION.")
    elsewhere = [
        f"{name} is in {found[1]}"
        for name, value in plan.filled.parameters.items()
        if (found := AN_ARN.fullmatch(value)) and found[1] != here
    ]
    if elsewhere:
        return wrong(
            f"The deployment goes to {here}, but {', '.join(elsewhere)}. Deploy there, or make the"
            f" secret in {here}."
        )
    return fine(f"{here}, as are the secrets.")


def secrets_key(plan: Plan) -> Said:
    """Is it named, where the secrets have one of yours? Functions could not read them without."""
    named = plan.filled.parameters["SecretsKmsKeyArn"].rpartition("/")[2]
    manager = plan.client("secretsmanager")
    keys = {
        name: manager.describe_secret(SecretId=value).get("KmsKeyId", OF_AWS)
        for name, value in plan.filled.parameters.items()
        if name.endswith("SecretArn") and value
    }
    others = {name: key for name, key in keys.items() if not key.endswith(OF_AWS)}
    if not named and others:
        return wrong(f"{', '.join(others)}: a key of yours is on it. Say SecretsKmsKeyArn.")
    if any("alias/" in key for key in others.values()):
        return unknown(f"Whether SecretsKmsKeyArn is the key of {', '.join(others)} is not known.")
    if any(key.rpartition("/")[2] != named for key in others.values()):
        return wrong(f"{', '.join(others)}: SecretsKmsKeyArn is not the key that is on it.")
    return fine("The secrets are readable with the key that is named, or need none.")


def concurrency(plan: Plan) -> Said:
    """Does the account's limit leave what the functions reserve?"""
    functions = plan.filled.functions()
    reserved = [each.get("ReservedConcurrentExecutions") for each in functions.values()]
    asked = sum(int(each) for each in reserved if each is not None)
    lambda_ = plan.client("lambda")
    limits = lambda_.get_account_settings()["AccountLimit"]
    limit, unreserved = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    if not asked:
        return fine(f"Nothing is reserved; the account's limit is {limit}.")
    ours = sum(reserved_now(lambda_, plan.answers.stack_name, each) for each in functions.values())
    left = unreserved + ours - asked
    if left < KEPT_UNRESERVED:
        return wrong(
            f"The functions reserve {asked} of the account's {limit}, and {left} would be left"
            f" where Lambda keeps {KEPT_UNRESERVED}. Deploy with ReserveConcurrency=false, or ask"
            " for more:\naws service-quotas request-service-quota-increase --service-code lambda"
            f" --quota-code L-B99A9384 --desired-value {limit + KEPT_UNRESERVED - left}"
        )
    return fine(f"The functions reserve {asked} of the account's {limit}, and {left} are left.")


def reserved_now(lambda_: Any, stack_name: str, function: dict[str, Any]) -> int:
    """What a function of the stack that is there reserves; 0 for one that is not there."""
    name = function["FunctionName"]["Fn::Sub"].replace("${AWS::StackName}", stack_name)
    try:
        found = lambda_.get_function_concurrency(FunctionName=name)
    except lambda_.exceptions.ResourceNotFoundException:
        return 0
    return int(found.get("ReservedConcurrentExecutions", 0))


def aurora_version(plan: Plan) -> Said:
    """Is it offered here?"""
    if not plan.filled.holds("MakesDatabase"):
        return unneeded("The database is yours.")
    cluster = written(PROJECT / "stacks" / "database.yaml")["Resources"]["Cluster"]["Properties"]
    engine, version = cluster["Engine"], str(cluster["EngineVersion"])
    rds = plan.client("rds")
    if rds.describe_db_engine_versions(Engine=engine, EngineVersion=version)["DBEngineVersions"]:
        return fine(f"{engine} {version} is offered here.")
    offered = rds.describe_db_engine_versions(Engine=engine)["DBEngineVersions"]
    newest = sorted((each["EngineVersion"] for each in offered), key=numbers)[-5:]
    return wrong(
        f"{engine} {version} is not offered here, but {', '.join(newest) or 'none at all'}. Change"
        " EngineVersion, and the Family of its parameters, in stacks/database.yaml."
    )
