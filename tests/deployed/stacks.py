"""Stacks of the template in the emulator of AWS: deployed by `sam deploy`, called, and deleted."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import urllib3

from local.emulated_aws import EmulatedAws
from local.lambda_build import PROJECT
from tests.deployed.sources import Source
from tests.till import Till, completed

SAM = PROJECT / ".venv-sam" / "bin" / "sam"


class Account:
    """Clients of the emulator's services, each made once."""

    def __init__(self, aws: EmulatedAws) -> None:
        self.aws = aws
        self.http = urllib3.PoolManager(ca_certs=str(aws.authorities))
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """As the account's root."""
        if service not in self._clients:
            self._clients[service] = self.aws.client(service)
        return self._clients[service]


@dataclass(frozen=True)
class Deployment:
    """What `sam deploy` said, and whether it was done."""

    done: bool
    said: str


@dataclass(frozen=True)
class Stack:
    """A stack, through its outputs; `till` looks into its database, and `deployer` is what the
    environment of who deploys has to say who that is."""

    account: Account
    name: str
    till: Till
    deployer: Mapping[str, str]

    def deploy(self, source: Source, **parameters: str) -> Deployment:
        """`sam deploy`, as docs/deploy.md has it, without questions; parameters that are not given
        stay as they are."""
        given = [f"{name}={value}" for name, value in parameters.items()]
        ran = subprocess.run(
            [
                *(SAM, "deploy", "--stack-name", self.name, "--no-confirm-changeset"),
                *("--no-progressbar", *(("--parameter-overrides", *given) if given else ())),
            ],
            cwd=source.folder,
            env=self.account.aws.environment
            | self.deployer
            | {"PATH": os.defpath, "HOME": str(source.folder)}
            | {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.5"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Deployment(ran.returncode == 0, ran.stdout)

    def reasons(self) -> set[str]:
        """What the stack's events say of what failed."""
        events = self.account.client("cloudformation").describe_stack_events(StackName=self.name)
        return {each.get("ResourceStatusReason", "") for each in events["StackEvents"]}

    @cached_property
    def outputs(self) -> dict[str, str]:
        (stack,) = self.account.client("cloudformation").describe_stacks(StackName=self.name)[
            "Stacks"
        ]
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def invoke(self, function: str, event: object) -> Any:
        """What a function answers, of its name without the stack's."""
        answer = self.account.client("lambda").invoke(
            FunctionName=f"{self.name}-{function}", Payload=json.dumps(event)
        )
        return json.loads(answer["Payload"].read())

    def log(self, function: str) -> list[str]:
        """The lines of our code in a function's log, each a JSON object."""
        pages = self.account.client("logs").get_paginator("filter_log_events")
        messages = [
            event["message"]
            for page in pages.paginate(logGroupName=f"/aws/lambda/{self.name}-{function}")
            for event in page["events"]
        ]
        return [line for line in messages if line.startswith("{")]

    def url(self, output: str) -> str:
        """The address of an output, as the emulator has it."""
        return self.account.aws.url_of(self.outputs[output])

    def deliver(self, event: Mapping[str, Any], secret: str | None = None) -> tuple[int, str]:
        """Status and outcome of an event that Stripe delivers."""
        stripe = self.till.account
        delivery = stripe.delivery(event, secret=secret or stripe.webhook_secret)
        answer = self.account.http.request(
            "POST", self.url("WebhookUrl"), body=delivery.body, headers=dict(delivery.headers)
        )
        return answer.status, json.loads(answer.data).get("outcome", "")

    def purchase(self, user_id: str) -> dict[str, Any]:
        """The event of a session that this user has paid for."""
        return completed(self.till.account.complete(self.till.sell(user_id)))

    def versions(self) -> dict[str, str]:
        """The code of each function that answers: of the webhook, of what its alias leads to."""
        functions = self.account.client("lambda")
        names = ("webhook:live", "reports", "reconcile", "operations", "migrate")
        return {
            name: functions.get_function_configuration(FunctionName=f"{self.name}-{name}")[
                "CodeSha256"
            ]
            for name in names
        }

    def resource(self, logical_id: str) -> str:
        """What a resource of the stack is called."""
        found = self.account.client("cloudformation").describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def delete(self) -> None:
        """Delete the stack, as docs/deploy.md has it: the exports first."""
        s3, bucket = self.account.client("s3"), self.outputs["ExportBucketName"]
        for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=each["Key"])
        stacks = self.account.client("cloudformation")
        stacks.delete_stack(StackName=self.name)
        stacks.get_waiter("stack_delete_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
