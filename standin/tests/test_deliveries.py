"""Deliveries: signatures, forms, old API versions; forwarding, and which events have arrived."""

from __future__ import annotations

import pytest
import stripe

from standin import StripeAccount, serving
from standin.forwarding import Forwarder
from standin.tests.builders import NOW, a_paid_session, an_open_session, types
from standin.tests.calling import Caller
from standin.tests.receiver import receiving


def completed(account: StripeAccount) -> str:
    """The id of a checkout.session.completed event."""
    a_paid_session(account, metadata={"who": "José"})
    event_id: str = account.events[3]["id"]
    return event_id


def test_stripes_own_verification_accepts_a_delivery() -> None:
    account = StripeAccount()
    prepared = account.delivery(completed(account))
    assert stripe.WebhookSignature.verify_header(
        prepared.body, prepared.headers["Stripe-Signature"], "whsec_standin", tolerance=300
    )


def test_a_delivery_signed_with_another_secret_is_not_accepted() -> None:
    account = StripeAccount()
    prepared = account.delivery(completed(account), secret="whsec_other")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(
            prepared.body, prepared.headers["Stripe-Signature"], "whsec_standin"
        )


def test_a_delivery_is_signed_at_the_time_that_was_asked_for(account: StripeAccount) -> None:
    prepared = account.delivery(completed(account), timestamp=12345)
    assert prepared.headers["Stripe-Signature"].startswith("t=12345,v1=")


def test_a_snapshot_carries_the_whole_object_in_utf8(account: StripeAccount) -> None:
    prepared = account.delivery(completed(account))
    session = prepared.payload["data"]["object"]
    assert session["payment_status"] == "paid"
    assert "line_items" not in session
    assert "José".encode() in prepared.body


def test_a_thin_event_names_the_object_and_carries_nothing_of_it(account: StripeAccount) -> None:
    event_id = completed(account)
    payload = account.delivery(event_id, form="thin").payload
    session_id = account.sessions()[0]["id"]
    assert (payload["object"], payload["type"]) == (
        "v2.core.event",
        "v1.checkout.session.completed",
    )
    assert payload["related_object"] == {
        "id": session_id,
        "type": "checkout.session",
        "url": f"/v1/checkout/sessions/{session_id}",
    }
    assert payload["created"] == "2026-09-21T14:13:20.000Z"
    assert "data" not in payload


def test_eventbridge_carries_the_snapshot_as_detail_unsigned(account: StripeAccount) -> None:
    prepared = account.delivery(completed(account), form="eventbridge")
    envelope = prepared.payload
    assert envelope["detail-type"] == "checkout.session.completed"
    assert envelope["source"].startswith("aws.partner/stripe.com/")
    assert envelope["detail"]["object"] == "event"
    assert prepared.headers == {}


def test_eventbridge_can_carry_a_thin_event(account: StripeAccount) -> None:
    envelope = account.delivery(completed(account), form="eventbridge-thin").payload
    assert envelope["detail"]["object"] == "v2.core.event"


def test_the_old_version_has_the_fields_of_its_time_only(account: StripeAccount) -> None:
    prepared = account.delivery(completed(account), api_version="2020-03-02")
    session = prepared.payload["data"]["object"]
    assert prepared.payload["api_version"] == "2020-03-02"
    assert session["payment_intent"].startswith("pi_")
    assert session["display_items"][0]["amount"] == 4900
    assert not {"status", "payment_status", "customer_details", "amount_total"} & set(session)


def test_old_intents_carry_their_charges_and_old_charges_their_refunds(
    account: StripeAccount,
) -> None:
    a_paid_session(account)
    events = account.events
    intent = account.delivery(events[2], api_version="2020-03-02").payload["data"]["object"]
    charge = account.delivery(events[1], api_version="2020-03-02").payload["data"]["object"]
    assert "latest_charge" not in intent
    assert (intent["charges"]["object"], charge["refunds"]["object"]) == ("list", "list")


def test_an_unknown_version_is_refused(account: StripeAccount) -> None:
    with pytest.raises(ValueError, match="2020-03-02"):
        account.delivery(completed(account), api_version="2019-01-01")


def test_an_event_is_delivered_when_an_endpoint_accepts_it(account: StripeAccount) -> None:
    event_id = completed(account)
    with receiving(503, 200) as receiver:
        prepared = account.delivery(event_id)
        first = account.deliver(prepared, receiver.url)
        pending = account.retrieve("event", event_id)["pending_webhooks"]
        account.deliver(prepared, receiver.url)
    assert first == (503, {"outcome": "recorded"})
    assert pending == 1
    assert account.retrieve("event", event_id)["pending_webhooks"] == 0
    assert receiver.bodies == [prepared.body, prepared.body]


def test_the_webhook_url_is_listed_as_an_endpoint(account: StripeAccount) -> None:
    account.webhook_url = "http://127.0.0.1:1/stripe/webhook"
    endpoint = account.store.all("webhook_endpoint")[0]
    assert (endpoint["url"], endpoint["created"]) == ("http://127.0.0.1:1/stripe/webhook", NOW)


def test_a_thin_event_of_any_resource_says_where_it_is(account: StripeAccount) -> None:
    customer = Caller(account).post("customers", {"name": "Jo"})["id"]
    payload = account.delivery(account.events[0], form="thin").payload
    assert payload["related_object"]["url"] == f"/v1/customers/{customer}"


def test_a_served_account_forwards_its_events_in_order(account: StripeAccount) -> None:
    with receiving(200) as receiver, serving(account, forward_to=receiver.url) as server:
        a_paid_session(account)
        assert server.forwarder.wait_until_idle(10)
        attempts = server.forwarder.attempts()
    assert [each.event_type for each in attempts] == types(account.events)
    assert {(each.status, each.outcome) for each in attempts} == {(200, "recorded")}
    assert all(event["pending_webhooks"] == 0 for event in account.events)


def test_forwarding_tries_again_until_it_is_accepted(account: StripeAccount) -> None:
    with receiving(500, 200) as receiver, serving(account, forward_to=receiver.url) as server:
        account.expire(an_open_session(account))
        assert server.forwarder.wait_until_idle(10)
        attempts = server.forwarder.attempts()
    assert [each.status for each in attempts] == [500, 200]


def test_forwarding_to_nobody_leaves_the_event_undelivered(account: StripeAccount) -> None:
    with receiving(200) as gone:
        account.webhook_url = gone.url
    forwarder = Forwarder(account, pauses_seconds=(0.0, 0.0))
    with forwarder.running():
        account.expire(an_open_session(account))
        assert forwarder.wait_until_idle(10)
    assert [each.status for each in forwarder.attempts()] == [0, 0, 0]
    assert account.events[0]["pending_webhooks"] == 1
