"""Every parameter of every call that the stand-in has, by Stripe's types and names."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from standin.routes import ROUTES
from standin.tests.builders import a_paid_session, an_account, an_open_session, charge_of
from standin.tests.calling import Caller
from standin.tests.samples import Json, at, leaves, named, of_route, value_at, with_value


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
        error = json.loads(caller.answer(method, path, params).data).get("error", {})
        assert error.get("code") != "parameter_unknown", named(at_path)
        assert "The stand-in" in error.get("message", "") or error.get("type") != "api_error"


WRITES = pytest.mark.parametrize("route", [each for each in ROUTES if each.startswith("POST")])

Refuse = Callable[[str, Json], Json]


@pytest.fixture(scope="module")
def refuse() -> Refuse:
    """The error of a call with these parameters; what is refused leaves the account as it is."""
    caller, ids = a_world()

    def refuse(route: str, params: Json) -> Json:
        path = route.removeprefix("POST /v1/")
        return caller.refused(path.replace("{}", ids.get(path.split("/")[0], "some_id")), params)

    return refuse


@WRITES
def test_what_stripe_does_not_know_is_unknown_at_every_level(refuse: Refuse, route: str) -> None:
    schema = of_route(route).parameters
    for path, leaf in leaves(schema):
        if path[-1] in ("usd", 0):
            continue
        params = with_value(schema, path, value_at(path, leaf))
        at(params, path[:-1])["colour"] = "red"
        error = refuse(route, params)
        unknown = named((*path[:-1], "colour"))
        assert (error.get("code"), error.get("param")) == ("parameter_unknown", unknown)


@WRITES
def test_a_value_of_another_type_is_refused_by_name(refuse: Refuse, route: str) -> None:
    schema = of_route(route).parameters
    for path, leaf in leaves(schema):
        if leaf.get("type") in ("boolean", "integer", "number") or "enum" in leaf:
            error = refuse(route, with_value(schema, path, "no such value"))
            assert (error["type"], error["param"]) == ("invalid_request_error", named(path))
            assert error["message"].startswith("Invalid")


@WRITES
def test_a_text_that_is_too_long_is_refused_by_name(refuse: Refuse, route: str) -> None:
    schema = of_route(route).parameters
    for path, leaf in leaves(schema):
        if "maxLength" in leaf and "enum" not in leaf:
            params = with_value(schema, path, "x" * (leaf["maxLength"] + 1))
            error = refuse(route, params)
            assert error["param"] == named(path)
            assert f"at most {leaf['maxLength']} characters" in error["message"]


@WRITES
def test_a_single_value_is_neither_a_list_nor_a_hash(refuse: Refuse, route: str) -> None:
    for name, schema in of_route(route).parameters["properties"].items():
        if schema.get("type") in ("array", "object") and "additionalProperties" not in schema:
            error = refuse(route, {name: "x"})
            assert (error["param"], error["message"][:8]) == (name, "Invalid ")
