"""What API Gateway makes of an HTTP request, and of a Lambda function's answer.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qsl

from werkzeug import Response

PayloadFormat = Literal["1.0", "2.0"]

_API_ID = "local"
_ACCOUNT = "123456789012"
_TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")


@dataclass(frozen=True)
class Request:
    """An HTTP request on its way to a function; headers are as sent, in order, repeats kept."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    route: str
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    source_ip: str = "127.0.0.1"

    def header(self, name: str) -> str:
        """The values of a header, joined by commas; empty when it is not there."""
        return ",".join(value for key, value in self.headers if key.lower() == name)


def event_of(request: Request, payload_format: PayloadFormat) -> dict[str, Any]:
    """The event that a function gets for `request`."""
    return _event_2_0(request) if payload_format == "2.0" else _event_1_0(request)


class _Untyped(Response):
    """A function's response has the content type that the function says, or none."""

    default_mimetype = None


def json_response(status: int | None, body: object) -> Response:
    """A JSON answer, as API Gateway gives on its own account."""
    return Response(json.dumps(body), status, content_type="application/json")


def response_of(answer: object, payload_format: PayloadFormat) -> Response:
    """The HTTP response for a function's answer.

    In format 2.0 an answer without `statusCode` is itself the JSON body of a 200; in format 1.0
    it is malformed, and the client gets a 500.
    """
    if isinstance(answer, Mapping) and "statusCode" in answer:
        body, headers = _answer_body(answer), _answer_headers(answer)
        return _Untyped(body, int(answer["statusCode"]), headers)
    if payload_format == "2.0":
        return json_response(200, answer)
    return json_response(500, {"message": "Internal Server Error"})


def _event_2_0(request: Request) -> dict[str, Any]:
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": request.route,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": _joined(
            (name.lower(), value) for name, value in request.headers if name.lower() != "cookie"
        ),
        "requestContext": _context_2_0(request),
        "isBase64Encoded": False,
    }
    if cookies := request.header("cookie"):
        event["cookies"] = cookies.split("; ")
    if query := parse_qsl(request.query, keep_blank_values=True):
        event["queryStringParameters"] = _joined(query)
    if request.path_parameters:
        event["pathParameters"] = dict(request.path_parameters)
    return event | (_body(request) if request.body else {})


def _event_1_0(request: Request) -> dict[str, Any]:
    query = parse_qsl(request.query, keep_blank_values=True)
    return {
        "version": "1.0",
        "resource": request.route.partition(" ")[2],
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(request.headers),
        "multiValueHeaders": _gathered(request.headers),
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _gathered(query) or None,
        "pathParameters": dict(request.path_parameters) or None,
        "stageVariables": None,
        "requestContext": _context_1_0(request),
        "body": None,
        "isBase64Encoded": False,
    } | (_body(request) if request.body else {})


def _body(request: Request) -> dict[str, Any]:
    """Text goes in as it is; what the content type or the bytes deny to be text, as base64."""
    if request.header("content-type").lower().startswith(_TEXT_TYPES):
        try:
            return {"body": request.body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass  # A text type with bytes that are no text: base64 keeps them exact.
    return {"body": base64.b64encode(request.body).decode(), "isBase64Encoded": True}


def _context_2_0(request: Request) -> dict[str, Any]:
    host = request.header("host")
    return _context() | {
        "domainName": host,
        "domainPrefix": host.partition(".")[0],
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": request.header("user-agent"),
        },
        "routeKey": request.route,
        "stage": "$default",
        "time": datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(time.time() * 1000),
    }


def _context_1_0(request: Request) -> dict[str, Any]:
    return _context() | {
        "domainName": request.header("host"),
        "httpMethod": request.method,
        "identity": {"sourceIp": request.source_ip, "userAgent": request.header("user-agent")},
        "path": request.path,
        "protocol": "HTTP/1.1",
        "requestTime": datetime.now(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(time.time() * 1000),
        "resourcePath": request.route.partition(" ")[2],
        "stage": "$default",
    }


def _context() -> dict[str, Any]:
    return {"accountId": _ACCOUNT, "apiId": _API_ID, "requestId": str(uuid.uuid4())}


def _gathered(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    gathered: dict[str, list[str]] = {}
    for name, value in pairs:
        gathered.setdefault(name, []).append(value)
    return gathered


def _joined(pairs: Any) -> dict[str, str]:
    return {name: ",".join(values) for name, values in _gathered(list(pairs)).items()}


def _answer_headers(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    several = answer.get("multiValueHeaders") or {}
    headers = [(name, str(value)) for name, value in (answer.get("headers") or {}).items()]
    headers += [(name, str(value)) for name, values in several.items() for value in values]
    return headers + [("set-cookie", cookie) for cookie in answer.get("cookies") or ()]


def _answer_body(answer: Mapping[str, Any]) -> bytes:
    body = str(answer.get("body") or "")
    return base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
