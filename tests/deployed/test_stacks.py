"""Several stacks in one account, and what is left of a deleted one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from local.postgres_as_rds import Rds
from tests.deployed.conftest import Deployed
from tests.deployed.sources import Source
from tests.deployed.stacks import Account, Stack
from tests.log_watch import betrayed

Metric = tuple[str, str, str]


def alarmed(stack: Stack) -> Iterator[Metric]:
    """What the alarms of a stack look at."""
    pages = stack.account.client("cloudwatch").get_paginator("describe_alarms").paginate()
    for alarm in (each for page in pages for each in page["MetricAlarms"]):
        if alarm["AlarmName"].startswith(f"{stack.name}-"):
            dimensions = json.dumps(alarm["Dimensions"], sort_keys=True)
            yield alarm["Namespace"], alarm["MetricName"], dimensions


def test_no_alarm_of_one_stack_sees_anything_of_another(stack: Stack, iam_stack: Stack) -> None:
    ours, theirs = set(alarmed(stack)), set(alarmed(iam_stack))
    assert len(ours) == len(theirs) > 15
    assert ours & theirs == set()


def test_what_a_delivery_counts_is_where_its_stacks_alarms_look(stack: Stack) -> None:
    stack.deliver(stack.purchase("counted"))
    counted = {
        metric["Namespace"]
        for line in map(json.loads, stack.log("webhook"))
        for metric in line.get("_aws", {}).get("CloudWatchMetrics", [])
    }
    watched = {namespace for namespace, _, _ in alarmed(stack) if not namespace.startswith("AWS/")}
    assert counted == watched == {f"Tokentill/{stack.name}"}


def test_the_logs_give_nothing_away(stack: Stack) -> None:
    stack.deliver(stack.purchase("user_77"))
    stack.deliver(stack.purchase("user_78"), secret="whsec_of_somebody_else")
    lines = stack.log("webhook")
    assert {"event recorded", "refused"} <= {json.loads(line).get("message") for line in lines}
    assert betrayed("\n".join(lines)) == []


def test_a_deleted_stack_leaves_the_data_and_its_key(
    deployed: Deployed, account: Account, rds: Rds
) -> None:
    owner = account.aws.secret("brief/owner", rds.secret("brief"))
    with deployed("tokentill-brief", "brief", Database="secret", DatabaseSecretArn=owner) as stack:
        stack.deliver(stack.purchase("early"))
        key = stack.resource("Key")
        stack.delete()
        assert stack.till.ledger("early") == [("purchase", 1000, 1000)]
        assert account.client("kms").describe_key(KeyId=key)["KeyMetadata"]["Enabled"]


def test_a_first_deployment_that_fails_says_why(
    stack: Stack, built: Source, rds: Rds, stripe_secret: str
) -> None:
    owner = rds.secret("till") | {"password": "wrong"}
    wrong = stack.account.aws.secret("stillborn/owner", owner)
    stillborn = replace(stack, name="tokentill-stillborn")
    parameters = {"Database": "secret", "DatabaseSecretArn": wrong}
    assert not stillborn.deploy(built, StripeSecretArn=stripe_secret, **parameters).done
    assert (
        "not_run: the database does not answer (OperationalError): check where it is and the login;"
        " the log of the migrate function says where"
    ) in stillborn.reasons()
