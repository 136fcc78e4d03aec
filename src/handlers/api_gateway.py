"""An API Gateway event as an HTTP request, whichever payload format it has.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of an HTTP request that a handler reads; header names are lower case.

    `body` is None when it is said to be base64 and is not.
    """

    headers: Mapping[str, str]
    body: bytes | None

    def header(self, name: str) -> str:
        """The header's value, "" when it is missing."""
        return self.headers.get(name, "")


def request_of(event: Mapping[str, Any]) -> Request:
    """Reads payload formats 2.0 and 1.0."""
    body = event.get("body") or ""
    return Request(_headers(event), _decoded(body) if event.get("isBase64Encoded") else _raw(body))


def response(status_code: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON response; both payload formats take this shape."""
    return {
        "statusCode": status_code,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body),
    }


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    """Format 1.0 keeps the client's case, and repeated headers apart in `multiValueHeaders`."""
    several = {
        name.lower(): ",".join(values)
        for name, values in (event.get("multiValueHeaders") or {}).items()
    }
    single = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return {**single, **several}


def _raw(body: str) -> bytes:
    """API Gateway passes text bodies as they came; a lone surrogate cannot have been one."""
    return body.encode("utf-8", errors="surrogatepass")


def _decoded(body: str) -> bytes | None:
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return None
