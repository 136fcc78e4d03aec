"""Who may read and operate: people have roles with the stack's policies, or none."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.deployed.people import Person, person, report
from tests.deployed.stacks import Stack

CATALOGUE = ""
REPORT = "/recent_payments"


@pytest.fixture(scope="module")
def reader(stack: Stack) -> Person:
    return person(stack.account, "reader", stack.outputs["ReportReadersPolicyArn"])


@pytest.fixture(scope="module")
def operator(stack: Stack) -> Person:
    return person(stack.account, "operator", stack.outputs["OperatorsPolicyArn"])


@pytest.fixture(scope="module")
def stranger(stack: Stack) -> Person:
    return person(stack.account, "stranger")


@pytest.mark.parametrize("path", [CATALOGUE, REPORT])
def test_a_reader_reads(stack: Stack, reader: Person, path: str) -> None:
    status, answer = report(stack, path, reader)
    assert status == 200
    assert answer.keys() & {"reports", "rows"}


@pytest.mark.parametrize("path", [CATALOGUE, REPORT])
def test_an_operator_who_is_no_reader_does_not(stack: Stack, operator: Person, path: str) -> None:
    assert report(stack, path, operator)[0] == 403


@pytest.mark.parametrize("path", [CATALOGUE, REPORT])
def test_nobody_reads_unsigned(stack: Stack, path: str) -> None:
    assert report(stack, path, None)[0] == 403


def test_a_signature_of_a_wrong_key_is_refused(stack: Stack, reader: Person) -> None:
    assert report(stack, REPORT, reader.with_wrong_key())[0] == 403


def test_an_operator_operates(stack: Stack, operator: Person) -> None:
    payload = json.dumps({"operation": "doctor"})
    answer = operator.functions.invoke(
        FunctionName=stack.outputs["OperationsFunctionName"], Payload=payload
    )
    assert json.loads(answer["Payload"].read())["operation"] == "doctor"


@pytest.mark.parametrize("who", ["reader", "stranger"])
def test_nobody_else_operates(stack: Stack, request: pytest.FixtureRequest, who: str) -> None:
    somebody: Person = request.getfixturevalue(who)
    with pytest.raises(ClientError, match="AccessDenied"):
        somebody.functions.invoke(FunctionName=stack.outputs["OperationsFunctionName"])
