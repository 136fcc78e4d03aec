"""Forwarding: every event goes to the webhook URL by itself, in order, with retries."""

from __future__ import annotations

from standin import serving
from standin.forwarding import Forwarder
from standin.tests.builders import a_paid_session, an_account, an_open_session, types
from standin.tests.receiver import receiving


def test_a_served_account_forwards_its_events_in_order() -> None:
    account = an_account()
    with receiving(200) as receiver, serving(account, forward_to=receiver.url) as server:
        a_paid_session(account)
        assert server.forwarder.wait_until_idle(10)
        attempts = server.forwarder.attempts()
    assert [each.event_type for each in attempts] == types(account.events)
    assert {(each.status, each.outcome) for each in attempts} == {(200, "recorded")}
    assert all(event["pending_webhooks"] == 0 for event in account.events)


def test_forwarding_tries_again_until_it_is_accepted() -> None:
    account = an_account()
    with receiving(500, 200) as receiver, serving(account, forward_to=receiver.url) as server:
        account.expire(an_open_session(account))
        assert server.forwarder.wait_until_idle(10)
        attempts = server.forwarder.attempts()
    assert [each.status for each in attempts] == [500, 200]


def test_forwarding_to_nobody_leaves_the_event_undelivered() -> None:
    account = an_account()
    with receiving(200) as gone:
        account.webhook_url = gone.url
    forwarder = Forwarder(account, pauses_seconds=(0.0, 0.0))
    with forwarder.running():
        account.expire(an_open_session(account))
        assert forwarder.wait_until_idle(10)
    assert [each.status for each in forwarder.attempts()] == [0, 0, 0]
    assert account.events[0]["pending_webhooks"] == 1
