"""The real template, deployed by `sam deploy` to the emulator of AWS."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.emulated_aws import REGION, EmulatedAws
from local.lambda_build import PROJECT

SAM = PROJECT / ".venv-sam" / "bin" / "sam"


class Account:
    """Clients of the emulator's services, each made once."""

    def __init__(self, aws: EmulatedAws) -> None:
        self.aws = aws
        self.http = urllib3.PoolManager(ca_certs=str(aws.authorities))
        self._session = boto3.Session("test", "test", region_name=REGION)
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """As the account's root."""
        if service not in self._clients:
            self._clients[service] = self._session.client(
                service, endpoint_url=self.aws.url, verify=str(self.aws.authorities)
            )
        return self._clients[service]

    def secret(self, name: str, value: Mapping[str, Any]) -> str:
        """A new secret's ARN."""
        made = self.client("secretsmanager").create_secret(
            Name=name, SecretString=json.dumps(value)
        )
        return str(made["ARN"])


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
    """A deployed stack, through its outputs."""

    account: Account
    name: str

    def deploy(self, source: Source, **parameters: str) -> Deployment:
        """`sam deploy`, as docs/deploy.md has it, without questions."""
        ran = subprocess.run(
            [
                *(SAM, "deploy", "--stack-name", self.name, "--no-confirm-changeset"),
                *("--no-progressbar", "--parameter-overrides"),
                *(f"{name}={value}" for name, value in parameters.items()),
            ],
            cwd=source.folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(source.folder), "SAM_CLI_TELEMETRY": "0"}
            | self.account.aws.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Deployment(ran.returncode == 0, ran.stdout)

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

    def url(self, output: str) -> str:
        """The address of an output, as the emulator has it."""
        host, _, path = self.outputs[output].removeprefix("https://").partition("/")
        api_id = host.partition(".")[0]
        return f"{self.account.aws.url}/_aws/execute-api/{api_id}/$default/{path}"

    def post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Status and answer of the webhook."""
        answer = self.account.http.request(
            "POST", self.url("WebhookUrl"), body=body, headers=dict(headers)
        )
        return answer.status, json.loads(answer.data)

    def report(self, path: str, credentials: Credentials | None) -> tuple[int, Any]:
        """Status and answer of a signed call of the reports; unsigned without credentials."""
        request = AWSRequest("GET", self.url("ReportsUrl") + path)
        if credentials is not None:
            SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
        answer = self.account.http.request("GET", request.url, headers=dict(request.headers))
        return answer.status, json.loads(answer.data)
