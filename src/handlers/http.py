"""An HTTP request in an event: of API Gateway (payload formats 2.0 and 1.0), a function URL, a
load balancer, or a test that sends as little as `{"headers", "body"}`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Never, TypeGuard

# One of them is in every event that stands for a request, and none in any other event.
_OF_REQUESTS = {
    "headers",
    "multiValueHeaders",
    "httpMethod",
    "rawPath",
    "rawQueryString",
    "body",
    "isBase64Encoded",
}


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of an HTTP request that a handler reads; header names are lower case.

    `body` is None when it is no text, or is said to be base64 and is not. `method` is in upper
    case, "" when the event does not say it.
    """

    headers: Mapping[str, str]
    body: bytes | None
    method: str = ""

    def header(self, name: str) -> str:
        """The header's value, "" when it is missing."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class NotJson:
    """A body that is no JSON, or more deeply nested than can be read."""


def is_http(event: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether the event stands for an HTTP request, be it a malformed one."""
    if not isinstance(event, Mapping):
        return False
    return not _OF_REQUESTS.isdisjoint(event) or bool(context(event).keys() & {"http", "elb"})


def request_of(event: Mapping[str, Any]) -> Request:
    """Reads any of the formats; what is malformed is as good as missing."""
    return Request(headers_of(event), body_of(event), method_of(event))


def response(
    status_code: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A JSON response; all formats take this shape."""
    return {
        "statusCode": status_code,
        "headers": {
            "content-type": "application/json",
            "cache-control": "no-store",
            **(headers or {}),
        },
        "body": json.dumps(body),
    }


def response_to(event: Mapping[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """A load balancer that sends headers as lists takes no others."""
    if "elb" in context(event) and "multiValueHeaders" in event:
        return {**made, "multiValueHeaders": {name: [v] for name, v in made["headers"].items()}}
    return made


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def context(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(event.get("requestContext"))


def method_of(event: Mapping[str, Any]) -> str:
    """At the top in format 1.0 and of a load balancer, in the context in format 2.0."""
    said = event.get("httpMethod") or mapping(context(event).get("http")).get("method")
    return said.upper() if isinstance(said, str) else ""


def headers_of(event: Mapping[str, Any]) -> dict[str, str]:
    """Format 1.0 keeps the client's case, and repeated headers apart in `multiValueHeaders`."""
    single, several = mapping(event.get("headers")), mapping(event.get("multiValueHeaders"))
    return {
        str(name).lower(): text
        for headers in (single, several)
        for name, value in headers.items()
        if (text := header_text(value)) is not None
    }


def header_text(value: object) -> str | None:
    """A header's value, of several values all of them as format 2.0 joins them."""
    values: Iterable[object] = value if isinstance(value, list) else [value]
    texts = [each for each in values if isinstance(each, str)]
    return ",".join(texts) if texts else None


def body_of(event: Mapping[str, Any]) -> bytes | None:
    body = event.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        return None
    return decoded(body) if event.get("isBase64Encoded") is True else raw(body)


def raw(body: str) -> bytes:
    """API Gateway passes text bodies as they came; a lone surrogate cannot have been one."""
    return body.encode("utf-8", errors="surrogatepass")


def decoded(body: str) -> bytes | None:
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return None


def parsed(body: object) -> object:
    """The value that JSON text in UTF-8 stands for, or NotJson."""
    try:
        text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
        return _DECODER.decode(text) if isinstance(text, str) else NotJson()
    except (ValueError, RecursionError):
        return NotJson()


def no_number(literal: str) -> Never:
    """Python also takes NaN and Infinity, which JSON does not have."""
    raise ValueError(literal)


_DECODER = json.JSONDecoder(parse_constant=no_number)
