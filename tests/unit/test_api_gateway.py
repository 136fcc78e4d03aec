"""API Gateway's events as HTTP requests, in both payload formats."""

import base64
import json
from typing import Any

import pytest

from handlers.http import Request, request_of, response

BODY = '{"note": "für Zoë"}'


def version_2(**fields: Any) -> dict[str, Any]:
    """Payload format 2.0: header names in lower case, duplicates joined by commas."""
    defaults = {
        "version": "2.0",
        "routeKey": "POST /stripe/webhook",
        "headers": {"stripe-signature": "t=1,v1=a", "host": "example.com"},
        "body": BODY,
        "isBase64Encoded": False,
    }
    return {**defaults, **fields}


def version_1(**fields: Any) -> dict[str, Any]:
    """Payload format 1.0: header names as they came, and again with all their values."""
    defaults = {
        "version": "1.0",
        "httpMethod": "POST",
        "headers": {"Stripe-Signature": "t=1,v1=a", "Host": "example.com"},
        "multiValueHeaders": {"Stripe-Signature": ["t=1,v1=a"], "Host": ["example.com"]},
        "body": BODY,
        "isBase64Encoded": False,
    }
    return {**defaults, **fields}


FORMATS = pytest.mark.parametrize("make", [version_2, version_1], ids=["2.0", "1.0"])


def signature(event: dict[str, Any]) -> str:
    return request_of(event).header("stripe-signature")


@FORMATS
def test_a_text_body_is_its_exact_bytes(make: Any) -> None:
    assert request_of(make()).body == BODY.encode()


@FORMATS
def test_whitespace_around_a_body_is_kept(make: Any) -> None:
    assert request_of(make(body=f"\r\n {BODY}\n")).body == f"\r\n {BODY}\n".encode()


@FORMATS
@pytest.mark.parametrize("sent", [b"", BODY.encode(), b"\xff\x00\xfe", bytes(range(256))])
def test_a_base64_body_is_decoded_to_the_bytes_that_were_sent(make: Any, sent: bytes) -> None:
    event = make(body=base64.b64encode(sent).decode(), isBase64Encoded=True)
    assert request_of(event).body == sent


@FORMATS
@pytest.mark.parametrize("body", ["%%%", "abc", "YWJj\n", "YW Jj", "é", "-_-_"])
def test_a_body_that_is_said_to_be_base64_and_is_not_is_none(make: Any, body: str) -> None:
    assert request_of(make(body=body, isBase64Encoded=True)).body is None


@FORMATS
def test_a_body_that_looks_like_base64_but_is_text_is_not_decoded(make: Any) -> None:
    assert request_of(make(body="YWJj")).body == b"YWJj"


@FORMATS
@pytest.mark.parametrize("encoded", [True, False])
@pytest.mark.parametrize("body", [None, ""])
def test_no_body_is_an_empty_one(make: Any, encoded: bool, body: str | None) -> None:
    assert request_of(make(body=body, isBase64Encoded=encoded)).body == b""


@pytest.mark.parametrize("event", [{}, {"version": "2.0"}, {"headers": None, "body": None}])
def test_an_event_with_next_to_nothing_is_an_empty_request(event: dict[str, Any]) -> None:
    assert request_of(event) == Request(headers={}, body=b"")


def test_a_lone_surrogate_does_not_raise() -> None:
    assert request_of(version_2(body='"\ud800"')).body == b'"\xed\xa0\x80"'


@pytest.mark.parametrize("name", ["stripe-signature", "Stripe-Signature", "STRIPE-SIGNATURE"])
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda name: version_2(headers={name: "s"}), id="2.0"),
        pytest.param(
            lambda name: version_1(headers={name: "s"}, multiValueHeaders={name: ["s"]}), id="1.0"
        ),
        pytest.param(
            lambda name: version_1(headers={name: "s"}, multiValueHeaders=None), id="1.0 single"
        ),
        pytest.param(
            lambda name: version_1(headers=None, multiValueHeaders={name: ["s"]}), id="1.0 several"
        ),
    ],
)
def test_header_names_match_without_case(make: Any, name: str) -> None:
    assert signature(make(name)) == "s"


@FORMATS
def test_a_missing_header_is_empty(make: Any) -> None:
    assert request_of(make()).header("x-missing") == ""


def test_repeated_headers_of_format_1_are_joined_as_format_2_joins_them() -> None:
    # The single headers of format 1.0 show the last value only.
    repeated = version_1(
        headers={"Stripe-Signature": "b"}, multiValueHeaders={"Stripe-Signature": ["a", "b"]}
    )
    assert signature(repeated) == signature(version_2(headers={"stripe-signature": "a,b"}))


def test_a_response_is_json_that_nobody_may_store() -> None:
    assert response(413, {"error": {"code": "too_large"}}) == {
        "statusCode": 413,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": '{"error": {"code": "too_large"}}',
    }


def test_a_response_carries_any_text() -> None:
    assert json.loads(response(200, {"note": "für \ud800"})["body"]) == {"note": "für \ud800"}
