"""Does what a deployment made work? Asks it as Stripe, operators and readers do. Writes nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
import urllib3
from botocore.exceptions import BotoCoreError, ClientError

from local import Failure
from local.deployment.findings import (
    Finding,
    Said,
    Verdict,
    code_of,
    fine,
    looked_at,
    reason,
    told,
    wrong,
)
from local.deployment.plan import NO_SUCH_STACK, client
from local.emulated_aws import beside

REPORT = "total_revenue"
SECONDS = 30


@dataclass(frozen=True)
class Stack:
    """A stack that is there."""

    session: boto3.Session
    outputs: Mapping[str, str]

    def client(self, service: str) -> Any:
        return client(self.session, service)

    def invoke(self, output: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """What the function that an output names answers. Raises ClientError, and Failure when the
        function failed."""
        answer = self.client("lambda").invoke(
            FunctionName=self.outputs[output], Payload=json.dumps(request).encode()
        )
        said = json.load(answer["Payload"])
        if "FunctionError" in answer or not isinstance(said, dict):
            raise Failure(f"{self.outputs[output]} failed; its log says why")
        return said

    def ask(self, method: str, url: str, **options: Any) -> urllib3.BaseHTTPResponse:
        """What answers at an address of the stack, which in an emulator is beside AWS's API."""
        emulator = os.environ.get("AWS_ENDPOINT_URL")
        there = beside(emulator, url) if emulator else url
        return self.http.request(method, there, **options)

    @cached_property
    def http(self) -> urllib3.PoolManager:
        """It trusts whom the clients of AWS trust."""
        authorities = os.environ.get("AWS_CA_BUNDLE")
        return urllib3.PoolManager(timeout=SECONDS, retries=False, ca_certs=authorities)


def stack(session: boto3.Session, name: str) -> Stack:
    """The stack by this name. Raises Failure."""
    try:
        described = client(session, "cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except (ClientError, BotoCoreError) as error:
        if code_of(error) == NO_SUCH_STACK:
            raise Failure(f"There is no stack {name} in {session.region_name}.") from error
        raise Failure(f"The stack {name} cannot be looked at ({reason(error)}).") from error
    found = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
    if "WebhookUrl" not in found:
        raise Failure(f"The stack {name} ({described['StackStatus']}) has no output WebhookUrl.")
    return Stack(session, found)


def webhook(stack: Stack) -> Said:
    """Does the endpoint refuse what Stripe did not sign, and say so itself?"""
    url = stack.outputs["WebhookUrl"]
    answer = stack.ask("POST", url, body=b"{}", headers={"content-type": "application/json"})
    refused = error_of(answer.data)
    if (answer.status, refused) == (400, "bad_signature"):
        return fine(f"{url} refuses what is not signed.")
    hint = HINTS.get((answer.status, refused), "Is there something else at this address?")
    return wrong(f"{url} answers {answer.status} to what is not signed, instead of 400. {hint}")


HINTS = {
    (403, None): "Something before the function refuses it.",
    (429, None): "Too many ask it at once.",
    (500, None): "The function does not start; its log says why.",
    (503, None): "It gets no invocation: is WebhookConcurrency 0, or the account's limit reached?",
    (503, "try_later"): "The function has not what it needs; its log and the doctor say what.",
}


def error_of(body: bytes) -> str | None:
    """The code of an error as the webhook writes it."""
    try:
        return str(json.loads(body)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return None


def report(stack: Stack) -> Said:
    """Can a report be read?"""
    answer = stack.invoke("ReportsFunctionName", {"report": REPORT})
    if "error" in answer:
        return wrong(f"{REPORT}: {answer['error']['message']}")
    return fine(f"{REPORT} can be read.")


def reports_are_private(stack: Stack) -> Said:
    """Does nobody get one without a signature?"""
    url = stack.outputs["ReportsUrl"]
    status = stack.ask("GET", url).status
    if status == 403:
        return fine(f"{url} refuses who does not sign.")
    return wrong(f"{url} answers {status} to somebody who does not sign, instead of 403.")


def doctor(stack: Stack) -> list[Finding]:
    """What the doctor says, a line each; one line when there is no doctor."""
    said: list[Finding] = []

    def doctor(stack: Stack) -> Said:
        answer = stack.invoke("OperationsFunctionName", {"operation": "doctor"})
        if "error" in answer:
            return wrong(f"{answer['error']['message']}.")
        said.extend(
            Finding(each["check"], Verdict.OK if each["ok"] else Verdict.WRONG, each["message"])
            for each in answer["checks"]
        )
        return fine("The doctor looked at everything that follows.")

    return [looked_at(doctor, stack), *said]


CHECKS: tuple[Callable[[Stack], Said], ...] = (webhook, report, reports_are_private)


def findings(stack: Stack) -> list[Finding]:
    return [*(looked_at(check, stack) for check in CHECKS), *doctor(stack)]


def run(stack: Stack) -> int:
    """Print every check; the exit code, which is 1 unless all is well."""
    found = findings(stack)
    is_known = all(each.verdict is not Verdict.UNKNOWN for each in found)
    exit_code = told(found, "It works." if is_known else "Whether it works is not known.")
    return exit_code if is_known else 1
