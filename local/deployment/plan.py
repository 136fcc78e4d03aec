"""A deployment that is about to be: what is asked for, and the account that it is asked of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

from adapters.database_login import iam_token, login
from adapters.postgres import Connection, Database
from adapters.secrets import json_object
from adapters.settings import STRIPE_API, DatabaseAddress, Settings, settings
from local import Failure
from local.deployment.answers import Answers
from local.deployment.findings import code_of, reason
from local.deployment.template import Filled, NotGiven, written
from operations.doctor import Unknown

# What CloudFormation calls it.
NO_SUCH_STACK = "ValidationError"
# Nobody waits for a region that does not answer.
PATIENCE = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 2})


def session(told: Answers) -> boto3.Session:
    """Raises Failure for a profile that is not there."""
    try:
        return boto3.Session(region_name=told.region, profile_name=told.profile)
    except ProfileNotFound as error:
        raise Failure(f"There is no profile {told.profile}: aws configure sso makes it.") from error


def client(session: boto3.Session, service: str) -> Any:
    """A client of the session that gives up in time. Without a region there is none."""
    return session.client(service, config=PATIENCE)  # type: ignore[call-overload]


@dataclass(frozen=True)
class Plan:
    """What will be deployed. `stripe_api` is where Stripe is asked, and no parameter says it."""

    answers: Answers
    session: boto3.Session
    stripe_api: str = STRIPE_API
    template: Mapping[str, Any] = field(default_factory=written)

    def client(self, service: str) -> Any:
        """The client of the service, which is made once: that takes as long as a call of it."""
        if service not in self._clients:
            self._clients[service] = client(self.session, service)
        return self._clients[service]

    @cached_property
    def _clients(self) -> dict[str, Any]:
        return {}

    @cached_property
    def standing(self) -> dict[str, str] | Unknown | None:
        """The parameters of the stack that is there; None when there is none."""
        try:
            described = self.client("cloudformation").describe_stacks(
                StackName=self.answers.stack_name
            )
        except ClientError as error:
            if code_of(error) == NO_SUCH_STACK:
                return None
            return Unknown(reason(error))
        except BotoCoreError as error:
            return Unknown(reason(error))
        known = described["Stacks"][0].get("Parameters", [])
        return {each["ParameterKey"]: each["ParameterValue"] for each in known}

    @cached_property
    def filled(self) -> Filled:
        """The template as it will be: what is not said keeps its value of before."""
        before = self.standing if isinstance(self.standing, dict) else {}
        kept = {
            name: value for name, value in before.items() if name in self.template["Parameters"]
        }
        return Filled(self.template, {**kept, **self.answers.parameters})

    def settings_of(self, function: str) -> Settings:
        """How the function will be configured. Raises Misconfigured."""
        return settings(self.filled.environment(function))

    def read_secret(self, arn: str, _anew: bool = False) -> Mapping[str, Any] | None:
        """The secret, None when it is no JSON object. Raises ClientError."""
        value = self.client("secretsmanager").get_secret_value(SecretId=arn)
        return json_object(value.get("SecretString") or value.get("SecretBinary"))

    @cached_property
    def administrator(self) -> DatabaseAddress:
        """Where migrations will log in, and how. Raises NotGiven."""
        address = self.settings_of("MigrateFunction").database
        if not address.secret_arn:
            raise NotGiven("DatabaseSecretArn is not given")
        return address

    @cached_property
    def tried(self) -> Connection | Exception:
        """The one try to log in as migrations will: whoever needs it waits for it once."""
        try:
            return login(self.administrator, self.read_secret, iam_token)
        except Exception as error:
            return error

    @cached_property
    def database(self) -> Database:
        """The database as migrations will see it. What keeps them from logging in is raised when
        it is used."""
        return Database(self.connected)

    def connected(self) -> Connection:
        if isinstance(self.tried, Exception):
            raise self.tried
        return self.tried

    def close(self) -> None:
        # What was never asked for was never made.
        if "database" in vars(self):
            self.database.close()


def is_gone(error: ClientError) -> str | None:
    """Why nobody could read the secret; None where others may."""
    return {
        "ResourceNotFoundException": "there is no such secret",
        "InvalidRequestException": "the secret is being deleted",
    }.get(code_of(error))
