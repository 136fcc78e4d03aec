"""Retrieving, expanding and listing through Stripe's own client: order, cursors, filters."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from standin import Server, StripeAccount
from standin.tests.builders import NOW, Clock, a_paid_session, an_open_session, client_of
from standin.tests.calling import Caller


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


def test_sessions_are_filtered_by_status_and_creation(
    account: StripeAccount, clock: Clock, server: Server
) -> None:
    old, paid = an_open_session(account), a_paid_session(account)
    clock.now += 100
    new = an_open_session(account)
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


def test_events_older_than_thirty_days_are_out_of_reach(
    account: StripeAccount, clock: Clock, server: Server
) -> None:
    event = account.expire(an_open_session(account))[0]
    clock.now += 31 * 24 * 3600
    client = client_of(server).v1.events
    assert client.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        client.retrieve(event["id"])


def test_a_session_is_retrieved_with_everything_expanded(
    account: StripeAccount, server: Server
) -> None:
    session_id = a_paid_session(account)
    params: Any = {
        "expand": [
            "line_items.data.price.product",
            "payment_intent.latest_charge.balance_transaction",
        ]
    }
    found = client_of(server).v1.checkout.sessions.retrieve(session_id, params).to_dict()
    assert found["line_items"]["data"][0]["price"]["product"]["name"] == "Starter"
    assert found["payment_intent"]["latest_charge"]["balance_transaction"]["net"] == 4728


def test_without_expansion_references_are_ids_and_line_items_absent(caller: Caller) -> None:
    found = caller.get(f"checkout/sessions/{a_paid_session(caller.account)}")
    assert found["payment_intent"].startswith("pi_")
    assert "line_items" not in found


def test_five_levels_of_expansion_are_refused(account: StripeAccount, server: Server) -> None:
    an_open_session(account)
    params: Any = {"expand": ["data.line_items.data.price.product"]}
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        client_of(server).v1.checkout.sessions.list(params)


def test_four_levels_through_a_list_are_expanded(caller: Caller) -> None:
    session = caller.account.session(a_paid_session(caller.account))
    levels = "data.payment_intent.latest_charge.balance_transaction"
    params = {"payment_intent": session["payment_intent"], "expand": [levels, "data.line_items"]}
    [only] = caller.get("checkout/sessions", params)["data"]
    assert only["id"] == session["id"]
    assert only["payment_intent"]["latest_charge"]["balance_transaction"]["amount"] == 4900
    assert len(only["line_items"]["data"]) == 1


def test_a_property_that_names_nothing_cannot_be_expanded(caller: Caller) -> None:
    path = f"checkout/sessions/{an_open_session(caller.account)}"
    error = caller.refused(path, {"expand": ["status"]}, method="GET")
    assert error["status"] == 400
    assert error["message"] == "This property cannot be expanded (status)."


def test_expanding_a_null_reference_leaves_it_null(caller: Caller) -> None:
    params = {"expand": ["payment_intent.latest_charge", "customer"]}
    found = caller.get(f"checkout/sessions/{an_open_session(caller.account)}", params)
    assert (found["payment_intent"], found["customer"]) == (None, None)
