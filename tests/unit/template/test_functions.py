"""Every function has what a function in production must have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.lambda_build import Target
from tests.unit.template.permissions import resolved
from tests.unit.template.templates import (
    PROJECT,
    functions,
    resources,
    translated,
    variables,
    written,
)

# API Gateway gives up after this, whatever the function's own timeout is:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
GATEWAY_TIMEOUT_SECONDS = 30
HANDLERS = PROJECT / "src" / "handlers"


def short(name: str) -> str:
    """What the log groups and monitoring.yaml call a function, and its handler's module."""
    return name.removesuffix("Function").lower()


def test_every_handler_is_a_function() -> None:
    named = {name: each["Handler"] for name, each in functions().items()}
    assert named == {name: f"handlers.{short(name)}.handler" for name in functions()}
    modules = {path.stem: path.read_text("utf-8") for path in HANDLERS.glob("*.py")}
    entry_points = {name for name, text in modules.items() if "\ndef handler(" in text}
    assert entry_points == set(map(short, functions()))


def test_every_function_has_a_build_target() -> None:
    targets = (PROJECT / "src" / "Makefile").read_text()
    assert [name for name in functions() if f"\nbuild-{name}: " not in targets] == []
    written_functions = resources_with_metadata()
    assert set(written_functions) == set(functions())
    assert [
        each for each in written_functions.values() if each != {"BuildMethod": "makefile"}
    ] == []


def resources_with_metadata() -> dict[str, Any]:
    return {
        name: resource["Metadata"]
        for name, resource in written()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def test_every_function_runs_on_what_is_built_for_it() -> None:
    runtimes = {(each["Runtime"], *each["Architectures"]) for each in functions().values()}
    assert runtimes == {(f"python{Target().python}", Target().machine)}


def test_memory_and_timeout_are_set() -> None:
    bare = [n for n, each in functions().items() if not {"MemorySize", "Timeout"} <= set(each)]
    assert bare == []


def test_concurrency_is_reserved_where_the_account_can() -> None:
    assert written()["Conditions"]["Reserves"] == {
        "Fn::Equals": [{"Ref": "ReserveConcurrency"}, "true"]
    }
    for name, properties in functions().items():
        condition, reserved, otherwise = properties["ReservedConcurrentExecutions"]["Fn::If"]
        limits = "LimitsDeliveries" if name == "WebhookFunction" else "Reserves"
        assert (condition, otherwise) == (limits, {"Ref": "AWS::NoValue"}), name
        parameter = {"Ref": f"{name.removesuffix('Function')}Concurrency"}
        assert reserved in (parameter, 1, 2), name


def test_no_deliveries_at_once_is_the_kill_switch_whether_concurrency_is_reserved_or_not() -> None:
    assert written()["Conditions"]["LimitsDeliveries"] == {
        "Fn::Or": [
            {"Condition": "Reserves"},
            {"Fn::Equals": [{"Ref": "WebhookConcurrency"}, "0"]},
        ]
    }


def test_a_new_account_whose_limit_is_ten_reserves_nothing() -> None:
    assert written()["Parameters"]["ReserveConcurrency"]["Default"] == "false"


def test_every_role_is_one_functions_own() -> None:
    roles = [json.dumps(properties["Role"]) for properties in functions().values()]
    assert len(set(roles)) == len(roles)


def test_every_log_group_is_one_functions_own_encrypted_and_ends() -> None:
    groups = resources(translated(), "AWS::Logs::LogGroup")
    for name, properties in functions().items():
        group = groups[properties["LoggingConfig"]["LogGroup"]["Ref"]]
        assert group["LogGroupName"] == {
            "Fn::Sub": f"/aws/lambda/${{AWS::StackName}}-{short(name)}"
        }
        assert {"KmsKeyId", "RetentionInDays"} <= set(group), name


READ_BY_POWERTOOLS = {"POWERTOOLS_METRICS_NAMESPACE"}


def test_the_code_reads_every_variable() -> None:
    reader = (PROJECT / "src" / "adapters" / "settings.py").read_text()
    ours = {each for name in functions() for each in variables(name)} - READ_BY_POWERTOOLS
    assert {each for each in ours if f'"{each}"' not in reader} == set()


def test_the_sample_environment_has_exactly_the_templates_variables() -> None:
    sample = json.loads((PROJECT / "env.example.json").read_text())["Parameters"]
    assert set(sample) == set().union(*map(variables, functions())) - READ_BY_POWERTOOLS


def test_the_webhook_answers_before_api_gateway_gives_up() -> None:
    assert functions()["WebhookFunction"]["Timeout"] < GATEWAY_TIMEOUT_SECONDS


def test_only_who_calls_stripe_or_hears_it_knows_its_secrets() -> None:
    holders = {name for name in functions() if "STRIPE_SECRET_ARN" in variables(name)}
    assert holders == {"WebhookFunction", "OperationsFunction", "ReconcileFunction"}


def test_each_function_logs_in_as_the_role_that_has_its_grants() -> None:
    users = {short(name): variables(name).get("DATABASE_USER") for name in functions()}
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


HOSTS = {
    True: "https://${DomainName}",
    False: "https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}",
}


@pytest.mark.parametrize("has_domain", HOSTS)
def test_addresses_are_of_the_custom_domain_where_there_is_one(has_domain: bool) -> None:
    outputs = resolved(translated()["Outputs"], {"HasDomain": has_domain})
    doctor = resolved(variables("OperationsFunction")["WEBHOOK_URL"], {"HasDomain": has_domain})
    host = HOSTS[has_domain]
    assert outputs["WebhookUrl"]["Value"] == {"Fn::Sub": f"{host}/stripe/webhook"} == doctor
    assert outputs["ReportsUrl"]["Value"] == {"Fn::Sub": f"{host}/reports"}


def test_a_custom_domain_is_made_only_when_asked_for_and_leads_to_the_api() -> None:
    template = translated()
    for name in ("Domain", "DomainMapping"):
        assert template["Resources"][name]["Condition"] == "HasDomain"
    for name in ("DomainTarget", "DomainZone"):
        assert template["Outputs"][name]["Condition"] == "HasDomain"
    assert template["Resources"]["DomainMapping"]["Properties"] == {
        "DomainName": {"Ref": "Domain"},
        "ApiId": {"Ref": "HttpApi"},
        "Stage": {"Ref": "HttpApiApiGatewayDefaultStage"},
    }
