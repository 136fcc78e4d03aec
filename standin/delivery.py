"""Deliveries: the exact bytes and headers by which Stripe sends an event, in each of its forms.

Sources: https://docs.stripe.com/webhooks (snapshot), https://docs.stripe.com/event-destinations
(thin and EventBridge), https://docs.stripe.com/api/v2/core/events/event-types

A webhook endpoint that is pinned to an old API version gets its events in the shape of March 2020,
from payloads of that time. Amounts and `payment_status` came in July 2020 and later
(https://github.com/stripe/stripe-node/pull/956); `display_items` left with 2020-08-27
(https://docs.stripe.com/changelog/2020-08-27/removes-display-items-checkout-session);
`charges` was part of a payment intent, and `refunds` of a charge, until 2022-11-15
(https://docs.stripe.com/changelog/2022-11-15).
"""

from __future__ import annotations

import hmac
import http.client
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import urlsplit

from standin.errors import Json
from standin.resources import RESOURCES
from standin.store import Store

Form = Literal["snapshot", "thin", "eventbridge", "eventbridge-thin"]

_ACCOUNT_ON_BUS = "aws.partner/stripe.com/ed_test_standin"
_TIMEOUT_SECONDS = 30
_URLS = {each.object_type: f"/v1/{name}/" for name, each in RESOURCES.items()}
_OLD_VERSION = "2020-03-02"

_SESSION_FIELDS = (
    "id",
    "object",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_email",
    "livemode",
    "locale",
    "metadata",
    "mode",
    "payment_intent",
    "payment_method_types",
    "setup_intent",
    "shipping_address_collection",
    "submit_type",
    "subscription",
    "success_url",
)
_NOT_YET_IN_INTENT = (
    "amount_details",
    "automatic_payment_methods",
    "customer_account",
    "excluded_payment_method_types",
    "latest_charge",
    "managed_payments",
    "payment_method_configuration_details",
    "presentment_details",
    "processing",
)
_NOT_YET_IN_CHARGE = (
    "amount_captured",
    "calculated_statement_descriptor",
    "failure_balance_transaction",
    "presentment_details",
    "radar_options",
)


@dataclass(frozen=True)
class Delivery:
    """One delivery of one event: what is sent, byte for byte."""

    event_id: str
    body: bytes
    headers: dict[str, str]

    @property
    def payload(self) -> Any:
        """The body as JSON; for EventBridge forms the whole envelope."""
        return json.loads(self.body)


def add_endpoint(store: Store, url: str, enabled_events: list[str], version: str | None) -> Json:
    """Shape: https://docs.stripe.com/api/webhook_endpoints/object"""
    fields = {"enabled_events": enabled_events, "api_version": version, "status": "enabled"}
    endpoint = store.new("webhook_endpoint", id=store.ids.new("we_1"), url=url, **fields)
    return store.add(endpoint)


def prepared(
    event: Json, form: Form, secret: str, timestamp: int, api_version: str | None = None
) -> Delivery:
    """The delivery of an event. Only HTTP forms are signed: EventBridge is a trusted bus."""
    payload = _thin(event) if form.endswith("thin") else _rendered_as_of(event, api_version)
    if form.startswith("eventbridge"):
        return Delivery(event["id"], _encoded(_envelope(event, payload)), {})
    body = _encoded(payload)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature_header(body, secret, timestamp),
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    return Delivery(event["id"], body, headers)


def signature_header(body: bytes, secret: str, timestamp: int) -> str:
    """`t=…,v1=…`: HMAC-SHA256 over the timestamp, a full stop and the exact body.

    Source: https://docs.stripe.com/webhooks#verify-manually
    """
    signed = b"%d.%s" % (timestamp, body)
    return f"t={timestamp},v1={hmac.new(secret.encode(), signed, sha256).hexdigest()}"


def posted(delivery: Delivery, url: str) -> tuple[int, Any]:
    """POST a delivery; its HTTP status and JSON answer (None if the answer is no JSON)."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect(parts.netloc, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("POST", parts.path or "/", delivery.body, delivery.headers)
        response = connection.getresponse()
        return response.status, _json_or_none(response.read())
    finally:
        connection.close()


def thin_event(event: Json) -> Json:
    """The thin event as the API gives it: `GET /v2/core/events/{id}`."""
    return {**_thin(event), "changes": None, "data": None}


def _thin(event: Json) -> Json:
    about = event["data"]["object"]
    created = datetime.fromtimestamp(event["created"], UTC)
    return {
        "id": event["id"],
        "object": "v2.core.event",
        "context": None,
        "created": created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "livemode": event["livemode"],
        "reason": None,
        "related_object": {
            "id": about["id"],
            "type": about["object"],
            "url": _URLS[about["object"]] + about["id"],
        },
        "type": f"v1.{event['type']}",
    }


def _envelope(event: Json, detail: Json) -> Json:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html"""
    created = datetime.fromtimestamp(event["created"], UTC)
    return {
        "version": "0",
        "id": _uuid_of(event["id"]),
        "detail-type": detail["type"],
        "source": _ACCOUNT_ON_BUS,
        "account": "123456789012",
        "time": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us-east-1",
        "resources": [f"arn:aws:events:us-east-1::event-source/{_ACCOUNT_ON_BUS}"],
        "detail": detail,
    }


def _uuid_of(event_id: str) -> str:
    digits = sha256(event_id.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def _encoded(payload: Json) -> bytes:
    # Half a surrogate pair has no UTF-8; a backslash escape is what JSON has for it.
    return json.dumps(payload, indent=2, ensure_ascii=False).encode(errors="backslashreplace")


def _json_or_none(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _rendered_as_of(event: Json, api_version: str | None) -> Json:
    """The event at an API version: the account's own (None), or 2020-03-02."""
    if api_version is None or api_version == event["api_version"]:
        return event
    if api_version != _OLD_VERSION:
        raise ValueError(f"events are rendered at {event['api_version']} or {_OLD_VERSION} only")
    about = event["data"]["object"]
    render = {
        "checkout.session": _old_session,
        "payment_intent": _old_payment_intent,
        "charge": _old_charge,
    }.get(about["object"], dict)
    return {**event, "api_version": _OLD_VERSION, "data": {"object": render(about)}}


def _old_session(session: Json) -> Json:
    old = {field: session[field] for field in _SESSION_FIELDS}
    item = {
        "amount": session["amount_subtotal"],
        "currency": session["currency"],
        "custom": {"description": None, "images": None, "name": "Tokens"},
        "quantity": 1,
        "type": "custom",
    }
    return {**old, "display_items": [item], "shipping": None}


def _old_payment_intent(intent: Json) -> Json:
    old = {field: intent[field] for field in intent if field not in _NOT_YET_IN_INTENT}
    url = f"/v1/charges?payment_intent={intent['id']}"
    charges = {"object": "list", "data": [], "has_more": False, "total_count": 0, "url": url}
    return {**old, "capture_method": "automatic", "charges": charges, "source": None}


def _old_charge(charge: Json) -> Json:
    old = {field: charge[field] for field in charge if field not in _NOT_YET_IN_CHARGE}
    url = f"/v1/charges/{charge['id']}/refunds"
    refunds = {"object": "list", "data": [], "has_more": False, "total_count": 0, "url": url}
    return {**old, "dispute": None, "invoice": None, "order": None, "refunds": refunds}
