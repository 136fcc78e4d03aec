"""Checkout sessions over the API: whom they are for, what they show, and when they are over."""

from __future__ import annotations

from typing import Any

import pytest

from standin import IllegalMove, Server, StripeAccount
from standin.tests.builders import Clock, client_of, types
from standin.tests.calling import Caller, Json, a_line, session_params
from standin.tests.openapi_schemas import errors_of


def test_a_customer_is_named_by_everything_that_the_purchase_makes(caller: Caller) -> None:
    account = caller.account
    customer = caller.post("customers", {"email": "jo@example.com"})["id"]
    session_id = caller.session(customer=customer)["id"]
    account.complete(session_id)
    account.refund(session_id)
    session = account.session(session_id, ["payment_intent.latest_charge.refunds", "customer"])
    charge = session["payment_intent"]["latest_charge"]
    named = [session["customer"]["id"], session["payment_intent"]["customer"], charge["customer"]]
    assert named == [customer] * 3
    assert charge["refunds"]["data"][0]["customer"] == customer
    assert session["customer_details"]["email"] == "jo@example.com"


def test_a_session_that_always_makes_a_customer_makes_one_when_it_is_paid(caller: Caller) -> None:
    session_id = caller.session(customer_creation="always")["id"]
    before = caller.get("customers")["data"]
    events = caller.account.complete(session_id)
    [customer] = caller.get("customers")["data"]
    session = caller.get(f"checkout/sessions/{session_id}")
    assert before == []
    assert session["customer"] == customer["id"]
    assert customer["email"] == session["customer_details"]["email"]
    assert "customer.created" in types(events)


def test_a_customers_address_is_kept_when_the_session_says_so(caller: Caller) -> None:
    customer = caller.post("customers")["id"]
    update = {"address": "auto"}
    session_id = caller.session(customer=customer, customer_update=update)["id"]
    caller.account.complete(session_id)
    assert caller.get(f"customers/{customer}")["address"]["country"] == "US"


@pytest.mark.parametrize(
    "changes",
    [
        {"payment_intent_data": {"capture_method": "manual"}},
        {"payment_method_options": {"card": {"capture_method": "manual"}}},
    ],
    ids=str,
)
def test_money_can_be_reserved_over_the_api(caller: Caller, changes: Json) -> None:
    session_id = caller.session(**changes)["id"]
    caller.account.complete(session_id)
    session = caller.account.session(session_id, ["payment_intent"])
    assert session["payment_status"] == "unpaid"
    assert session["payment_intent"]["status"] == "requires_capture"


def test_a_session_with_everything_shows_it_in_stripes_shape(caller: Caller) -> None:
    label = {"type": "custom", "custom": "Team"}
    option = {"label": "Red", "value": "red"}
    session = caller.session(
        allow_promotion_codes=True,
        after_expiration={"recovery": {"enabled": True}},
        billing_address_collection="required",
        branding_settings={"display_name": "Shop", "font_family": "inter"},
        cancel_url="https://shop.example/cart",
        client_reference_id="user_1",
        consent_collection={"terms_of_service": "required"},
        custom_fields=[
            {"key": "team", "label": label, "type": "text", "text": {"maximum_length": 9}},
            {"key": "size", "label": label, "type": "numeric", "optional": True},
            {"key": "hue", "label": label, "type": "dropdown", "dropdown": {"options": [option]}},
        ],
        custom_text={"submit": {"message": "Thanks"}},
        invoice_creation={"enabled": True, "invoice_data": {"description": "Tokens"}},
        locale="de",
        name_collection={"individual": {"enabled": True}},
        origin_context="mobile_app",
        payment_method_options={"card": {"request_three_d_secure": "any"}},
        phone_number_collection={"enabled": True},
        saved_payment_method_options={"payment_method_save": "enabled"},
        shipping_address_collection={"allowed_countries": ["DE"]},
        submit_type="book",
        tax_id_collection={"enabled": True},
        wallet_options={"link": {"display": "never"}},
    )
    assert errors_of(session) == []
    assert [each["type"] for each in session["custom_fields"]] == ["text", "numeric", "dropdown"]
    assert session["custom_fields"][0]["text"]["maximum_length"] == 9
    assert session["custom_text"]["submit"] == {"message": "Thanks"}


def test_metadata_is_changed_key_by_key(caller: Caller) -> None:
    session_id = caller.session(metadata={"a": "1", "b": "2"})["id"]
    change = {"metadata": {"b": "", "c": "3"}}
    changed = caller.post(f"checkout/sessions/{session_id}", change)["metadata"]
    assert changed == {"a": "1", "c": "3"}
    assert caller.post(f"checkout/sessions/{session_id}", {"metadata": ""})["metadata"] == {}


def test_sessions_are_listed_by_customer_and_by_email_address(caller: Caller) -> None:
    customer = caller.post("customers", {"email": "jo@example.com"})["id"]
    mine = caller.session(customer=customer)["id"]
    caller.session()
    by_customer = caller.get("checkout/sessions", {"customer": customer})
    details = {"customer_details": {"email": "jo@example.com"}}
    by_email = caller.get("checkout/sessions", details)
    assert [[each["id"] for each in found["data"]] for found in (by_customer, by_email)] == [
        [mine],
        [mine],
    ]


def test_a_recurring_price_opens_a_subscription_session(caller: Caller) -> None:
    params = {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Club"}}
    price = caller.post("prices", {**params, "recurring": {"interval": "month"}})
    session = caller.session(
        mode="subscription", line_items=[{"price": price["id"], "quantity": 1}]
    )
    assert (price["type"], price["recurring"]["interval_count"]) == ("recurring", 1)
    assert (session["mode"], session["amount_total"]) == ("subscription", 900)
    assert errors_of(price) == []


def test_a_buyer_changes_the_quantity_within_its_limits(caller: Caller) -> None:
    account = caller.account
    limits = {"enabled": True, "minimum": 1, "maximum": 3}
    line = {**a_line(), "adjustable_quantity": limits}
    session = caller.session(line_items=[line, a_line(100)], expand=["line_items"])
    first, second = (item["id"] for item in session["line_items"]["data"])
    assert account.adjust_quantity(session["id"], first, 3)["amount_total"] == 14_800
    for item_id, quantity in ((first, 4), (first, 0), (second, 2), ("li_none", 1)):
        with pytest.raises(IllegalMove):
            account.adjust_quantity(session["id"], item_id, quantity)
    assert account.session(session["id"])["amount_total"] == 14_800


def test_stripes_client_opens_a_session_as_applications_do(
    account: StripeAccount, server: Server
) -> None:
    client = client_of(server).v1
    customer = client.customers.create({"email": "jo@example.com", "name": "Jo"})
    coupon = client.coupons.create({"percent_off": 10, "duration": "once"})
    params: Any = session_params(
        customer=customer.id,
        discounts=[{"coupon": coupon.id}],
        metadata={"package_id": "starter"},
        payment_intent_data={"metadata": {"order": "7"}, "description": "Tokens"},
    )
    session = client.checkout.sessions.create(params)
    account.complete(session.id)
    found = account.session(session.id, ["payment_intent"])
    assert session.url == f"{server.url}/pay/{session.id}"
    assert (found["amount_total"], found["payment_status"]) == (4410, "paid")
    assert found["metadata"] == {"package_id": "starter"}
    assert found["payment_intent"]["metadata"] == {"order": "7"}


def test_a_session_expires_when_its_time_is_over(caller: Caller, clock: Clock) -> None:
    session = caller.session(expires_at=int(clock.now) + 1800)
    clock.now += 1799
    open_until_then = caller.get(f"checkout/sessions/{session['id']}")["status"]
    clock.now += 1
    expired = caller.get(f"checkout/sessions/{session['id']}")
    assert (open_until_then, expired["status"], expired["url"]) == ("open", "expired", None)
    assert types(caller.account.events) == ["checkout.session.expired"]


@pytest.mark.parametrize(
    "look",
    [
        lambda account, session_id: account.session(session_id)["status"],
        lambda account, _: account.sessions()[0]["status"],
        lambda account, _: account.events[-1]["data"]["object"]["status"],
        lambda account, _: Caller(account).get("checkout/sessions")["data"][0]["status"],
        lambda account, _: Caller(account).get("events")["data"][0]["data"]["object"]["status"],
    ],
    ids=["session", "sessions", "events", "list over the API", "events over the API"],
)
def test_whoever_looks_sees_that_a_day_is_over(caller: Caller, clock: Clock, look: Any) -> None:
    session_id = caller.session()["id"]
    clock.now += 86_400
    assert look(caller.account, session_id) == "expired"


def test_a_session_that_is_complete_does_not_expire(caller: Caller, clock: Clock) -> None:
    session_id = caller.session()["id"]
    caller.account.complete(session_id)
    clock.now += 86_400
    assert caller.account.session(session_id)["status"] == "complete"


def test_listeners_hear_of_a_session_that_expired_by_itself(caller: Caller, clock: Clock) -> None:
    heard: list[str] = []
    caller.account.subscribe(lambda events: heard.extend(types(events)))
    caller.session()
    clock.now += 86_400
    caller.get("checkout/sessions")
    assert heard == ["checkout.session.expired"]


def test_a_session_expires_over_the_api_once(caller: Caller) -> None:
    path = f"checkout/sessions/{caller.session()['id']}/expire"
    assert caller.post(path)["status"] == "expired"
    assert caller.refused(path)["status"] == 400
