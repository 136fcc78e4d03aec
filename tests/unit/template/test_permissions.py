"""Least privilege: a function may do what its environment tells it to, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.template.permissions import all_statements, allowed, listed, resolved, statements_of
from tests.unit.template.templates import (
    NESTED,
    functions,
    resources,
    translated,
    variables,
    written,
)

TEMPLATES = ["translated", *(path.stem for path in NESTED)]
LOGINS: list[dict[str, bool]] = [
    {},
    {"LogsInWithIam": True},
    {"LogsInWithIam": True, "MakesDatabase": True, "InVpc": True},
    {"HasWebhookSecret": True, "HasReportsSecret": True, "HasOperationsSecret": True},
]
# What cannot be granted by resource, and so is allowed on "*".
WITHOUT_RESOURCES = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
}


def template(name: str) -> dict[str, Any]:
    paths = {path.stem: path for path in NESTED}
    return translated() if name == "translated" else written(paths[name])


def told(name: str, suffix: str, conditions: dict[str, bool]) -> set[str]:
    values = [
        json.dumps(resolved(value, conditions), sort_keys=True)
        for variable, value in variables(name).items()
        if variable.endswith(suffix)
    ]
    return {value for value in values if value != '""'}


def actions(name: str, service: str) -> set[str]:
    """What a function may do at a service, where nothing special is configured."""
    return {action for action, _ in allowed(name, {}) if action.startswith(f"{service}:")}


@pytest.mark.parametrize("conditions", LOGINS, ids=str)
def test_a_function_may_read_exactly_the_secrets_that_it_is_told_of(
    conditions: dict[str, bool],
) -> None:
    for name in functions():
        readable = {
            resource
            for action, resource in allowed(name, conditions)
            if action == "secretsmanager:GetSecretValue"
        }
        assert readable == told(name, "_SECRET_ARN", conditions), name


def test_a_function_may_log_in_as_its_own_database_user_alone() -> None:
    conditions = {"LogsInWithIam": True}
    for name in functions():
        users = {
            json.loads(resource)["Fn::Sub"][0].rpartition("/")[2]
            for action, resource in allowed(name, conditions)
            if action == "rds-db:connect"
        }
        iam = resolved(variables(name)["DATABASE_IAM_AUTH"], conditions) == "true"
        assert users == ({variables(name)["DATABASE_USER"]} if iam else set()), name


def test_a_function_with_a_password_has_no_iam_login() -> None:
    assert [name for name in functions() if actions(name, "rds-db")] == []


def test_who_keeps_failures_in_the_queue_may_and_nobody_else() -> None:
    configured = resources(translated(), "AWS::Lambda::EventInvokeConfig").values()
    keepers = {each["FunctionName"]["Ref"] for each in configured}
    assert {name for name in functions() if "sqs:SendMessage" in actions(name, "sqs")} == keepers


def test_who_exports_may_write_to_the_bucket_and_nobody_else() -> None:
    exports = {"s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"}
    for name in functions():
        told_of = "REPORTS_EXPORT_BUCKET" in variables(name)
        assert actions(name, "s3") == (exports if told_of else set()), name


def test_a_function_outside_a_vpc_may_not_touch_networks() -> None:
    assert [name for name in functions() if actions(name, "ec2")] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_policy_allows_a_wildcard_of_actions(name: str) -> None:
    wild = [
        (resource, action)
        for resource, statement in all_statements(template(name))
        for action in listed(statement["Action"])
        if "*" in action
    ]
    assert wild == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_all_resources_are_meant_only_where_none_can_be_named(name: str) -> None:
    on_all = {
        action
        for _, statement in all_statements(template(name))
        if "*" in listed(statement["Resource"])
        for action in listed(statement["Action"])
    }
    assert on_all <= WITHOUT_RESOURCES


def test_only_the_deployment_service_has_a_policy_of_aws() -> None:
    foreign = {
        name
        for name, role in resources(translated(), "AWS::IAM::Role").items()
        if any("Ref" not in each for each in role.get("ManagedPolicyArns", []))
    }
    assert foreign == {"CodeDeployServiceRole"}


def test_deployments_are_done_by_that_role() -> None:
    (group,) = resources(translated(), "AWS::CodeDeploy::DeploymentGroup").values()
    assert group["ServiceRoleArn"] == {"Fn::GetAtt": ["CodeDeployServiceRole", "Arn"]}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_permissions_boundary_bounds_every_role(name: str) -> None:
    boundary = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]}
    roles = resources(template(name), "AWS::IAM::Role")
    assert [
        each for each, role in roles.items() if role.get("PermissionsBoundary") != boundary
    ] == []


def test_the_permissions_boundary_is_handed_to_every_stack_with_a_role() -> None:
    for name, properties in resources(written(), "AWS::CloudFormation::Stack").items():
        nested = template(properties["TemplateURL"].removeprefix("stacks/").removesuffix(".yaml"))
        if resources(nested, "AWS::IAM::Role"):
            assert properties["Parameters"]["PermissionsBoundary"] == {
                "Ref": "PermissionsBoundary"
            }, name


@pytest.mark.parametrize("kind", ["AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"])
def test_queue_and_bucket_refuse_plain_text(kind: str) -> None:
    (policy,) = resources(translated(), kind).values()
    denied = [each for each in statements_of(policy) if each["Effect"] == "Deny"]
    assert [each["Condition"] for each in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_the_exports_are_private_encrypted_and_for_a_week() -> None:
    bucket = resources(translated(), "AWS::S3::Bucket")["ExportBucket"]
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert "KMSMasterKeyID" in json.dumps(bucket["BucketEncryption"])
    assert (rule["ExpirationInDays"], rule["AbortIncompleteMultipartUpload"]) == (
        7,
        {"DaysAfterInitiation": 1},
    )


def test_the_proxy_logs_in_as_the_functions_users_and_no_other() -> None:
    database = template("database")
    (statement,) = statements_of(resources(database, "AWS::IAM::Role")["ProxyRole"])
    users = {each["Fn::Sub"].rpartition("/")[2] for each in statement["Resource"]}
    assert users == {
        str(variables(name)["DATABASE_USER"]) for name in functions() if name != "MigrateFunction"
    }
