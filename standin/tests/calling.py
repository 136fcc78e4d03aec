"""Calls of the stand-in's API without HTTP: nested parameters in, status and JSON out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from io import BytesIO
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlencode

from werkzeug import Request, Response

from standin import StripeAccount
from standin.api import Api

Json = dict[str, Any]
SUCCESS = "https://shop.example/thanks"


class Caller:
    """Calls one account's API with its key."""

    def __init__(self, account: StripeAccount) -> None:
        self.account = account
        self._api = Api(account)

    def answer(
        self,
        method: str,
        path: str,
        params: Json | None = None,
        *,
        key: str | None = None,
        failing: int | None = None,
        **headers: str,
    ) -> Response:
        """`key` is an idempotency key, `failing` an error status that was ordered."""
        encoded = urlencode(list(flat(params or {})))
        sent = {"authorization": f"Bearer {self.account.api_key}", **headers}
        if key is not None:
            sent["idempotency-key"] = key
        if method == "POST":
            request = a_request(method, path, sent, encoded.encode())
        else:
            request = a_request(method, f"{path}?{encoded}" if encoded else path, sent)
        return self._api.answer(request, failing)

    def call(self, method: str, path: str, params: Json | None = None, **more: Any) -> Json:
        """The JSON of a call that must succeed."""
        answer = self.answer(method, path, params, **more)
        found: Json = json.loads(answer.data)
        assert answer.status_code == 200, found
        return found

    def post(self, path: str, params: Json | None = None, **more: Any) -> Json:
        return self.call("POST", f"/v1/{path}", params, **more)

    def get(self, path: str, params: Json | None = None) -> Json:
        return self.call("GET", f"/v1/{path}", params)

    def session(self, **changes: Any) -> Json:
        """A new session over 49.00 USD."""
        return self.post("checkout/sessions", session_params(**changes))

    def coupon(self, **changes: Any) -> str:
        """A new coupon of 25 %; its id."""
        coupon: str = self.post("coupons", {"percent_off": 25, **changes})["id"]
        return coupon

    def promotion_code(self, coupon: str | None = None, **changes: Any) -> Json:
        """A new promotion code, of a coupon of 25 % unless one is given."""
        promotion = {"type": "coupon", "coupon": coupon or self.coupon()}
        return self.post("promotion_codes", {"promotion": promotion, **changes})

    def refused(
        self, path: str, params: Json | None = None, *, method: str = "POST", **more: Any
    ) -> Json:
        """The error of a call that must not succeed, with its `status`."""
        answer = self.answer(method, f"/v1/{path}", params, **more)
        assert answer.status_code != 200, json.loads(answer.data)
        return {"status": answer.status_code, **json.loads(answer.data)["error"]}


def a_request(
    method: str, uri: str, headers: Mapping[str, str] = MappingProxyType({}), body: bytes = b""
) -> Request:
    """A request as the server makes it, without a server; thousands of them take no time."""
    path, _, query = uri.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "RAW_URI": uri,
        "PATH_INFO": unquote(path),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        "wsgi.url_scheme": "http",
    }
    named = {f"HTTP_{name.upper().replace('-', '_')}": headers[name] for name in headers}
    return Request(environ | named)


def flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested values as a form: `{"a": [{"b": True}]}` is `a[0][b]=true`."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from flat(each, f"{name}[{key}]" if name else key)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from flat(each, f"{name}[{index}]")
    else:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)


def a_line(unit_amount: int = 4900, currency: str = "usd", quantity: int = 1) -> Json:
    data = {"currency": currency, "unit_amount": unit_amount, "product_data": {"name": "Starter"}}
    return {"price_data": data, "quantity": quantity}


def session_params(**changes: Any) -> Json:
    """What creates a session over 49.00 USD, with any parameter changed; None leaves one out."""
    params = {"mode": "payment", "line_items": [a_line()], "success_url": SUCCESS, **changes}
    return {name: value for name, value in params.items() if value is not None}
