"""Sessions that Stripe refuses are refused, with Stripe's codes and the parameter's name."""

from __future__ import annotations

from typing import Any

import pytest

from standin.tests.builders import NOW
from standin.tests.calling import Caller, Json, a_line, session_params

RETURN = "https://shop.example/back"


PRICE_DATA = a_line()["price_data"]


EMBEDDED: Json = {"ui_mode": "embedded_page", "success_url": None}


def line(**changes: Any) -> list[Json]:
    return [{name: each for name, each in {**a_line(), **changes}.items() if each is not None}]


def priced(**changes: Any) -> list[Json]:
    changed = {**PRICE_DATA, **changes}
    return line(price_data={name: each for name, each in changed.items() if each is not None})


def monthly(interval: str = "month") -> Json:
    return {"price_data": {**PRICE_DATA, "recurring": {"interval": interval}}, "quantity": 1}


REFUSED: list[tuple[str, Json, str | None, str | None]] = [
    ("no success_url", {"success_url": None}, "parameter_missing", "success_url"),
    ("no line items", {"line_items": None}, "parameter_missing", "line_items"),
    ("an unknown mode", {"mode": "donation"}, None, "mode"),
    ("an unknown currency", {"currency": "zzz"}, None, "currency"),
    (
        "a price in an unknown currency",
        {"line_items": priced(currency="zzz")},
        None,
        "line_items[0][price_data][currency]",
    ),
    (
        "two currencies",
        {"line_items": [a_line(), a_line(currency="eur")]},
        None,
        "line_items",
    ),
    ("another currency than its lines'", {"currency": "eur"}, None, "currency"),
    (
        "no quantity",
        {"line_items": line(quantity=None)},
        "parameter_missing",
        "line_items[0][quantity]",
    ),
    *(
        (
            f"the quantity {quantity}",
            {"line_items": line(quantity=quantity)},
            "parameter_invalid_integer",
            "line_items[0][quantity]",
        )
        for quantity in (0, -1, 1_000_000, "1.5", "")
    ),
    *(
        (
            f"the unit amount {amount}",
            {"line_items": priced(unit_amount=amount)},
            "parameter_invalid_integer",
            "line_items[0][price_data][unit_amount]",
        )
        for amount in (-1, 100_000_000, "49.00")
    ),
    ("49 cents", {"line_items": [a_line(49)]}, "amount_too_small", None),
    ("29 pence", {"line_items": [a_line(29, "gbp")]}, "amount_too_small", None),
    ("49 yen", {"line_items": [a_line(49, "jpy")]}, "amount_too_small", None),
    (
        "a million dollars",
        {"line_items": [a_line(50_000_000, quantity=2)]},
        "amount_too_large",
        None,
    ),
    ("a one-time price by subscription", {"mode": "subscription"}, None, "line_items"),
    ("a recurring price at once", {"line_items": [monthly()]}, None, "line_items"),
    (
        "two intervals",
        {"mode": "subscription", "line_items": [monthly(), monthly("year")]},
        None,
        "line_items",
    ),
    ("101 lines", {"line_items": [a_line()] * 101}, None, "line_items"),
    (
        "an unknown price",
        {"line_items": line(price="price_none", price_data=None)},
        "resource_missing",
        "line_items[0][price]",
    ),
    (
        "an unknown product",
        {"line_items": priced(product="prod_none", product_data=None)},
        "resource_missing",
        "line_items[0][price_data][product]",
    ),
    ("price and price_data", {"line_items": line(price="price_1")}, None, "line_items[0][price]"),
    (
        "neither price nor price_data",
        {"line_items": line(price_data=None)},
        "parameter_missing",
        "line_items[0][price]",
    ),
    *(
        (f"the address {url}", {"success_url": url}, "url_invalid", "success_url")
        for url in ("shop.example/thanks", "ftp://shop.example", "javascript:alert(1)", "https://")
    ),
    ("no address to cancel", {"cancel_url": "shop.example"}, "url_invalid", "cancel_url"),
    *(
        (
            f"the e-mail address {email}",
            {"customer_email": email},
            "email_invalid",
            "customer_email",
        )
        for email in ("jo", "jo@", "@example.com", "jo@example", "jo doe@example.com")
    ),
    (
        "an empty e-mail address",
        {"customer_email": ""},
        "parameter_invalid_empty",
        "customer_email",
    ),
    ("an unknown customer", {"customer": "cus_none"}, "resource_missing", "customer"),
    ("a long reference", {"client_reference_id": "x" * 201}, None, "client_reference_id"),
    ("51 keys", {"metadata": {f"k{each}": "v" for each in range(51)}}, None, "metadata"),
    ("a long key", {"metadata": {"k" * 41: "v"}}, None, "metadata"),
    ("a long value", {"metadata": {"k": "v" * 501}}, None, "metadata[k]"),
    (
        "a long value on the intent",
        {"payment_intent_data": {"metadata": {"k": "v" * 501}}},
        None,
        "payment_intent_data[metadata][k]",
    ),
    ("nested metadata", {"metadata": {"k": {"a": "b"}}}, None, "metadata[k]"),
    ("an early end", {"expires_at": NOW + 1799}, None, "expires_at"),
    ("a late end", {"expires_at": NOW + 86_401}, None, "expires_at"),
    ("a return_url when hosted", {"return_url": RETURN}, None, "return_url"),
    ("no return_url when embedded", EMBEDDED, "parameter_missing", "return_url"),
    (
        "no return_url with elements",
        {**EMBEDDED, "ui_mode": "elements"},
        "parameter_missing",
        "return_url",
    ),
    (
        "a success_url when embedded",
        {"ui_mode": "embedded_page", "return_url": RETURN},
        None,
        "success_url",
    ),
    (
        "a return_url that is never used",
        {**EMBEDDED, "redirect_on_completion": "never", "return_url": RETURN},
        None,
        "return_url",
    ),
    (
        "four custom fields",
        {
            "custom_fields": [
                {"key": f"k{each}", "label": {"type": "custom", "custom": "A"}, "type": "text"}
                for each in range(4)
            ]
        },
        None,
        "custom_fields",
    ),
    ("two discounts", {"discounts": [{"coupon": "a"}, {"coupon": "b"}]}, None, "discounts"),
    (
        "an unknown coupon",
        {"discounts": [{"coupon": "a"}]},
        "resource_missing",
        "discounts[0][coupon]",
    ),
    (
        "discounts and promotion codes",
        {"discounts": [{"coupon": "a"}], "allow_promotion_codes": True},
        None,
        "allow_promotion_codes",
    ),
    (
        "intent data by subscription",
        {
            "mode": "subscription",
            "line_items": [monthly()],
            "payment_intent_data": {"description": "x"},
        },
        None,
        "payment_intent_data",
    ),
]


@pytest.mark.parametrize(
    ("changes", "code", "param"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED]
)
def test_a_session_is_refused_with(
    caller: Caller, changes: Json, code: str | None, param: str | None
) -> None:
    error = caller.refused("checkout/sessions", session_params(**changes))
    assert (error["status"], error["type"]) == (400, "invalid_request_error")
    assert (error.get("code"), error.get("param")) == (code, param)
    assert caller.account.sessions() == []
    assert caller.account.prices() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"line_items": [a_line(50)]},
        {"line_items": [a_line(99_999_999)]},
        {"line_items": [a_line(0)]},
        {"line_items": [a_line(1)] * 100},
        {"client_reference_id": "x" * 200},
        {"metadata": {f"{each:040}": "v" * 500 for each in range(50)}},
        {"metadata": {"1": "a", "0": "b"}},
        {"expires_at": NOW + 1800},
        {"expires_at": NOW + 86_400},
        {"currency": "USD"},
        {"success_url": "http://localhost:3000/?s={CHECKOUT_SESSION_ID}"},
        {**EMBEDDED, "return_url": RETURN},
        {**EMBEDDED, "redirect_on_completion": "never"},
        {**EMBEDDED, "ui_mode": "custom", "payment_method_types": ["card"]},
        {"mode": "subscription", "line_items": [monthly(), monthly(), a_line()]},
        {"mode": "setup", "line_items": None, "currency": "usd"},
    ],
    ids=lambda each: str(each)[:60],
)
def test_what_is_just_allowed_is_allowed(caller: Caller, changes: Json) -> None:
    assert caller.post("checkout/sessions", session_params(**changes))["status"] == "open"
