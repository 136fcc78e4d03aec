"""Impossible combinations of parameters are refused, with a sentence, before anything is made."""

from __future__ import annotations

import re

import pytest

from local.deployment.template import Filled
from tests.unit.template.templates import references_in, translated, written

STRIPE = {
    "StripeSecretArn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:stripe-a1b2c3"
}
OWNER = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:owner-a1b2c3"
SECRET = {"DatabaseSecretArn": OWNER}
IAM = {
    "Database": "iam",
    "DatabaseSecretArn": OWNER,
    "DatabaseHost": "till.cluster-abc.eu-central-1.rds.amazonaws.com",
    "DatabaseName": "till",
    "DatabaseResourceId": "cluster-ABC",
}
AURORA = {"Database": "aurora"}
CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/0a"
VPC = {"SubnetIds": "subnet-0a,subnet-0b", "SecurityGroupIds": "sg-0a"}


def complaints(**given: str) -> list[str]:
    """What CloudFormation's Rules say of the parameters."""
    return list(Filled(written(), {**STRIPE, **given}).broken_rules())


@pytest.mark.parametrize(
    "given",
    [
        SECRET,
        SECRET | VPC,
        SECRET | {"DomainName": "till.example.com", "CertificateArn": CERTIFICATE},
        SECRET | VPC | {"ReconcileOutsideVpc": "true"},
        SECRET | {"DatabaseHost": "db.example.com", "WebhookDatabaseSecretArn": OWNER},
        IAM,
        IAM | VPC | {"DatabaseReaderHost": "reader", "DatabaseMigrationHost": "writer"},
        AURORA,
        AURORA | {"NatGateway": "false"},
        AURORA | {"VpcId": "vpc-0a", "SubnetIds": "subnet-0a,subnet-0b"},
    ],
    ids=lambda given: " ".join(given),
)
def test_what_makes_sense_is_accepted(given: dict[str, str]) -> None:
    assert complaints(**given) == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "DatabaseSecretArn must be set"),
        (SECRET | {"DomainName": "till.example.com"}, "DomainName and CertificateArn go together"),
        (SECRET | {"CertificateArn": CERTIFICATE}, "DomainName and CertificateArn go together"),
        (IAM | {"DatabaseSecretArn": ""}, "DatabaseSecretArn must be set"),
        (IAM | {"DatabaseHost": ""}, "DatabaseHost, DatabaseName and DatabaseResourceId"),
        (IAM | {"DatabaseResourceId": ""}, "DatabaseHost, DatabaseName and DatabaseResourceId"),
        (IAM | {"ReportsDatabaseSecretArn": OWNER}, "only DatabaseSecretArn is read"),
        (SECRET | {"DatabaseResourceId": "db-A"}, "Set Database to iam"),
        (SECRET | {"VpcId": "vpc-0a"}, "set SubnetIds and SecurityGroupIds"),
        (SECRET | {"SubnetIds": "subnet-0a"}, "SubnetIds and SecurityGroupIds go together"),
        (SECRET | {"SecurityGroupIds": "sg-0a"}, "SubnetIds and SecurityGroupIds go together"),
        (AURORA | {"DatabaseSecretArn": OWNER}, "makes its own secret"),
        (AURORA | {"DatabaseHost": "db.example.com"}, "Leave hosts, name and resource id out"),
        (AURORA | {"SecurityGroupIds": "sg-0a"}, "makes its own security groups"),
        (AURORA | {"VpcId": "vpc-0a"}, "VpcId and SubnetIds go together"),
        (AURORA | {"SubnetIds": "subnet-0a,subnet-0b"}, "VpcId and SubnetIds go together"),
        (AURORA | {"ReconcileOutsideVpc": "true"}, "cannot run outside their VPC"),
    ],
    ids=str,
)
def test_what_cannot_work_is_refused_with_what_to_do(given: dict[str, str], says: str) -> None:
    assert [says in complaint for complaint in complaints(**given)] == [True]


def test_who_says_nothing_gets_the_cheap_one() -> None:
    assert written()["Parameters"]["Database"]["Default"] == "secret"


def test_every_parameter_is_explained_and_used() -> None:
    parameters, template = written()["Parameters"], translated()
    used = references_in([template["Resources"], template["Conditions"]]) | set(
        re.findall(r"\$\{(\w+)\}", str(template["Resources"]))
    )
    assert {name for name, each in parameters.items() if len(each["Description"]) <= 10} == set()
    assert set(parameters) - used == set()


def test_every_parameter_has_its_place_in_the_console() -> None:
    groups = written()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    placed = [name for group in groups for name in group["Parameters"]]
    assert sorted(placed) == sorted(written()["Parameters"])
