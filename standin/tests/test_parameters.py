"""Every parameter of a session in Stripe's specification: shown, or disowned by the stand-in."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from standin import StripeAccount, published
from standin.tests.builders import an_account
from standin.tests.calling import Caller, session_params
from standin.tests.samples import (
    Json,
    Path,
    at,
    leaves,
    merged,
    named,
    of_route,
    value_at,
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
        found.append((path, leaf, answer.status_code, json.loads(answer.data)))
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
    assert all("The stand-in does not know" in message for message in lacking.values())


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


def test_payment_intent_data_shows_on_the_payment_intent(account: StripeAccount) -> None:
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


def test_the_older_names_of_the_ui_modes_are_the_newer_ones() -> None:
    caller = Caller(an_account())
    params = session_params(success_url=None, return_url="https://shop.example/back")
    pairs = {"embedded": "embedded_page", "custom": "elements", "embedded_page": "embedded_page"}
    made = {name: caller.post("checkout/sessions", {**params, "ui_mode": name}) for name in pairs}
    assert {name: session["ui_mode"] for name, session in made.items()} == pairs
    assert all(session["url"] is None and session["client_secret"] for session in made.values())
