"""What the local gateway makes of a request is what API Gateway makes of it."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from local.gateway_events import PayloadFormat, Request, event_of, response_of

JSON = ("Content-Type", "application/json; charset=utf-8")
FORMATS: tuple[PayloadFormat, ...] = ("1.0", "2.0")


def _request(*headers: tuple[str, str], body: bytes = b"", query: str = "") -> Request:
    route = "POST /stripe/webhook"
    return Request("POST", "/stripe/webhook", query, (JSON, *headers), body, route)


@pytest.mark.parametrize("payload_format", FORMATS)
def test_a_text_body_is_passed_as_it_came(payload_format: PayloadFormat) -> None:
    event = event_of(_request(body=' {"a":"é"}\r\n'.encode()), payload_format)
    assert (event["body"], event["isBase64Encoded"]) == (' {"a":"é"}\r\n', False)


@pytest.mark.parametrize("payload_format", FORMATS)
def test_bytes_that_are_no_text_are_passed_as_base64(payload_format: PayloadFormat) -> None:
    event = event_of(_request(body=b"\xff\x00{"), payload_format)
    assert event["isBase64Encoded"]
    assert base64.b64decode(event["body"]) == b"\xff\x00{"


@pytest.mark.parametrize("payload_format", FORMATS)
def test_a_body_without_a_text_content_type_is_passed_as_base64(
    payload_format: PayloadFormat,
) -> None:
    request = replace(_request(body=b"text"), headers=[("Content-Type", "application/pdf")])
    assert event_of(request, payload_format)["isBase64Encoded"]


def test_format_2_has_no_body_when_none_was_sent() -> None:
    assert "body" not in event_of(_request(), "2.0")


def test_format_1_has_a_null_body_when_none_was_sent() -> None:
    assert event_of(_request(), "1.0")["body"] is None


def test_format_2_writes_header_names_in_lower_case_and_joins_repeats_with_commas() -> None:
    event = event_of(_request(("X-Twice", "a"), ("x-twice", "b")), "2.0")
    assert event["headers"]["x-twice"] == "a,b"


def test_format_1_keeps_names_and_lists_repeats() -> None:
    event = event_of(_request(("X-Twice", "a"), ("X-Twice", "b")), "1.0")
    assert event["headers"]["X-Twice"] == "b"
    assert event["multiValueHeaders"]["X-Twice"] == ["a", "b"]


def test_format_2_takes_cookies_out_of_the_headers() -> None:
    event = event_of(_request(("Cookie", "a=1; b=2")), "2.0")
    assert event["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in event["headers"]


def test_format_2_joins_repeated_query_parameters_with_commas() -> None:
    event = event_of(_request(query="a=1&a=2&b=%20"), "2.0")
    assert event["rawQueryString"] == "a=1&a=2&b=%20"
    assert event["queryStringParameters"] == {"a": "1,2", "b": " "}


def test_format_2_names_the_route_and_the_method() -> None:
    event = event_of(_request(), "2.0")
    assert event["routeKey"] == "POST /stripe/webhook"
    assert event["requestContext"]["http"]["method"] == "POST"


def test_an_answer_in_base64_is_sent_as_bytes() -> None:
    answer = {"statusCode": 200, "body": "/wA=", "isBase64Encoded": True}
    assert response_of(answer, "2.0").data == b"\xff\x00"


def test_format_2_takes_an_answer_without_a_status_for_the_body() -> None:
    response = response_of({"reports": []}, "2.0")
    assert (response.status_code, response.data) == (200, b'{"reports": []}')


def test_format_1_refuses_an_answer_without_a_status() -> None:
    assert response_of({"reports": []}, "1.0").status_code == 500


def test_an_answers_repeated_headers_and_cookies_are_sent_apart() -> None:
    answer = {"statusCode": 204, "multiValueHeaders": {"x": ["1", "2"]}, "cookies": ["a=1"]}
    headers = response_of(answer, "2.0").get_wsgi_headers({})
    assert list(headers) == [("x", "1"), ("x", "2"), ("set-cookie", "a=1")]
