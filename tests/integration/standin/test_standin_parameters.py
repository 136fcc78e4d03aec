"""Every parameter that Stripe's specification lists: taken, or disowned by the stand-in."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from local.stripe_standin import published
from local.stripe_standin.routes import ROUTES
from tests.integration.standin.builders import (
    a_paid_session,
    an_account,
    an_open_session,
    charge_of,
)
from tests.integration.standin.calling import Caller, session_params
from tests.integration.standin.samples import (
    Json,
    Path,
    at,
    leaves,
    merged,
    named,
    sample,
    with_value,
)

SESSIONS = "/v1/checkout/sessions"
# Right by themselves, and refused because of what else a session has or has not.
NEED_SOMETHING_ELSE = {
    *("customer", "customer_update", "discounts", "expand", "expires_at", "optional_items"),
    *("redirect_on_completion", "return_url", "setup_intent_data", "subscription_data", "ui_mode"),
}
LINE_ITEM_REFUSALS = {
    "line_items[0][price]": "No such price: 'x'",
    "line_items[0][price_data][product]": (
        "You may only specify one of these parameters: product, product_data."
    ),
    **dict.fromkeys(
        (
            "line_items[0][price_data][recurring][interval]",
            "line_items[0][price_data][recurring][interval_count]",
        ),
        "You specified `payment` mode but passed a recurring price. Either switch to"
        " `subscription` mode or use only one-time prices.",
    ),
}
NOT_IN_THE_STAND_IN = {
    *("customer_account", "payment_method_data", "shipping_options"),
    *("payment_intent_data[application_fee_amount]", "payment_intent_data[on_behalf_of]"),
    *("line_items[0][dynamic_tax_rates]", "line_items[0][tax_rates]"),
}


def of_route(route: str) -> published.Operation:
    method, path = route.split()
    found = published.operation(method, path.replace("{}", "some_id"))
    assert found is not None
    return found


def value_at(path: Path, leaf: Json) -> Any:
    return sample(leaf, next(each for each in reversed(path) if isinstance(each, str)))


@cache
def session_schema() -> Json:
    return of_route(f"POST {SESSIONS}").parameters


def with_session_value(path: Path, value: Any) -> Json:
    changed: Json = merged(session_params(), with_value(session_schema(), path, value))
    [line] = changed["line_items"]
    if path[-1] == "price" and path[0] == "line_items":
        del line["price_data"]
    elif path[0] == "line_items":
        line.pop("price", None)
    if path[-1] == "unit_amount_decimal":
        del line["price_data"]["unit_amount"]
    return changed


@cache
def answers() -> list[tuple[Path, Json, int, Json]]:
    """Each session parameter with what creating a session with it answered."""
    caller, found = Caller(an_account()), []
    for path, leaf in leaves(session_schema()):
        params = with_session_value(path, value_at(path, leaf))
        answer = caller.answer("POST", SESSIONS, params)
        found.append((path, leaf, answer.status, json.loads(answer.body)))
    return found


def test_a_session_calls_no_parameter_of_stripes_unknown() -> None:
    refused = {
        named(path): answer["error"]["message"]
        for path, _, status, answer in answers()
        if status == 400 and path[0] not in NEED_SOMETHING_ELSE
    }
    assert refused == LINE_ITEM_REFUSALS


def test_what_a_session_lacks_is_refused_by_the_stand_in_and_by_name() -> None:
    lacking = {
        answer["error"]["param"]: answer["error"]["message"]
        for _, _, status, answer in answers()
        if status == 501
    }
    assert {name for name in lacking if not name.startswith("payment_method_options")} == {
        *NOT_IN_THE_STAND_IN,
        "payment_intent_data[transfer_data]",
    }
    assert all("the stand-in, not Stripe" in message for message in lacking.values())


def test_what_a_session_takes_it_shows() -> None:
    fields = published.shape("checkout.session")["properties"].keys() - {"line_items"}
    hidden = {
        named(path): at(answer, path)
        for path, leaf, status, answer in answers()
        if status == 200 and path[0] in fields and leaf.get("properties") != {}
        if at(answer, path) != value_at(path, leaf)
    }
    assert hidden == {}


def test_what_a_session_takes_and_has_no_field_for_shows_elsewhere() -> None:
    fields = published.shape("checkout.session")["properties"].keys()
    elsewhere = {
        path[0] for path, _, status, _ in answers() if status == 200 and path[0] not in fields
    }
    assert elsewhere == {
        "allowed_payment_method_types",
        "payment_intent_data",
        "payment_method_configuration",
    }


def test_payment_intent_data_shows_on_the_payment_intent() -> None:
    account = an_account()
    caller, hidden = Caller(account), {}
    for path, leaf, status, answer in answers():
        if path[0] == "payment_intent_data" and status == 200:
            params = with_session_value(path, value_at(path, leaf))
            session_id = caller.post("checkout/sessions", params)["id"]
            account.complete(session_id)
            intent = account.session(session_id, ["payment_intent"])["payment_intent"]
            if at(intent, path[1:]) != value_at(path, leaf):
                hidden[named(path)] = answer
    assert hidden == {}


def test_line_items_show_what_they_were_given() -> None:
    data = {
        "currency": "usd",
        "unit_amount_decimal": "250",
        "tax_behavior": "exclusive",
        "product_data": {
            "name": "Starter",
            "description": "1,000 tokens",
            "images": ["https://shop.example/1.png"],
            "metadata": {"tokens": "1000"},
            "tax_code": "txcd_10000000",
            "unit_label": "token",
        },
    }
    limits = {"enabled": True, "minimum": 1, "maximum": 9}
    line = {
        "price_data": data,
        "quantity": 3,
        "adjustable_quantity": limits,
        "metadata": {"a": "b"},
    }
    caller = Caller(an_account())
    params = session_params(line_items=[line], expand=["line_items.data.price.product"])
    [item] = caller.post("checkout/sessions", params)["line_items"]["data"]
    product = item["price"]["product"]
    assert (item["quantity"], item["amount_total"], item["metadata"]) == (3, 750, {"a": "b"})
    assert item["adjustable_quantity"] == limits
    assert (item["price"]["unit_amount"], item["price"]["tax_behavior"]) == (250, "exclusive")
    assert {name: product[name] for name in data["product_data"]} == data["product_data"]


def a_world() -> tuple[Caller, dict[str, str]]:
    """An account with one object of each type, and the id of each."""
    account = an_account()
    caller = Caller(account)
    session_id = a_paid_session(account)
    coupon = caller.post("coupons", {"percent_off": 10})["id"]
    promotion = {"promotion": {"type": "coupon", "coupon": coupon}}
    price = account.prices()[0]
    line = {"price": price["id"], "quantity": 1}
    return caller, {
        "checkout": an_open_session(account),
        "customers": caller.post("customers", {"email": "jo@example.com"})["id"],
        "coupons": coupon,
        "promotion_codes": caller.post("promotion_codes", promotion)["id"],
        "payment_links": caller.post("payment_links", {"line_items": [line]})["id"],
        "prices": price["id"],
        "products": price["product"]["id"],
        "payment_intents": account.session(session_id)["payment_intent"],
        "charges": charge_of(account, session_id)["id"],
        "refunds": account.refund(session_id, 100)["id"],
        "disputes": account.dispute(session_id)["id"],
    }


@pytest.mark.parametrize("route", [each for each in ROUTES if "/v1/" in each])
def test_no_call_that_the_stand_in_has_calls_a_parameter_unknown(route: str) -> None:
    caller, ids = a_world()
    method, path = route.split()
    path = path.replace("{}", ids.get(path.split("/")[2], "some_id"))
    schema = of_route(route).parameters
    for at_path, leaf in leaves(schema) if schema["properties"] else ():
        params = with_value(schema, at_path, value_at(at_path, leaf))
        error = json.loads(caller.answer(method, path, params).body).get("error", {})
        assert error.get("code") != "parameter_unknown", named(at_path)
        assert "the stand-in" in error.get("message", "") or error.get("type") != "api_error"


WRITES = pytest.mark.parametrize("route", [each for each in ROUTES if each.startswith("POST")])


def refusal_of(caller: Caller, ids: dict[str, str], route: str, params: Json) -> Json:
    method, path = route.split()
    path = path.replace("{}", ids.get(path.split("/")[2], "some_id"))
    error: Json = json.loads(caller.answer(method, path, params).body)["error"]
    return error


@WRITES
def test_what_stripe_does_not_know_is_unknown_at_every_level(route: str) -> None:
    caller, ids = a_world()
    schema = of_route(route).parameters
    for path, leaf in leaves(schema):
        if path[-1] in ("usd", 0):
            continue
        params = with_value(schema, path, value_at(path, leaf))
        at(params, path[:-1])["colour"] = "red"
        error = refusal_of(caller, ids, route, params)
        unknown = named((*path[:-1], "colour"))
        assert (error.get("code"), error.get("param")) == ("parameter_unknown", unknown)


@WRITES
def test_a_value_of_another_type_is_refused_by_name(route: str) -> None:
    caller, ids = a_world()
    schema = of_route(route).parameters
    for path, leaf in leaves(schema):
        if leaf.get("type") in ("boolean", "integer", "number") or "enum" in leaf:
            error = refusal_of(caller, ids, route, with_value(schema, path, "no such value"))
            assert (error["type"], error["param"]) == ("invalid_request_error", named(path))
            assert error["message"].startswith("Invalid")


@WRITES
def test_a_text_that_is_too_long_is_refused_by_name(route: str) -> None:
    caller, ids = a_world()
    schema = of_route(route).parameters
    for path, leaf in leaves(schema):
        if "maxLength" in leaf and "enum" not in leaf:
            params = with_value(schema, path, "x" * (leaf["maxLength"] + 1))
            error = refusal_of(caller, ids, route, params)
            assert error["param"] == named(path)
            assert f"at most {leaf['maxLength']} characters" in error["message"]


@WRITES
def test_a_single_value_is_neither_a_list_nor_a_hash(route: str) -> None:
    caller, ids = a_world()
    for name, schema in of_route(route).parameters["properties"].items():
        if schema.get("type") in ("array", "object") and "additionalProperties" not in schema:
            error = refusal_of(caller, ids, route, {name: "x"})
            assert (error["param"], error["message"][:8]) == (name, "Invalid ")


def test_the_older_names_of_the_ui_modes_are_the_newer_ones() -> None:
    caller = Caller(an_account())
    params = session_params(success_url=None, return_url="https://shop.example/back")
    pairs = {"embedded": "embedded_page", "custom": "elements", "embedded_page": "embedded_page"}
    made = {name: caller.post("checkout/sessions", {**params, "ui_mode": name}) for name in pairs}
    assert {name: session["ui_mode"] for name, session in made.items()} == pairs
    assert all(session["url"] is None and session["client_secret"] for session in made.values())
