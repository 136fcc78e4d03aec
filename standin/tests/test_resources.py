"""What is created, changed, listed and deleted over the API, beside Checkout sessions."""

from __future__ import annotations

from typing import Any

import pytest

from standin import Server, StripeAccount
from standin.tests.builders import a_paid_session, client_of, types
from standin.tests.calling import Caller, Json, a_line
from standin.tests.openapi_schemas import errors_of

ADDRESS = {"line1": "1 High Street", "city": "Oxford", "country": "GB"}


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
    coupon = caller.coupon()
    made, given = caller.promotion_code(coupon), caller.promotion_code(coupon, code="SPRING")
    assert errors_of(made) == []
    assert (len(made["code"]), given["code"]) == (8, "SPRING")
    assert caller.get("promotion_codes", {"code": "SPRING"})["data"] == [given]
    listed = caller.get("promotion_codes", {"coupon": coupon})["data"]
    assert listed == [given, made]


def test_a_promotion_codes_coupon_is_expanded(caller: Caller) -> None:
    made = caller.promotion_code(expand=["promotion.coupon"])
    assert made["promotion"]["coupon"]["percent_off"] == 25


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
    params = {"promotion": {"type": "coupon", "coupon": caller.coupon()}, "code": "SPRING"}
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


def test_prices_and_refunds_are_created_over_the_api(
    account: StripeAccount, server: Server
) -> None:
    client = client_of(server).v1
    product = client.products.create({"name": "Starter"})
    params: Any = {"currency": "usd", "unit_amount": 500, "product": product.id}
    price = client.prices.create(params)
    session_id = a_paid_session(account, line_items=[(price.id, 2)])
    intent = account.session(session_id)["payment_intent"]
    refund = client.refunds.create({"payment_intent": intent, "amount": 400})
    assert [each.id for each in client.prices.list({"product": product.id}).data] == [price.id]
    assert (refund.amount, refund.status) == (400, "succeeded")
