"""What is created, changed, listed and deleted over the API, beside Checkout sessions."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from local.stripe_standin import Server, StripeAccount
from tests.integration.standin.builders import (
    a_paid_session,
    an_account,
    an_open_session,
    charge_of,
    client_of,
    types,
)
from tests.integration.standin.calling import Caller, Json, a_line
from tests.integration.standin.openapi_schemas import errors_of

ADDRESS = {"line1": "1 High Street", "city": "Oxford", "country": "GB"}


@pytest.fixture
def caller() -> Caller:
    return Caller(an_account())


def a_promotion(caller: Caller) -> Json:
    coupon = caller.post("coupons", {"percent_off": 10})["id"]
    return {"type": "coupon", "coupon": coupon}


def an_intent(caller: Caller, **changes: Any) -> str:
    session = caller.account.session(a_paid_session(caller.account, **changes))
    intent: str = session["payment_intent"]
    return intent


CREATED: dict[str, Json] = {
    "customers": {
        "email": "jo@example.com",
        "name": "Jo",
        "address": ADDRESS,
        "shipping": {"name": "Jo", "address": ADDRESS},
        "preferred_locales": ["en"],
        "metadata": {"a": "b"},
    },
    "coupons": {"percent_off": 12.5, "duration": "repeating", "duration_in_months": 3},
    "payment_links": {"line_items": [a_line()], "metadata": {"a": "b"}},
    "products": {"name": "Starter", "images": ["https://shop.example/1.png"], "active": False},
    "prices": {
        "currency": "usd",
        "unit_amount": 900,
        "product_data": {"name": "Club"},
        "recurring": {"interval": "year"},
        "lookup_key": "club",
    },
}


@pytest.mark.parametrize("path", CREATED)
def test_what_is_created_is_shown_retrieved_and_listed_in_stripes_shape(
    caller: Caller, path: str
) -> None:
    created = caller.post(path, CREATED[path])
    known = {name: each for name, each in CREATED[path].items() if name in created}
    simple = {name: each for name, each in known.items() if not isinstance(each, dict)}
    assert errors_of(created) == []
    assert {name: created[name] for name in simple} == simple
    assert caller.get(f"{path}/{created['id']}") == created
    assert caller.get(path)["data"] == [created]


def test_a_promotion_code_has_a_code_of_its_own_or_a_given_one(caller: Caller) -> None:
    promotion = a_promotion(caller)
    made = caller.post("promotion_codes", {"promotion": promotion})
    given = caller.post("promotion_codes", {"promotion": promotion, "code": "SPRING"})
    assert errors_of(made) == []
    assert (len(made["code"]), given["code"]) == (8, "SPRING")
    assert caller.get("promotion_codes", {"code": "SPRING"})["data"] == [given]
    listed = caller.get("promotion_codes", {"coupon": promotion["coupon"]})["data"]
    assert listed == [given, made]


def test_a_promotion_codes_coupon_is_expanded(caller: Caller) -> None:
    params = {"promotion": a_promotion(caller), "expand": ["promotion.coupon"]}
    assert caller.post("promotion_codes", params)["promotion"]["coupon"]["percent_off"] == 10


@pytest.mark.parametrize(
    ("path", "given", "changes"),
    [
        ("customers", {"name": "Jo"}, {"name": "Al", "address": ADDRESS}),
        ("customers", {"name": "Jo", "phone": "1"}, {"name": ""}),
        ("coupons", {"percent_off": 10}, {"name": "Spring"}),
        ("payment_links", {"line_items": [a_line()]}, {"active": False}),
        ("products", {"name": "Starter"}, {"name": "Beginner", "description": "1,000 tokens"}),
        (
            "prices",
            {"currency": "usd", "unit_amount": 1, "product_data": {"name": "A"}},
            {"active": False, "nickname": "old"},
        ),
    ],
    ids=str,
)
def test_what_is_changed_is_changed_and_nothing_else(
    caller: Caller, path: str, given: Json, changes: Json
) -> None:
    before = caller.post(path, given)
    after = caller.post(f"{path}/{before['id']}", {**changes, "metadata": {"a": "b"}})
    changed = {name for name in after if after[name] != before[name]}
    assert changed - {"updated"} == {*changes, "metadata"}
    assert errors_of(after) == []


@pytest.mark.parametrize(
    ("path", "event"),
    [
        ("customers", "customer"),
        ("coupons", "coupon"),
        ("products", "product"),
        ("prices", "price"),
        ("payment_links", "payment_link"),
    ],
)
def test_listeners_hear_of_what_is_created_and_changed(
    caller: Caller, path: str, event: str
) -> None:
    heard: list[str] = []
    caller.account.subscribe(lambda events: heard.extend(types(events)))
    made = caller.post(path, CREATED[path])["id"]
    caller.post(f"{path}/{made}", {"metadata": {"a": "b"}})
    assert heard == [f"{event}.created", f"{event}.updated"]


def test_a_deleted_customer_is_known_as_deleted_and_no_longer_listed(caller: Caller) -> None:
    customer = caller.post("customers")["id"]
    deleted = {"id": customer, "object": "customer", "deleted": True}
    assert caller.call("DELETE", f"/v1/customers/{customer}") == deleted
    assert caller.get(f"customers/{customer}") == deleted
    assert caller.get("customers")["data"] == []
    assert types(caller.account.events)[-1] == "customer.deleted"


def test_a_deleted_coupon_is_gone(caller: Caller) -> None:
    coupon = caller.post("coupons", {"percent_off": 10, "id": "TEN"})["id"]
    caller.call("DELETE", f"/v1/coupons/{coupon}")
    assert coupon == "TEN"
    assert caller.refused("coupons/TEN", method="GET")["code"] == "resource_missing"


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({}, "percent_off"),
        ({"percent_off": 10, "amount_off": 1, "currency": "usd"}, "percent_off"),
        ({"percent_off": 101}, "percent_off"),
        ({"percent_off": 0}, "percent_off"),
        ({"amount_off": 0, "currency": "usd"}, "amount_off"),
        ({"amount_off": 100}, "currency"),
        ({"percent_off": 10, "duration": "repeating"}, "duration_in_months"),
    ],
    ids=str,
)
def test_a_coupon_that_makes_no_sense_is_refused(caller: Caller, params: Json, param: str) -> None:
    assert caller.refused("coupons", params)["param"] == param


@pytest.mark.parametrize("path", ["coupons", "products"])
def test_an_id_that_is_taken_is_refused(caller: Caller, path: str) -> None:
    params = {"id": "mine", **({"percent_off": 1} if path == "coupons" else {"name": "A"})}
    assert caller.post(path, params)["id"] == "mine"
    assert caller.refused(path, params)["code"] == "resource_already_exists"


def test_a_code_that_is_active_already_is_refused(caller: Caller) -> None:
    params = {"promotion": a_promotion(caller), "code": "SPRING"}
    caller.post("promotion_codes", params)
    assert caller.refused("promotion_codes", params)["param"] == "code"


def test_prices_are_found_by_their_lookup_keys(caller: Caller) -> None:
    club = caller.post("prices", CREATED["prices"])
    caller.post("prices", {**CREATED["prices"], "lookup_key": "team"})
    listed = caller.get("prices", {"lookup_keys": ["club", "none"]})["data"]
    assert listed == [club]
    assert caller.get("prices", {"recurring": {"interval": "month"}})["data"] == []


def test_a_products_default_price_is_made_with_it(caller: Caller) -> None:
    data = {"currency": "usd", "unit_amount": 900}
    params = {"name": "Club", "default_price_data": data, "expand": ["default_price"]}
    assert caller.post("products", params)["default_price"]["unit_amount"] == 900


@pytest.mark.parametrize(
    ("of", "changes"),
    [
        ("payment_intents", {"description": "Tokens", "receipt_email": "jo@example.com"}),
        ("charges", {"description": "Tokens", "fraud_details": {"user_report": "safe"}}),
        ("refunds", {}),
    ],
)
def test_money_that_moved_can_still_be_described(caller: Caller, of: str, changes: Json) -> None:
    account = caller.account
    session_id = a_paid_session(account)
    ids = {
        "refunds": account.refund(session_id, 100)["id"],
        "charges": charge_of(account, session_id)["id"],
        "payment_intents": account.session(session_id)["payment_intent"],
    }
    changed = caller.post(f"{of}/{ids[of]}", {**changes, "metadata": {"a": "b"}})
    assert {name: changed[name] for name in changes} == changes
    assert changed["metadata"] == {"a": "b"}
    assert errors_of(changed) == []


def test_reserved_money_is_captured_in_part_over_the_api(caller: Caller) -> None:
    intent = an_intent(caller, capture_method="manual")
    captured = caller.post(f"payment_intents/{intent}/capture", {"amount_to_capture": 4000})
    assert (captured["status"], captured["amount_received"]) == ("succeeded", 4000)
    again = caller.refused(f"payment_intents/{intent}/capture")
    assert again["code"] == "payment_intent_unexpected_state"


def test_more_than_is_reserved_is_not_captured(caller: Caller) -> None:
    intent = an_intent(caller, capture_method="manual")
    params = {"amount_to_capture": 4901}
    error = caller.refused(f"payment_intents/{intent}/capture", params)
    assert (error["code"], error["param"]) == ("amount_too_large", "amount_to_capture")


def test_an_intent_is_canceled_over_the_api_once(caller: Caller) -> None:
    intent = an_intent(caller, capture_method="manual")
    params = {"cancellation_reason": "abandoned"}
    canceled = caller.post(f"payment_intents/{intent}/cancel", params)
    again = caller.refused(f"payment_intents/{intent}/cancel")
    assert (canceled["status"], canceled["cancellation_reason"]) == ("canceled", "abandoned")
    assert again["code"] == "payment_intent_unexpected_state"


def test_a_refunds_metadata_is_on_its_first_event(caller: Caller) -> None:
    intent = an_intent(caller)
    params = {"payment_intent": intent, "metadata": {"a": "b"}, "reason": "duplicate"}
    caller.post("refunds", params)
    created = next(each for each in caller.account.events if each["type"] == "refund.created")
    assert created["data"]["object"]["metadata"] == {"a": "b"}


def test_evidence_is_kept_and_then_submitted(caller: Caller) -> None:
    dispute = caller.account.dispute(a_paid_session(caller.account))["id"]
    evidence = {"evidence": {"customer_name": "Jo"}}
    kept = caller.post(f"disputes/{dispute}", {**evidence, "submit": False})
    sent = caller.post(f"disputes/{dispute}", {"submit": True})
    assert (kept["status"], kept["evidence_details"]["has_evidence"]) == ("needs_response", True)
    assert (sent["status"], sent["evidence"]["customer_name"]) == ("under_review", "Jo")
    assert sent["evidence_details"]["submission_count"] == 1
    assert errors_of(sent) == []


def test_evidence_is_submitted_at_once_unless_asked_otherwise(caller: Caller) -> None:
    dispute = caller.account.dispute(a_paid_session(caller.account))["id"]
    evidence = {"evidence": {"customer_name": "Jo"}}
    assert caller.post(f"disputes/{dispute}", evidence)["status"] == "under_review"
    assert caller.refused(f"disputes/{dispute}", evidence)["status"] == 400


def test_a_disputes_metadata_changes_without_any_evidence(caller: Caller) -> None:
    dispute = caller.account.dispute(a_paid_session(caller.account))["id"]
    changed = caller.post(f"disputes/{dispute}", {"metadata": {"a": "b"}})
    assert (changed["status"], changed["metadata"]) == ("needs_response", {"a": "b"})


@pytest.mark.parametrize(("inquiry", "status"), [(False, "lost"), (True, "warning_closed")])
def test_a_dispute_is_closed_by_the_seller(caller: Caller, inquiry: bool, status: str) -> None:
    account = caller.account
    dispute = account.dispute(a_paid_session(account), inquiry=inquiry)["id"]
    assert caller.post(f"disputes/{dispute}/close")["status"] == status
    assert types(account.events)[-1] == "charge.dispute.closed"
    assert caller.refused(f"disputes/{dispute}/close")["status"] == 400


def test_a_links_visit_is_a_session_with_what_the_link_says(caller: Caller) -> None:
    account = caller.account
    caller.post("promotion_codes", {"promotion": a_promotion(caller), "code": "SPRING"})
    link = caller.post(
        "payment_links",
        {
            "line_items": [a_line()],
            "metadata": {"package_id": "starter"},
            "payment_intent_data": {"metadata": {"a": "b"}, "description": "Tokens"},
            "after_completion": {
                "type": "redirect",
                "redirect": {"url": "https://shop.example/thanks"},
            },
            "allow_promotion_codes": True,
        },
    )
    visit = {"client_reference_id": "user_1", "prefilled_promo_code": "SPRING"}
    session_id = account.follow_payment_link(link["id"], visit)["id"]
    account.complete(session_id)
    session = account.session(session_id, ["payment_intent"])
    assert errors_of(session) == []
    assert errors_of(link) == []
    assert (session["payment_link"], session["client_reference_id"]) == (link["id"], "user_1")
    assert session["metadata"] == {"package_id": "starter"}
    assert (session["amount_total"], session["success_url"]) == (
        4410,
        "https://shop.example/thanks",
    )
    assert session["payment_intent"]["metadata"] == {"a": "b"}
    assert [item["amount_total"] for item in link_items(caller, link)] == [4900]


def link_items(caller: Caller, link: Json) -> list[Json]:
    found: list[Json] = caller.get(f"payment_links/{link['id']}/line_items")["data"]
    return found


def test_a_link_can_be_used_as_often_as_it_says(caller: Caller) -> None:
    account = caller.account
    limit = {"completed_sessions": {"limit": 1}}
    link = caller.post("payment_links", {"line_items": [a_line()], "restrictions": limit})["id"]
    account.complete(account.follow_payment_link(link, {})["id"])
    with pytest.raises(ValueError, match="no longer active"):
        account.follow_payment_link(link, {})


def test_links_with_lines_that_a_session_would_not_take_are_refused(caller: Caller) -> None:
    lines = [a_line(), a_line(currency="eur")]
    assert caller.refused("payment_links", {"line_items": lines})["param"] == "line_items"


def test_what_is_not_there_is_missing_by_name(caller: Caller) -> None:
    for path, param in [("customers", "customer"), ("coupons", "coupon"), ("prices", "price")]:
        error = caller.refused(f"{path}/none", {"metadata": {"a": "b"}})
        assert (error["status"], error["code"], error["param"]) == (404, "resource_missing", param)


def test_stripes_client_manages_customers(account: StripeAccount, server: Server) -> None:
    customers = client_of(server).v1.customers
    made = customers.create({"email": "jo@example.com", "metadata": {"a": "b"}})
    customers.update(made.id, {"name": "Jo"})
    assert [each.name for each in customers.list({"email": "jo@example.com"}).data] == ["Jo"]
    assert customers.delete(made.id).deleted
    assert getattr(customers.retrieve(made.id), "deleted", False)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/subscriptions"),
        ("POST", "/v1/payment_intents"),
        ("POST", "/v1/payment_intents/pi_1/confirm"),
        ("GET", "/v1/customers/search"),
        ("DELETE", "/v1/products/prod_1"),
        ("POST", "/v1/refunds/re_1/cancel"),
        ("GET", "/v1/balance"),
        ("POST", "/v2/core/event_destinations"),
    ],
)
def test_a_call_that_stripe_has_and_the_stand_in_lacks_says_whose_fault_it_is(
    caller: Caller, method: str, path: str
) -> None:
    answer = caller.answer(method, path)
    assert (answer.status, answer.headers["Stripe-Should-Retry"]) == (501, "false")
    assert b"the stand-in, not Stripe" in answer.body
    assert path.encode() in answer.body


def test_a_call_that_stripe_lacks_too_is_stripes_404(caller: Caller) -> None:
    error = caller.refused("no_such_thing")
    assert (error["status"], error["type"]) == (404, "invalid_request_error")
    assert "stand-in" not in error["message"]


def test_stripes_client_raises_what_the_stand_in_lacks_at_once(server: Server) -> None:
    client = stripe.StripeClient(
        "sk_test_standin", base_addresses={"api": server.url}, max_network_retries=2
    )
    with pytest.raises(stripe.APIError, match="the stand-in, not Stripe"):
        client.v1.subscriptions.list()
    assert server.requests == [("GET", "/v1/subscriptions")]


def test_an_open_sessions_intent_is_not_there_to_capture(caller: Caller) -> None:
    session_id = an_open_session(caller.account, capture_method="manual")
    caller.account.decline(session_id)
    intent = caller.account.session(session_id)["payment_intent"]
    error = caller.refused(f"payment_intents/{intent}/capture")
    assert error["code"] == "payment_intent_unexpected_state"
