"""An AWS account in this process: moto's, and by hand what moto has not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.loaders import create_loader
from botocore.validate import ParamValidator
from moto import mock_aws

from local.deployment.template import PROJECT, written

REGION = "eu-central-1"
ACCOUNT = "123456789012"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:user/deployer"

# The services' models, which all sessions here share: to read them takes longer than a test.
MODELS = create_loader()

Answer = Mapping[str, Any] | Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Aws:
    """Real clients, whose calls are answered before they leave. Both what is asked and what is
    answered must be as the service's model has it."""

    def __init__(self) -> None:
        session = botocore.session.Session()
        session.register_component("data_loader", MODELS)
        self.session = boto3.Session(region_name=REGION, botocore_session=session)
        self.asked: dict[str, list[Mapping[str, Any]]] = {}
        self.answer("sts", "GetCallerIdentity", {"Arn": DEPLOYER, "Account": ACCOUNT})
        self.limit(1000)
        self.answer("rds", "DescribeDBEngineVersions", offering(aurora()))
        self.answer("iam", "SimulatePrincipalPolicy", allowing_all_but())
        self.refuse("cloudformation", "DescribeStacks", "ValidationError")

    def answer(self, service: str, operation: str, answer: Answer) -> None:
        """How the calls of an operation are answered from now on."""
        name = f"{service}.{operation}"
        calls = self.asked.setdefault(name, [])

        def note(params: Mapping[str, Any], **_: Any) -> None:
            calls.append(params)

        def respond(model: Any, **_: Any) -> tuple[Any, Mapping[str, Any]]:
            said = answer(calls[-1]) if callable(answer) else answer
            status = 400 if "Error" in said else 200
            if status == 200:
                report = ParamValidator().validate(said, model.output_shape)
                assert not report.has_errors(), report.generate_report()
            return SimpleNamespace(status_code=status), said

        self.session.events.register_first(f"before-parameter-build.{name}", note, name)
        self.session.events.unregister(f"before-call.{name}", unique_id=f"answer {name}")
        self.session.events.register(f"before-call.{name}", respond, f"answer {name}")

    def refuse(self, service: str, operation: str, code: str) -> None:
        self.answer(service, operation, {"Error": {"Code": code, "Message": "secret-of-aws"}})

    def limit(self, executions: int, unreserved: int | None = None) -> None:
        """The account's concurrent executions, and how many of them nobody has reserved."""
        free = executions if unreserved is None else unreserved
        limits = {"ConcurrentExecutions": executions, "UnreservedConcurrentExecutions": free}
        self.answer("lambda", "GetAccountSettings", {"AccountLimit": limits})

    def stack(self, outputs: Mapping[str, str], **parameters: str) -> None:
        """A stack that is there."""
        described = {
            "StackName": "tokentill",
            "CreationTime": "2026-11-25T00:00:00Z",
            "StackStatus": "CREATE_COMPLETE",
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
            ],
            "Outputs": [
                {"OutputKey": name, "OutputValue": value} for name, value in outputs.items()
            ],
        }
        self.answer("cloudformation", "DescribeStacks", {"Stacks": [described]})

    def secret(self, name: str, value: object) -> str:
        """A secret in Secrets Manager, a text as it is and anything else as JSON, in
        the place of what it was; its ARN."""
        text = value if isinstance(value, str) else json.dumps(value)
        manager = self.session.client("secretsmanager")
        try:
            return str(manager.create_secret(Name=name, SecretString=text)["ARN"])
        except manager.exceptions.ResourceExistsException:
            return str(manager.put_secret_value(SecretId=name, SecretString=text)["ARN"])


def aurora() -> str:
    """The version that the template makes."""
    cluster = written(PROJECT / "stacks" / "database.yaml")["Resources"]["Cluster"]
    return str(cluster["Properties"]["EngineVersion"])


def offering(*versions: str) -> Answer:
    """A region that offers these versions of Aurora."""

    def answer(params: Mapping[str, Any]) -> Mapping[str, Any]:
        wanted = params.get("EngineVersion")
        found = [each for each in versions if wanted in (None, each)]
        return {"DBEngineVersions": [{"EngineVersion": each} for each in found]}

    return answer


def allowing_all_but(*refused: str) -> Answer:
    """An IAM that says so of whomever it is asked about."""

    def answer(params: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "EvaluationResults": [
                {
                    "EvalActionName": each,
                    "EvalDecision": "implicitDeny" if each in refused else "allowed",
                }
                for each in params["ActionNames"]
            ]
        }

    return answer


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An account in which nothing is wrong."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield Aws()
