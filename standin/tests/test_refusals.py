"""What else Stripe refuses: prices, refunds, metadata, versions."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from standin import Server, StripeAccount
from standin.tests.builders import (
    Clock,
    a_paid_session,
    an_account,
    an_open_session,
    charge_of,
    client_of,
)
from standin.tests.calling import Caller, Json, session_params


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


def test_a_charge_is_not_refunded_twice(caller: Caller) -> None:
    session_id = a_paid_session(caller.account)
    caller.account.refund(session_id)
    intent = caller.account.session(session_id)["payment_intent"]
    error = caller.refused("refunds", {"payment_intent": intent})
    assert (error["status"], error["code"]) == (400, "charge_already_refunded")


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
    assert answer.status_code == 200


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
