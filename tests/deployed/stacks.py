"""The real template, deployed by `sam deploy` to the emulator of AWS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import boto3
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.emulated_aws import ACCOUNT, REGION, EmulatedAws
from local.lambda_build import PROJECT
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
class Person:
    """Somebody with credentials of a role."""

    account: Account
    credentials: Credentials

    def with_wrong_key(self) -> Person:
        """Somebody who has seen the key's id alone."""
        known = self.credentials
        return replace(self, credentials=Credentials(known.access_key, "guessed", known.token))

    @property
    def functions(self) -> Any:
        """A client of Lambda."""
        known = self.credentials
        session = boto3.Session(known.access_key, known.secret_key, known.token, region_name=REGION)
        return session.client(
            "lambda", endpoint_url=self.account.aws.url, verify=str(self.account.aws.authorities)
        )


@dataclass(frozen=True)
class Source:
    """A folder to deploy from: the checkout's templates, and the code as one zip file."""

    folder: Path

    @property
    def code(self) -> Path:
        return self.folder / "artefact.zip"

    @property
    def template(self) -> Path:
        return self.folder / "template.yaml"

    def copy(self, folder: Path) -> Source:
        """Another one, to be changed."""
        shutil.copytree(self.folder, folder)
        return Source(folder)

    def with_migration(self, name: str, sql: str) -> None:
        """One more migration in the code."""
        with zipfile.ZipFile(self.code, "a", zipfile.ZIP_DEFLATED) as code:
            code.writestr(f"sql/schema/{name}.sql", sql)


def source(folder: Path, artefact: Path) -> Source:
    """What `sam build` makes, with the code in `artefact` for every function."""
    made = Source(folder)
    shutil.copytree(PROJECT / "stacks", folder / "stacks")
    shutil.copy(PROJECT / "samconfig.toml", folder)
    template = (PROJECT / "template.yaml").read_text("utf-8")
    assert template.count("CodeUri: src/") == 1
    made.template.write_text(template.replace("CodeUri: src/", f"CodeUri: {made.code.name}"))
    with zipfile.ZipFile(made.code, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as code:
        for path in sorted(artefact.rglob("*")):
            code.write(path, path.relative_to(artefact))
    return made


@dataclass(frozen=True)
class Deployment:
    """What `sam deploy` said, and whether it was done."""

    done: bool
    said: str


@dataclass(frozen=True)
class Stack:
    """A deployed stack, through its outputs; `till` looks into its database."""

    account: Account
    name: str
    till: Till

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

    def person(self, name: str, *policies: str) -> Person:
        """Somebody of the account whose role has these policies."""
        iam, role = self.account.client("iam"), f"{self.name}-{name}"
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        for policy in policies:
            iam.attach_role_policy(RoleName=role, PolicyArn=policy)
        given = self.account.client("sts").assume_role(RoleArn=made["Arn"], RoleSessionName=name)[
            "Credentials"
        ]
        return Person(
            self.account,
            Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]),
        )

    def report(self, path: str, person: Person | None) -> tuple[int, Any]:
        """Status and answer of a call of the reports, which the person signs."""
        request = AWSRequest("GET", self.url("ReportsUrl") + path)
        if person is not None:
            SigV4Auth(person.credentials, "execute-api", REGION).add_auth(request)
        answer = self.account.http.request("GET", request.url, headers=dict(request.headers))
        return answer.status, json.loads(answer.data)

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

    @contextmanager
    def without(self, role: str, sid: str) -> Iterator[None]:
        """While this statement is taken out of the role's own policy."""
        iam, name = self.account.client("iam"), self.resource(role)
        (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
        whole = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        kept = [each for each in whole["Statement"] if each.get("Sid") != sid]
        assert len(kept) == len(whole["Statement"]) - 1
        put = partial(iam.put_role_policy, RoleName=name, PolicyName=policy)
        put(PolicyDocument=json.dumps({**whole, "Statement": kept}))
        try:
            yield
        finally:
            put(PolicyDocument=json.dumps(whole))

    @contextmanager
    def detached(self, role: str, policy: str) -> Iterator[None]:
        """While the role has not this policy."""
        iam = self.account.client("iam")
        attached = {"RoleName": self.resource(role), "PolicyArn": self.resource(policy)}
        iam.detach_role_policy(**attached)
        try:
            yield
        finally:
            iam.attach_role_policy(**attached)

    @contextmanager
    def cold(self, function: str) -> Iterator[None]:
        """While new containers serve this function, and again new ones afterwards."""
        functions = self.account.client("lambda")
        change = partial(
            functions.update_function_configuration, FunctionName=f"{self.name}-{function}"
        )
        # The same value; AWS starts anew whatever is changed, the emulator for this.
        change(MemorySize=512)
        try:
            yield
        finally:
            change(MemorySize=512)

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
