"""Who uses the key of the stack, and through which service: the emulator of AWS asks nobody."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

import pytest

from tests.unit.template.permissions import listed, resolved, statements_of
from tests.unit.template.templates import (
    PROJECT,
    functions,
    references_in,
    resources,
    translated,
    variables,
    written,
)

MADE_HERE = {"MakesDatabase": True, "LogsInWithIam": True, "InVpc": True}
READ_AND_WRITE = {"kms:GenerateDataKey", "kms:Decrypt"}


def statements(role: dict[str, Any], conditions: dict[str, bool]) -> list[dict[str, Any]]:
    """Of the role itself and of its policies."""
    policies = resources(translated(), "AWS::IAM::ManagedPolicy")
    shared = [policies[each["Ref"]] for each in role["ManagedPolicyArns"] if "Ref" in each]
    return resolved([s for p in (role, *shared) for s in statements_of(p)], conditions)  # type: ignore[no-any-return]


def uses(role: dict[str, Any], conditions: dict[str, bool]) -> dict[str, set[str]]:
    """What a role may do with the stack's key, by the service that it has to go through."""
    return {
        statement["Condition"]["StringEquals"]["kms:ViaService"]["Fn::Sub"].split(".")[0]: set(
            listed(statement["Action"])
        )
        for statement in statements(role, conditions)
        if statement["Resource"] == {"Fn::GetAtt": ["Key", "Arn"]}
    }


def needs(name: str, conditions: dict[str, bool]) -> dict[str, set[str]]:
    """What a function has to do with the key, from what it is told of and where its failures go."""
    needed = {}
    if "REPORTS_EXPORT_BUCKET" in variables(name):
        needed["s3"] = READ_AND_WRITE
    configured = resources(translated(), "AWS::Lambda::EventInvokeConfig").values()
    if name in {each["FunctionName"]["Ref"] for each in configured}:
        needed["sqs"] = READ_AND_WRITE
    secrets = resolved(
        [v for k, v in variables(name).items() if k.endswith("_SECRET_ARN")], conditions
    )
    if "DatabaseStack" in references_in(secrets):
        needed["secretsmanager"] = {"kms:Decrypt"}
    return needed


@pytest.mark.parametrize("conditions", [{}, MADE_HERE], ids=["your database", "made here"])
def test_a_function_uses_the_key_for_what_it_reads_and_writes_and_for_nothing_else(
    conditions: dict[str, bool],
) -> None:
    roles = resources(translated(), "AWS::IAM::Role")
    used = {
        name: uses(roles[function["Role"]["Fn::GetAtt"][0]], conditions)
        for name, function in functions().items()
    }
    assert used == {name: needs(name, conditions) for name in functions()}


def test_the_schedule_may_put_into_the_encrypted_queue() -> None:
    role = resources(translated(), "AWS::IAM::Role")["ScheduleRole"]
    found = uses({**role, "ManagedPolicyArns": []}, {})
    assert found == {"sqs": READ_AND_WRITE}


def key_statement(sid: str) -> dict[str, Any]:
    (key,) = resources(translated(), "AWS::KMS::Key").values()
    (found,) = [each for each in statements_of(key) if each["Sid"] == sid]
    return found


def encrypted_log_groups() -> set[str]:
    """Their names, with the database's as the stack calls it."""
    stacks = resources(translated(), "AWS::CloudFormation::Stack")
    database = stacks["DatabaseStack"]["Parameters"]["Name"]["Fn::Sub"][0]
    return {
        group["LogGroupName"]["Fn::Sub"].replace("${Name}", database)
        for template in (translated(), written(PROJECT / "stacks" / "database.yaml"))
        for group in resources(template, "AWS::Logs::LogGroup").values()
        if "KmsKeyId" in group
    }


def test_the_key_is_for_the_logs_that_are_encrypted_with_it() -> None:
    statement = key_statement("ThisStacksLogs")
    patterns = [
        each["Fn::Sub"].partition("log-group:")[2]
        for each in statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    ]
    groups = encrypted_log_groups()
    assert {name for name in groups if any(fnmatch.fnmatch(name, each) for each in patterns)} == (
        groups
    )
    assert [each for each in patterns if not fnmatch.filter(groups, each)] == []


def test_alarms_and_events_may_use_the_key_for_this_account_alone() -> None:
    statement = key_statement("AlarmsIntoTheTopicAndEventsIntoTheQueue")
    assert set(statement["Principal"]["Service"]) == {
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
    }
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


def test_the_secrets_own_key_is_used_through_secrets_manager_alone() -> None:
    policy = resources(translated(), "AWS::IAM::ManagedPolicy")["RuntimePolicy"]
    (statement,) = [
        each
        for each in resolved(statements_of(policy), {"HasSecretsKey": True})
        if each["Resource"] == {"Ref": "SecretsKmsKeyArn"}
    ]
    assert statement["Action"] == "kms:Decrypt"
    assert "secretsmanager." in json.dumps(statement["Condition"])
