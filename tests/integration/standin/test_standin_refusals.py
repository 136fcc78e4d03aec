"""What Stripe refuses, the stand-in refuses too, with Stripe's codes and the parameter's name."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from local.stripe_standin import Server, StripeAccount
from tests.integration.standin.builders import (
    NOW,
    Clock,
    a_paid_session,
    an_account,
    an_open_session,
    charge_of,
    client_of,
)
from tests.integration.standin.calling import SUCCESS, Caller, Json, a_line, session_params

RETURN = "https://shop.example/back"
PRICE_DATA = a_line()["price_data"]
EMBEDDED: Json = {"ui_mode": "embedded_page", "success_url": None}


@pytest.fixture
def caller() -> Caller:
    return Caller(an_account())


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
        (f"the address {url}", {name: url}, "url_invalid", name)
        for name in ("success_url", "cancel_url")
        for url in ("shop.example/thanks", "ftp://shop.example", "javascript:alert(1)", "https://")
    ),
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


def test_an_inactive_price_is_refused(caller: Caller) -> None:
    price = caller.account.create_price(4900)["id"]
    caller.post(f"prices/{price}", {"active": False})
    params = session_params(line_items=[{"price": price, "quantity": 1}])
    error = caller.refused("checkout/sessions", params)
    assert (error["param"], "inactive" in error["message"]) == ("line_items[0][price]", True)


def test_a_customer_and_an_email_address_exclude_each_other(caller: Caller) -> None:
    customer = caller.post("customers")["id"]
    params = session_params(customer=customer, customer_email="jo@example.com")
    error = caller.refused("checkout/sessions", params)
    assert "customer, customer_email" in error["message"]


@pytest.mark.parametrize("path", ["prices", "products", "customers", "coupons"])
def test_metadata_is_limited_wherever_it_is(caller: Caller, path: str) -> None:
    error = caller.refused(path, {"metadata": {"k": "v" * 501}})
    assert error["param"] == "metadata[k]"


def test_metadata_may_not_grow_beyond_its_limit_step_by_step(caller: Caller) -> None:
    fifty = {f"k{each}": "v" for each in range(50)}
    customer = caller.post("customers", {"metadata": fifty})["id"]
    assert (
        caller.refused(f"customers/{customer}", {"metadata": {"more": "v"}})["param"] == "metadata"
    )
    caller.post(f"customers/{customer}", {"metadata": {"more": "v", "k0": ""}})


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"unit_amount": 100}, "parameter_missing", "currency"),
        ({"currency": "usd"}, "parameter_missing", "unit_amount"),
        ({"currency": "usd", "unit_amount": 1}, "parameter_missing", "product"),
        ({"currency": "zzz", "unit_amount": 1}, None, "currency"),
        (
            {"currency": "usd", "unit_amount": 1, "unit_amount_decimal": "1"},
            None,
            "unit_amount",
        ),
        (
            {"currency": "usd", "unit_amount": 1, "product": "prod_none"},
            "resource_missing",
            "product",
        ),
    ],
    ids=str,
)
def test_a_price_is_refused(caller: Caller, params: Json, code: str | None, param: str) -> None:
    error = caller.refused("prices", params)
    assert (error["status"], error.get("code"), error["param"]) == (400, code, param)


@pytest.mark.parametrize(
    ("amount", "code"),
    [(0, "parameter_invalid_integer"), (-5, "parameter_invalid_integer"), (4901, None)],
)
def test_a_refund_is_at_least_one_cent_and_at_most_what_is_left(
    caller: Caller, amount: int, code: str | None
) -> None:
    charge = charge_of(caller.account, a_paid_session(caller.account))["id"]
    error = caller.refused("refunds", {"charge": charge, "amount": amount})
    assert (error["status"], error.get("code"), error["param"]) == (400, code, "amount")


def test_a_charge_that_was_not_captured_is_not_refunded(caller: Caller) -> None:
    charge = charge_of(caller.account, a_paid_session(caller.account, capture_method="manual"))
    error = caller.refused("refunds", {"charge": charge["id"]})
    assert (error["status"], "not captured" in error["message"]) == (400, True)


def test_a_disputed_charge_is_not_refunded(caller: Caller) -> None:
    session_id = a_paid_session(caller.account)
    caller.account.dispute(session_id)
    charge = charge_of(caller.account, session_id)["id"]
    assert caller.refused("refunds", {"charge": charge})["code"] == "charge_disputed"


def test_an_intent_without_a_charge_is_not_refunded(caller: Caller) -> None:
    session_id = an_open_session(caller.account)
    caller.account.decline(session_id)
    intent = caller.account.session(session_id)["payment_intent"]
    assert caller.refused("refunds", {"payment_intent": intent})["status"] == 400


@pytest.mark.parametrize(
    "version",
    [
        "",
        "latest",
        "2099-01-01.xyz",
        "2026-11-25.foo",
        "2020-13-01",
        "2026-10-28",
        "2019-05-16.basil",
    ],
)
def test_a_version_that_there_is_not_is_refused(caller: Caller, version: str) -> None:
    error = caller.refused("account", method="GET", **{"stripe-version": version})
    assert (error["status"], error["message"][:26]) == (400, "Invalid Stripe API version")


@pytest.mark.parametrize(
    "version",
    ["2026-10-28.endive", "2026-03-25.dahlia", "2020-08-27", "2026-10-28.endive; some_beta=v1"],
)
def test_every_version_up_to_the_accounts_is_answered(caller: Caller, version: str) -> None:
    answer = caller.answer("GET", "/v1/account", **{"stripe-version": version})
    assert answer.status == 200


def test_stripes_client_raises_what_it_raises_with_stripe(
    account: StripeAccount, server: Server
) -> None:
    params: Any = session_params(success_url=None)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client_of(server).v1.checkout.sessions.create(params)
    assert (refused.value.code, refused.value.param) == ("parameter_missing", "success_url")
    assert account.sessions() == []


def test_an_account_in_python_still_takes_what_it_took() -> None:
    account = an_account(Clock())
    session = account.create_checkout_session([(1, 1), (1, 0)], metadata={"k" * 99: "v" * 999})
    assert (session["amount_total"], session["success_url"]) == (1, "https://example.com/success")
    assert session["success_url"] != SUCCESS
