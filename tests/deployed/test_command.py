"""`tokentill emulator`, whose lines somebody pastes who follows docs/deploy.md."""

from __future__ import annotations

import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from local.deployment.findings import Verdict
from local.deployment.smoke import findings
from local.deployment.smoke import stack as deployed_stack
from local.emulate import Deliveries
from local.emulated_aws import EmulatedAws
from local.lambda_build import PROJECT
from standin import StripeAccount
from tests.deployed.stacks import Stack

LAST = "# Ctrl-C stops everything and forgets it.\n"


@contextmanager
def emulator() -> Iterator[dict[str, str]]:
    """What a running one has told to export."""
    with subprocess.Popen(
        [PROJECT / "tokentill", "emulator"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            lines = list(iter(process.stdout.readline, LAST))
            words = [shlex.split(line) for line in lines if line.startswith("export ")]
            yield dict(word.split("=", 1) for _, word in words)
        finally:
            process.send_signal(signal.SIGINT)


def test_what_is_exported_leads_to_the_emulator_which_leaves_nothing() -> None:
    with emulator() as exported:
        authorities = exported["AWS_CA_BUNDLE"]
        caller = boto3.client(
            "sts",
            endpoint_url=exported["AWS_ENDPOINT_URL"],
            verify=authorities,
            aws_access_key_id=exported["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=exported["AWS_SECRET_ACCESS_KEY"],
            region_name=exported["AWS_REGION"],
        ).get_caller_identity()
    assert caller["Arn"].endswith(":root")
    assert not Path(authorities).parent.exists()


def test_what_happens_in_the_stand_in_is_brought_to_the_stacks(
    aws: EmulatedAws, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(aws.authorities))
    Deliveries(aws, stack.till.account).deliver([stack.purchase("brought")])
    assert stack.till.credits("brought") == 1000


def test_a_stack_becomes_an_endpoint_of_the_account(aws: EmulatedAws, stack: Stack) -> None:
    account = StripeAccount()
    deliveries = Deliveries(aws, account)
    deliveries.add(deliveries.webhooks())
    assert stack.outputs["WebhookUrl"] in account.endpoints()


def test_the_smoke_test_asks_the_stack(
    aws: EmulatedAws, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    found = findings(deployed_stack(boto3.Session(), stack.name))
    fine = {each.check for each in found if each.verdict is Verdict.OK}
    assert fine >= {"webhook", "report", "reports_are_private", "doctor"}
