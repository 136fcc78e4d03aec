"""What preflight says of tools, parameters, credentials, region, limits and versions."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from local.deployment import account_checks
from local.deployment.account_checks import (
    aurora_version,
    concurrency,
    credentials,
    numbers,
    parameters,
    region,
    sam_cli,
    secrets_key,
)
from local.deployment.answers import Answers
from local.deployment.findings import Verdict
from local.deployment.plan import Plan
from tests.aws import Aws, offering
from tests.unit.deployment.plans import plan, said

KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a-1b"
ELSEWHERE = "arn:aws:secretsmanager:us-east-1:123456789012:secret:tokentill/stripe-a1b2c3"


@pytest.mark.parametrize(
    "check", [parameters, sam_cli, credentials, region, concurrency], ids=lambda each: each.__name__
)
def test_of_a_sound_deployment_nothing_is_wrong(aws: Aws, check: object) -> None:
    assert said(check, plan(aws))[0] is Verdict.OK


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"StripeLivemode": "yes"}, "StripeLivemode is not what it may be"),
        ({"StripeSecretArn": "tokentill/stripe"}, "StripeSecretArn is not what it may be"),
        ({"WebhookConcurrency": "many"}, "WebhookConcurrency is not what it may be"),
        ({"WebhookConcurrency": "-1"}, "WebhookConcurrency is not what it may be"),
        ({"DatabasePort": "65536"}, "DatabasePort is not what it may be"),
        ({"WebhokConcurrency": "5"}, "There is no parameter WebhokConcurrency"),
        ({"DatabaseSecretArn": ""}, "DatabaseSecretArn must be set"),
        ({"VpcId": "vpc-0a"}, "set SubnetIds and SecurityGroupIds"),
    ],
    ids=str,
)
def test_parameters_that_cloudformation_refuses_are_wrong(
    aws: Aws, given: dict[str, str], told: str
) -> None:
    verdict, message = said(parameters, plan(aws, **given))
    assert verdict is Verdict.WRONG
    assert told in message


def test_parameters_that_must_be_given_are_named(aws: Aws) -> None:
    bare = Plan(Answers(stack_name="tokentill"), aws.session)
    verdict, message = said(parameters, bare)
    assert verdict is Verdict.WRONG
    assert "StripeSecretArn must be given." in message


def test_a_stack_that_is_there_keeps_what_is_not_said(aws: Aws) -> None:
    aws.stack({}, StripeSecretArn=ELSEWHERE, Database="aurora", StripeLivemode="true", Gone="1")
    kept = Plan(
        Answers(stack_name="tokentill", parameters={"StripeLivemode": "false"}), aws.session
    )
    assert said(parameters, kept)[0] is Verdict.OK
    assert kept.filled.parameters["Database"] == "aurora"
    assert kept.filled.parameters["StripeLivemode"] == "false"


def test_whether_there_is_a_stack_may_be_unknown(aws: Aws) -> None:
    aws.refuse("cloudformation", "DescribeStacks", "AccessDenied")
    verdict, message = said(parameters, plan(aws))
    assert verdict is Verdict.UNKNOWN
    assert "AccessDenied" in message


def test_a_sam_cli_that_is_too_old_is_wrong(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "sam"
    program.write_text("#!/bin/sh\necho SAM CLI, version 1.99.3")
    program.chmod(0o755)
    monkeypatch.setattr(account_checks, "PROJECT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    verdict, message = said(sam_cli, plan(aws))
    assert verdict is Verdict.WRONG
    assert "this is 1.99: make build brings one" in message


def test_versions_are_compared_as_numbers() -> None:
    assert numbers("1.170.0") > numbers("1.99.3")


def test_credentials_that_are_not_there_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    nobody = Plan(Answers(stack_name="tokentill"), boto3.Session(region_name="eu-central-1"))
    verdict, message = said(credentials, nobody)
    assert verdict is Verdict.WRONG
    assert "NoCredentialsError" in message


def test_credentials_that_have_expired_are_wrong(aws: Aws) -> None:
    aws.refuse("sts", "GetCallerIdentity", "ExpiredToken")
    verdict, message = said(credentials, plan(aws))
    assert verdict is Verdict.WRONG
    assert "ExpiredToken" in message
    assert "secret-of-aws" not in message


def test_a_secret_of_another_region_is_wrong(aws: Aws) -> None:
    verdict, message = said(region, plan(aws, StripeSecretArn=ELSEWHERE))
    assert verdict is Verdict.WRONG
    assert "goes to eu-central-1, but StripeSecretArn is in us-east-1" in message


def test_no_region_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert said(region, Plan(Answers(), boto3.Session()))[0] is Verdict.WRONG


@pytest.mark.parametrize(
    ("key", "named", "verdict"),
    [
        ("", "", Verdict.OK),
        ("alias/aws/secretsmanager", "", Verdict.OK),
        (KEY, "", Verdict.WRONG),
        (KEY, KEY, Verdict.OK),
        ("0a-1b", KEY, Verdict.OK),
        (KEY.replace("0a", "0b"), KEY, Verdict.WRONG),
        ("alias/mine", KEY, Verdict.UNKNOWN),
        ("alias/mine", "", Verdict.WRONG),
    ],
)
def test_a_key_that_is_on_a_secret_must_be_named(
    aws: Aws, key: str, named: str, verdict: Verdict
) -> None:
    aws.answer("secrets-manager", "DescribeSecret", {"KmsKeyId": key} if key else {})
    assert said(secrets_key, plan(aws, SecretsKmsKeyArn=named))[0] is verdict


def test_a_new_accounts_limit_is_too_low_for_what_is_reserved(aws: Aws) -> None:
    aws.limit(10)
    verdict, message = said(concurrency, plan(aws, ReserveConcurrency="true"))
    assert verdict is Verdict.WRONG
    assert "reserve 29 of the account's 10" in message
    assert "--desired-value 129" in message


def test_a_new_accounts_limit_will_do_where_nothing_is_reserved(aws: Aws) -> None:
    aws.limit(10)
    assert said(concurrency, plan(aws, ReserveConcurrency="false"))[0] is Verdict.OK


@pytest.mark.parametrize(("webhook", "verdict"), [("20", Verdict.OK), ("21", Verdict.WRONG)])
def test_exactly_a_hundred_must_be_left(aws: Aws, webhook: str, verdict: Verdict) -> None:
    aws.limit(1000, unreserved=129)
    asked = plan(aws, ReserveConcurrency="true", WebhookConcurrency=webhook)
    assert said(concurrency, asked)[0] is verdict


def test_what_the_stack_has_reserved_already_is_not_counted_twice(aws: Aws) -> None:
    aws.limit(150, unreserved=121)
    own = {"webhook": 20, "reports": 5, "reconcile": 1, "operations": 2, "migrate": 1}
    aws.answer(
        "lambda",
        "GetFunctionConcurrency",
        lambda params: {
            "ReservedConcurrentExecutions": own[params["FunctionName"].removeprefix("tokentill-")]
        },
    )
    verdict, message = said(concurrency, plan(aws, ReserveConcurrency="true"))
    assert (verdict, "121 are left" in message) == (Verdict.OK, True)


def test_a_limit_that_may_not_be_read_is_unknown(aws: Aws) -> None:
    aws.refuse("lambda", "GetAccountSettings", "AccessDeniedException")
    assert said(concurrency, plan(aws)) == (
        Verdict.UNKNOWN,
        "It could not be looked at (AccessDeniedException).",
    )


def test_an_aurora_that_is_offered_is_ok(aws: Aws) -> None:
    assert said(aurora_version, plan(aws, Database="aurora"))[0] is Verdict.OK


def test_an_aurora_that_is_not_offered_is_wrong_and_the_newest_ones_are_named(aws: Aws) -> None:
    aws.answer("rds", "DescribeDBEngineVersions", offering("17.9", "17.10", "16.6"))
    verdict, message = said(aurora_version, plan(aws, Database="aurora"))
    assert verdict is Verdict.WRONG
    assert "is not offered here, but 16.6, 17.9, 17.10." in message


def test_no_aurora_is_needed_for_a_database_that_is_there(aws: Aws) -> None:
    assert said(aurora_version, plan(aws))[0] is Verdict.UNNEEDED
