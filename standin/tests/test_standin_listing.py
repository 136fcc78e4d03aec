"""Lists through Stripe's own client: order, cursors, filters."""

from __future__ import annotations

import pytest
import stripe

from standin import Server, StripeAccount, serving
from standin.tests.builders import (
    NOW,
    Clock,
    a_paid_session,
    an_account,
    an_open_session,
    client_of,
)


def test_ten_line_items_are_included_and_the_endpoint_pages_through_all(
    account: StripeAccount, server: Server
) -> None:
    price = account.create_price(100)["id"]
    session_id = an_open_session(account, line_items=[(price, n) for n in range(1, 13)])
    session = account.session(session_id, ["line_items"])
    sessions = client_of(server).v1.checkout.sessions
    listed = sessions.line_items.list(session_id, {"limit": 5}).auto_paging_iter()
    assert len(session["line_items"]["data"]) == 10
    assert session["line_items"]["has_more"] is True
    assert [item.quantity for item in listed] == list(range(1, 13))


def test_sessions_are_listed_newest_first_page_by_page(
    account: StripeAccount, server: Server
) -> None:
    made = [an_open_session(account) for _ in range(7)]
    sessions = client_of(server).v1.checkout.sessions
    listed = [each.id for each in sessions.list({"limit": 3}).auto_paging_iter()]
    assert listed == made[::-1]


def test_the_page_before_an_object_ends_just_before_it(
    account: StripeAccount, server: Server
) -> None:
    made = [an_open_session(account) for _ in range(6)]
    page = client_of(server).v1.checkout.sessions.list({"ending_before": made[1], "limit": 2})
    assert [each.id for each in page.data] == [made[3], made[2]]
    assert page.has_more is True


def test_a_cursor_stays_put_when_newer_objects_appear(
    account: StripeAccount, server: Server
) -> None:
    made = [an_open_session(account) for _ in range(4)]
    sessions = client_of(server).v1.checkout.sessions
    first = sessions.list({"limit": 2})
    an_open_session(account)
    second = sessions.list({"limit": 2, "starting_after": first.data[-1].id})
    assert [each.id for each in second.data] == made[1::-1]


def test_sessions_are_filtered_by_status_and_creation() -> None:
    clock = Clock()
    account = an_account(clock)
    old, paid = an_open_session(account), a_paid_session(account)
    clock.now += 100
    new = an_open_session(account)
    with serving(account) as server:
        sessions = client_of(server).v1.checkout.sessions
        by_status = sessions.list({"status": "complete"})
        since = sessions.list({"created": {"gte": NOW + 100}})
        until = sessions.list({"created": {"lt": NOW + 100}})
    assert [each.id for each in by_status.data] == [paid]
    assert [each.id for each in since.data] == [new]
    assert [each.id for each in until.data] == [paid, old]


def test_charges_refunds_and_disputes_are_listed_by_their_payment(
    account: StripeAccount, server: Server
) -> None:
    a_paid_session(account)
    session_id = an_open_session(account)
    account.decline(session_id)
    account.complete(session_id)
    account.refund(session_id, 100)
    account.dispute(session_id)
    intent = account.session(session_id)["payment_intent"]
    client = client_of(server).v1
    statuses = [each.status for each in client.charges.list({"payment_intent": intent}).data]
    charge = client.charges.list({"payment_intent": intent}).data[0].id
    assert statuses == ["succeeded", "failed"]
    assert len(client.refunds.list({"charge": charge, "payment_intent": intent}).data) == 1
    assert len(client.disputes.list({"charge": charge}).data) == 1


def test_events_are_filtered_by_type_and_delivery(account: StripeAccount, server: Server) -> None:
    a_paid_session(account)
    account.mark_delivered(account.events[0]["id"])
    events = client_of(server).v1.events
    chosen = events.list({"types": ["payment_intent.created", "charge.updated"]})
    several = events.list({"type": "payment_intent.*"})
    undelivered = events.list({"delivery_success": False, "type": "payment_intent.created"})
    assert [each.type for each in chosen.data] == ["charge.updated", "payment_intent.created"]
    assert len(several.data) == 2
    assert undelivered.data == []


def test_events_older_than_thirty_days_are_out_of_reach() -> None:
    clock = Clock()
    account = an_account(clock)
    event = account.expire(an_open_session(account))[0]
    clock.now += 31 * 24 * 3600
    with serving(account) as server:
        client = client_of(server).v1.events
        assert client.list().data == []
        with pytest.raises(stripe.InvalidRequestError, match="No such event"):
            client.retrieve(event["id"])
