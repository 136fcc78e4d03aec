"""One request to the API and its answer, free of HTTP plumbing."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from local.stripe_standin.errors import ApiError
from local.stripe_standin.parameters import Parameters, decoded


@dataclass(frozen=True)
class Request:
    """A parsed request. `path` has no query; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    def parameters(self) -> Parameters:
        """The query's parameters for a GET, the form's for a POST."""
        if self.method == "GET":
            return decoded(self.query)
        return decoded(self.body.decode("utf-8", "replace"))


def check_key(request: Request, api_key: str) -> None:
    """Raise 401 unless the request carries the account's key as Bearer or Basic.

    Source: https://docs.stripe.com/api/authentication
    """
    given = _given_key(request.headers.get("authorization", ""))
    if not given:
        text = "You did not provide an API key. You need to provide your API key in the "
        raise ApiError(401, text + "Authorization header, using Bearer auth.")
    if given != api_key:
        raise ApiError(401, f"Invalid API Key provided: {given[:8]}{'*' * 8}{given[-4:]}")


def _given_key(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
