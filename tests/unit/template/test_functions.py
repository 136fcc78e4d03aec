"""Every function has what a function in production must have."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

from tests.unit.template.templates import (
    PROJECT,
    functions,
    resources,
    translated,
    variables,
    written,
)

NAMES = [
    name
    for name, resource in written()["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
]
# API Gateway gives up after this, whatever the function's own timeout is:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
GATEWAY_TIMEOUT_SECONDS = 30
# What SAM and API Gateway make of HTTP, and what monitoring.yaml calls the functions.
SHORT = {name: name.removesuffix("Function").lower() for name in NAMES}


def test_there_are_the_five_functions() -> None:
    assert sorted(SHORT.values()) == ["migrate", "operations", "reconcile", "reports", "webhook"]


@pytest.mark.parametrize("name", NAMES)
def test_the_handler_exists(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, _, attribute = functions()[name]["Handler"].rpartition(".")
    assert callable(getattr(importlib.import_module(module), attribute))


@pytest.mark.parametrize("name", NAMES)
def test_there_is_a_build_target(name: str) -> None:
    assert written()["Resources"][name]["Metadata"] == {"BuildMethod": "makefile"}
    assert f"\nbuild-{name}: " in (PROJECT / "src" / "Makefile").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_runtime_memory_and_timeout_are_set(name: str) -> None:
    properties = functions()[name]
    assert (properties["Runtime"], properties["Architectures"]) == ("python3.13", ["arm64"])
    assert {"MemorySize", "Timeout"} <= set(properties)


@pytest.mark.parametrize("name", NAMES)
def test_concurrency_is_reserved_unless_the_account_cannot(name: str) -> None:
    condition, reserved, otherwise = functions()[name]["ReservedConcurrentExecutions"]["Fn::If"]
    assert (condition, otherwise) == ("Reserves", {"Ref": "AWS::NoValue"})
    assert reserved == {"Ref": f"{name.removesuffix('Function')}Concurrency"} or reserved in (1, 2)


@pytest.mark.parametrize("name", NAMES)
def test_the_role_is_its_own(name: str) -> None:
    roles = [json.dumps(properties["Role"]) for properties in functions().values()]
    assert roles.count(json.dumps(functions()[name]["Role"])) == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_log_group_is_its_own_encrypted_and_ends(name: str) -> None:
    logs = functions()[name]["LoggingConfig"]["LogGroup"]["Ref"]
    group = resources(translated(), "AWS::Logs::LogGroup")[logs]
    assert group["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/${{AWS::StackName}}-{SHORT[name]}"}
    assert {"KmsKeyId", "RetentionInDays"} <= set(group)


READ_BY_POWERTOOLS = {"POWERTOOLS_METRICS_NAMESPACE"}


@pytest.mark.parametrize("name", NAMES)
def test_the_code_reads_every_variable(name: str) -> None:
    reader = (PROJECT / "src" / "adapters" / "settings.py").read_text()
    ours = set(variables(name)) - READ_BY_POWERTOOLS
    assert {each for each in ours if f'"{each}"' not in reader} == set()


def test_the_sample_environment_has_exactly_the_templates_variables() -> None:
    sample = json.loads((PROJECT / "env.example.json").read_text())["Parameters"]
    assert set(sample) == set().union(*map(variables, NAMES)) - READ_BY_POWERTOOLS


def test_the_webhook_answers_before_api_gateway_gives_up() -> None:
    assert functions()["WebhookFunction"]["Timeout"] < GATEWAY_TIMEOUT_SECONDS


def test_only_who_calls_stripe_or_hears_it_knows_its_secrets() -> None:
    holders = {name for name in NAMES if "STRIPE_SECRET_ARN" in variables(name)}
    assert holders == {"WebhookFunction", "OperationsFunction", "ReconcileFunction"}


def test_each_function_logs_in_as_the_role_that_has_its_grants() -> None:
    users = {SHORT[name]: variables(name).get("DATABASE_USER") for name in NAMES}
    assert users == {
        "webhook": "tokentill_webhook",
        "reconcile": "tokentill_webhook",
        "reports": "tokentill_reports",
        "operations": "tokentill_operations",
        "migrate": None,
    }


def routes() -> dict[tuple[str, str], dict[str, Any]]:
    paths = resources(translated(), "AWS::ApiGatewayV2::Api")["HttpApi"]["Body"]["paths"]
    return {
        (method, path): operation
        for path, item in paths.items()
        for method, operation in item.items()
    }


def test_stripe_needs_no_iam_and_everybody_else_does() -> None:
    secured = {route: operation.get("security") for route, operation in routes().items()}
    assert secured == {
        ("post", "/stripe/webhook"): None,
        ("get", "/reports"): [{"AWS_IAM": []}],
        ("get", "/reports/{name}"): [{"AWS_IAM": []}],
    }


def test_every_route_is_throttled() -> None:
    (stage,) = resources(translated(), "AWS::ApiGatewayV2::Stage").values()
    settings = [stage["DefaultRouteSettings"], *stage["RouteSettings"].values()]
    assert all({"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= set(each) for each in settings)


def test_the_access_log_says_nothing_about_persons() -> None:
    (stage,) = resources(translated(), "AWS::ApiGatewayV2::Stage").values()
    fields = set(json.loads(stage["AccessLogSettings"]["Format"]).values())
    assert fields == {
        "$context.requestTime",
        "$context.requestId",
        "$context.routeKey",
        "$context.status",
        "$context.responseLatency",
        "$context.responseLength",
        "$context.integration.status",
        "$context.integration.error",
        "$context.error.responseType",
    }
