"""Builders for the stand-in's tests: an account with a fixed clock, sessions, Stripe's client."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable
from typing import Any

import stripe

from standin import API_VERSION, Server, StripeAccount

NOW = 1_790_000_000
PAID = ["payment_intent.latest_charge.balance_transaction"]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def an_account(clock: Clock | None = None) -> StripeAccount:
    return StripeAccount(clock=clock or Clock())


def an_open_session(account: StripeAccount, **changes: Any) -> str:
    """A session for one Starter package at 49.00 USD, with any argument changed."""
    arguments: dict[str, Any] = {"client_reference_id": "user_123", **changes}
    if "line_items" not in arguments:
        currency = arguments.get("currency") or "usd"
        arguments["line_items"] = [(account.create_price(4900, currency, "Starter")["id"], 1)]
    session_id: str = account.create_checkout_session(**arguments)["id"]
    return session_id


def a_paid_session(account: StripeAccount, **changes: Any) -> str:
    session_id = an_open_session(account, **changes)
    account.complete(session_id)
    return session_id


def client_of(server: Server, key: str = "sk_test_standin") -> stripe.StripeClient:
    """Stripe's own client, pointed at the stand-in, that does not retry."""
    return stripe.StripeClient(
        key,
        base_addresses={"api": server.url},
        stripe_version=API_VERSION,
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=5),
    )


def types(events: Iterable[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def charge_of(account: StripeAccount, session_id: str) -> dict[str, Any]:
    session = account.session(session_id, ["payment_intent.latest_charge"])
    charge: dict[str, Any] = session["payment_intent"]["latest_charge"]
    return charge


def raw(
    server: Server, path: str, key: str = "sk_test_standin", method: str = "GET", body: str = ""
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, JSON and headers of one request made without Stripe's client."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {key}"})
        response = connection.getresponse()
        return response.status, json.loads(response.read()), dict(response.headers)
    finally:
        connection.close()
