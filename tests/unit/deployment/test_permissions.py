"""Whether the deployer may do what a deployment needs: asked of IAM, which knows."""

from __future__ import annotations

from typing import Any

from local.deployment.findings import Verdict
from local.deployment.permissions import ACTIONS_AT_ONCE, permissions
from tests.aws import ACCOUNT, DEPLOYER, Aws, allowing_all_but
from tests.unit.deployment.plans import plan, said

SIMULATE = "iam.SimulatePrincipalPolicy"


def simulated(aws: Aws, key: str) -> set[str]:
    return {each for call in aws.asked[SIMULATE] for each in call[key]}


def test_a_deployer_who_may_everything_is_ok(aws: Aws) -> None:
    assert said(permissions, plan(aws))[0] is Verdict.OK
    assert {call["PolicySourceArn"] for call in aws.asked[SIMULATE]} == {DEPLOYER}


def test_what_the_deployer_may_not_is_named_with_the_policy_that_mends_it(aws: Aws) -> None:
    aws.answer(*SIMULATE.split("."), allowing_all_but("kms:CreateKey", "iam:PassRole"))
    verdict, message = said(permissions, plan(aws))
    assert verdict is Verdict.WRONG
    assert "may not iam:PassRole, kms:CreateKey." in message
    assert "docs/deployer-policy.json." in message


def test_of_many_that_are_refused_some_are_named(aws: Aws) -> None:
    def nothing(params: Any) -> Any:
        return allowing_all_but(*params["ActionNames"])(params)  # type: ignore[operator]

    aws.answer(*SIMULATE.split("."), nothing)
    _, message = said(permissions, plan(aws, Database="aurora"))
    assert " more. " in message
    assert message.endswith("docs/deployer-policy.json and docs/deployer-policy-aurora.json.")


def test_a_deployment_without_aurora_needs_no_permission_for_it(aws: Aws) -> None:
    aws.answer(*SIMULATE.split("."), allowing_all_but("rds:CreateDBCluster", "ec2:CreateVpc"))
    deployed = plan(aws)
    secret = deployed.answers.parameters["StripeSecretArn"]
    assert said(permissions, deployed)[0] is Verdict.OK
    made = plan(aws, Database="aurora", StripeSecretArn=secret)
    verdict, message = said(permissions, made)
    assert (verdict, "ec2:CreateVpc, rds:CreateDBCluster" in message) == (Verdict.WRONG, True)


def test_a_session_is_asked_about_by_its_role(aws: Aws) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/ci/deployer"
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/github"
    aws.answer("sts", "GetCallerIdentity", {"Arn": session, "Account": ACCOUNT})
    described = {
        "Path": "/ci/",
        "RoleName": "deployer",
        "RoleId": "AROAEXAMPLEEXAMPLE",
        "Arn": role,
        "CreateDate": "2026-11-25T00:00:00Z",
    }
    aws.answer("iam", "GetRole", {"Role": described})
    assert said(permissions, plan(aws))[0] is Verdict.OK
    assert {call["PolicySourceArn"] for call in aws.asked[SIMULATE]} == {role}


def test_the_root_is_not_asked_about(aws: Aws) -> None:
    root = {"Arn": f"arn:aws:iam::{ACCOUNT}:root", "Account": ACCOUNT}
    aws.answer("sts", "GetCallerIdentity", root)
    assert said(permissions, plan(aws))[0] is Verdict.OK
    assert aws.asked[SIMULATE] == []


def test_a_deployer_who_may_not_ask_is_unknown_and_never_ok(aws: Aws) -> None:
    aws.refuse(*SIMULATE.split("."), "AccessDenied")
    verdict, message = said(permissions, plan(aws))
    assert verdict is Verdict.UNKNOWN
    assert "iam:SimulatePrincipalPolicy" in message


def test_iam_is_asked_about_things_of_this_stack(aws: Aws) -> None:
    said(permissions, plan(aws, stack_name="Till-Live"))
    things = simulated(aws, "ResourceArns")
    assert f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:Till-Live-preflight" in things
    assert "arn:aws:s3:::till-live-preflight" in things
    assert "arn:aws:apigateway:eu-central-1::/apis/preflight" in things
    assert not any("*" in each for each in things - {"*"})


def test_iam_is_told_which_service_a_role_is_for_and_asked_no_more_than_it_takes(aws: Aws) -> None:
    said(permissions, plan(aws, Database="aurora"))
    (passed,) = [each for each in aws.asked[SIMULATE] if "iam:PassRole" in each["ActionNames"]]
    assert passed["ContextEntries"][0]["ContextKeyName"] == "iam:PassedToService"
    assert max(len(each["ActionNames"]) for each in aws.asked[SIMULATE]) <= ACTIONS_AT_ONCE
