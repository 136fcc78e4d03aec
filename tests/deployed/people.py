"""People of the account, each with a role, and what they sign."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.emulated_aws import ACCOUNT, REGION
from local.lambda_build import PROJECT
from tests.deployed.stacks import Account, Stack

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "sts:AssumeRole",
        }
    ],
}


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
    def environment(self) -> dict[str, str]:
        """What programs read it from."""
        return {
            "AWS_ACCESS_KEY_ID": self.credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": self.credentials.secret_key,
            "AWS_SESSION_TOKEN": self.credentials.token or "",
        }

    @property
    def functions(self) -> Any:
        """A client of Lambda."""
        known = self.credentials
        session = boto3.Session(known.access_key, known.secret_key, known.token, region_name=REGION)
        return session.client(
            "lambda", endpoint_url=self.account.aws.url, verify=str(self.account.aws.authorities)
        )


def person(account: Account, name: str, *policies: str) -> Person:
    """Somebody whose role has these policies."""
    iam = account.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    for policy in policies:
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    assumed = account.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName=name)
    given = assumed["Credentials"]
    return Person(
        account,
        Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]),
    )


def deployer(account: Account) -> Person:
    """Somebody who may deploy, as docs/deploy.md has it."""
    iam = account.client("iam")
    policies = [
        iam.create_policy(PolicyName=path.stem, PolicyDocument=path.read_text("utf-8"))["Policy"]
        for path in sorted((PROJECT / "docs").glob("deployer-policy*.json"))
    ]
    return person(account, "deployer", *(each["Arn"] for each in policies))


def report(stack: Stack, path: str, who: Person | None) -> tuple[int, Any]:
    """Status and answer of a call of the stack's reports, which the person signs."""
    request = AWSRequest("GET", stack.url("ReportsUrl") + path)
    if who is not None:
        SigV4Auth(who.credentials, "execute-api", REGION).add_auth(request)
    answer = stack.account.http.request("GET", request.url, headers=dict(request.headers))
    return answer.status, json.loads(answer.data)
