"""Events as a webhook endpoint that is pinned to an old API version receives them.

Best effort: the fields of a Checkout session as they were in March 2020, from payloads of that
time. Amounts and `payment_status` came in July 2020 and later
(https://github.com/stripe/stripe-node/pull/956); `display_items` left with 2020-08-27
(https://docs.stripe.com/changelog/2020-08-27/removes-display-items-checkout-session);
`charges` was part of a payment intent, and `refunds` of a charge, until 2022-11-15
(https://docs.stripe.com/changelog/2022-11-15).
"""

from __future__ import annotations

from standin.errors import Json

OLD_VERSION = "2020-03-02"

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


def rendered_as_of(event: Json, api_version: str | None) -> Json:
    """The event at an API version: the account's own (None), or 2020-03-02."""
    if api_version is None or api_version == event["api_version"]:
        return event
    if api_version != OLD_VERSION:
        raise ValueError(f"events are rendered at {event['api_version']} or {OLD_VERSION} only")
    about = event["data"]["object"]
    render = {
        "checkout.session": _session,
        "payment_intent": _payment_intent,
        "charge": _charge,
    }.get(about["object"], dict)
    return {**event, "api_version": OLD_VERSION, "data": {"object": render(about)}}


def _session(session: Json) -> Json:
    old = {field: session[field] for field in _SESSION_FIELDS}
    item = {
        "amount": session["amount_subtotal"],
        "currency": session["currency"],
        "custom": {"description": None, "images": None, "name": "Tokens"},
        "quantity": 1,
        "type": "custom",
    }
    return {**old, "display_items": [item], "shipping": None}


def _payment_intent(intent: Json) -> Json:
    old = {field: intent[field] for field in intent if field not in _NOT_YET_IN_INTENT}
    url = f"/v1/charges?payment_intent={intent['id']}"
    charges = {"object": "list", "data": [], "has_more": False, "total_count": 0, "url": url}
    return {**old, "capture_method": "automatic", "charges": charges, "source": None}


def _charge(charge: Json) -> Json:
    old = {field: charge[field] for field in charge if field not in _NOT_YET_IN_CHARGE}
    url = f"/v1/charges/{charge['id']}/refunds"
    refunds = {"object": "list", "data": [], "has_more": False, "total_count": 0, "url": url}
    return {**old, "dispute": None, "invoice": None, "order": None, "refunds": refunds}
