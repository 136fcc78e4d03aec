"""One request to the API, free of HTTP plumbing, and what is checked before it is looked at."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from standin.errors import ApiError, Json
from standin.parameters import decoded

_NAMED_SINCE = "2024-09-30"
_DATED = re.compile(r"20[12]\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_VERSION = re.compile(rf"({_DATED.pattern})(\.[a-z]+)?")


@dataclass(frozen=True)
class Request:
    """A parsed request. `path` has no query; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    def values(self) -> Json:
        """Its parameters, nested, as texts: the form's for a POST, the query's for the others."""
        form = self.body.decode("utf-8", "replace") if self.method == "POST" else ""
        return decoded("&".join(filter(None, (self.query, form))))


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


def check_version(request: Request, newest: str) -> None:
    """Raise 400 for a version that there is not, or not yet; all others answer as the newest.

    Source: https://docs.stripe.com/api/versioning
    """
    given = request.headers.get("stripe-version")
    if given is None:
        return
    found = _VERSION.fullmatch(given.partition(";")[0].strip())
    if found is None or (found[1] >= _NAMED_SINCE) != (found[4] is not None):
        raise ApiError(400, f"Invalid Stripe API version: {given}")
    if found[1] > newest[:10]:
        message = f"Invalid Stripe API version: {given} (the stand-in knows {newest} and earlier)"
        raise ApiError(400, message)


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
