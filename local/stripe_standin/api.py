"""The HTTP API without HTTP: a request in, a status and a JSON value out."""

from __future__ import annotations

import json
from dataclasses import dataclass

from local.stripe_standin import api_reads, api_writes
from local.stripe_standin.account import StripeAccount
from local.stripe_standin.api_request import Request, check_key
from local.stripe_standin.errors import ApiError, Json

_ACCOUNT_ID = "acct_1Standin00000000"


@dataclass(frozen=True)
class Answer:
    """What is sent back: status, encoded JSON, and the request's id."""

    status: int
    body: bytes
    request_id: str


class Api:
    """Answers requests for one account. Each is computed under the account's lock."""

    def __init__(self, account: StripeAccount) -> None:
        self._account = account
        self._replays: dict[str, tuple[int, bytes]] = {}

    def answer(self, request: Request) -> Answer:
        """Compute the answer; every error comes in Stripe's shape."""
        with self._account.lock:
            request_id = self._account.store.ids.new("req_", 14)
            status, body = self._once(request)
            return Answer(status, body, request_id)

    def _once(self, request: Request) -> tuple[int, bytes]:
        """A POST repeated with its idempotency key gets the first success again.

        Source: https://docs.stripe.com/api/idempotent_requests
        """
        key = request.headers.get("idempotency-key")
        if request.method != "POST" or key is None:
            return self._computed(request)
        if key in self._replays:
            return self._replays[key]
        status, body = self._computed(request)
        if status == 200:
            self._replays[key] = (status, body)
        return status, body

    def _computed(self, request: Request) -> tuple[int, bytes]:
        try:
            check_key(request, self._account.api_key)
            return 200, json.dumps(self._result(request)).encode()
        except ApiError as error:
            return error.status, json.dumps(error.body()).encode()

    def _result(self, request: Request) -> Json:
        parts = request.path.strip("/").split("/")
        result = None
        if request.method == "GET":
            result = self._read(parts, request)
        elif request.method == "POST":
            result = self._write(parts, request)
        if result is None:
            message = f"Unrecognized request URL ({request.method}: {request.path})."
            raise ApiError(404, message)
        return result

    def _read(self, parts: list[str], request: Request) -> Json | None:
        store, given = self._account.store, request.parameters()
        if parts[:3] == ["v2", "core", "events"] and len(parts) == 4:
            return api_reads.core_event(store, parts[3])
        if parts == ["v1", "account"]:
            return account_object()
        if parts[-1] == "line_items" and parts[:3] == ["v1", "checkout", "sessions"]:
            return api_reads.line_items(store, parts[3], given) if len(parts) == 5 else None
        name, rest = _resource_path(parts)
        resource = api_reads.RESOURCES.get(name)
        if resource is None or len(rest) > 1:
            return None
        if rest:
            return api_reads.retrieve(store, resource, rest[0], given)
        return api_reads.list_all(store, name, resource, given) if resource.listed else None

    def _write(self, parts: list[str], request: Request) -> Json | None:
        given = request.parameters()
        name, rest = _resource_path(parts)
        if name == "checkout/sessions" and rest[1:] == ["expire"]:
            return self._account.change(api_writes.expire_session, rest[0], given)
        create = {
            "checkout/sessions": api_writes.create_session,
            "prices": api_writes.create_price,
            "products": api_writes.create_product,
            "refunds": api_writes.create_refund,
        }.get(name)
        if create is None or rest:
            return None
        return self._account.change(create, given)


def account_object() -> Json:
    """Shape: https://docs.stripe.com/api/accounts/object"""
    return {
        "id": _ACCOUNT_ID,
        "object": "account",
        "business_profile": None,
        "business_type": "company",
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": "till@example.com",
        "payouts_enabled": True,
        "type": "standard",
    }


def _resource_path(parts: list[str]) -> tuple[str, list[str]]:
    """`v1/checkout/sessions/cs_1` → (`checkout/sessions`, [`cs_1`])."""
    if parts[0] != "v1" or len(parts) < 2:
        return "", []
    length = 3 if parts[1] == "checkout" else 2
    return "/".join(parts[1:length]), parts[length:]
