"""The SAM template fits the code, the sample environment and the build."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
# API Gateway gives up after this, whatever the function's own timeout is:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
GATEWAY_TIMEOUT_SECONDS = 30


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms, such as `!Ref`, as their argument."""


def _argument(loader: _Loader, _suffix: str, node: yaml.Node) -> object:
    assert isinstance(node, yaml.ScalarNode)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _argument)
TEMPLATE: dict[str, Any] = yaml.load((PROJECT / "template.yaml").read_text(), _Loader)  # noqa: S506
FUNCTIONS: dict[str, dict[str, Any]] = {
    name: resource
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}


def _variables(function: dict[str, Any]) -> set[str]:
    of_all = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    own = function["Properties"].get("Environment", {}).get("Variables", {})
    return {*of_all, *own}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_handler_of_a_function_exists(name: str) -> None:
    module, _, attribute = FUNCTIONS[name]["Properties"]["Handler"].rpartition(".")
    assert callable(getattr(importlib.import_module(module), attribute))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_a_build_target(name: str) -> None:
    assert FUNCTIONS[name]["Metadata"] == {"BuildMethod": "makefile"}
    assert f"\nbuild-{name}: artefact\n" in (PROJECT / "src" / "Makefile").read_text()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_code_reads_every_variable_that_a_function_gets(name: str) -> None:
    reader = (PROJECT / "src" / "adapters" / "environment.py").read_text()
    assert {
        variable for variable in _variables(FUNCTIONS[name]) if f'"{variable}"' not in reader
    } == set()


def test_the_sample_environment_has_exactly_the_templates_variables() -> None:
    sample = json.loads((PROJECT / "env.example.json").read_text())["Parameters"]
    assert set(sample) == set().union(*map(_variables, FUNCTIONS.values()))


def test_the_webhook_answers_before_api_gateway_gives_up() -> None:
    assert FUNCTIONS["WebhookFunction"]["Properties"]["Timeout"] < GATEWAY_TIMEOUT_SECONDS


def test_only_the_webhook_knows_stripes_secrets() -> None:
    holders = {name for name, each in FUNCTIONS.items() if "STRIPE_SECRET_ARN" in _variables(each)}
    assert holders == {"WebhookFunction"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_read_exactly_the_secrets_that_it_is_told_of(name: str) -> None:
    told = {variable for variable in _variables(FUNCTIONS[name]) if variable.endswith("_ARN")}
    policies = FUNCTIONS[name]["Properties"]["Policies"]
    readable = {policy["AWSSecretsManagerGetSecretValuePolicy"]["SecretArn"] for policy in policies}
    assert readable == {variable.title().replace("_", "") for variable in told}


def test_stripe_can_reach_the_webhook_route() -> None:
    events = FUNCTIONS["WebhookFunction"]["Properties"]["Events"].values()
    routes = [(event["Properties"]["Method"], event["Properties"]["Path"]) for event in events]
    assert routes == [("POST", "/stripe/webhook")]
