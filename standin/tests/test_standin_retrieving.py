"""Retrieving and expanding, through Stripe's own client."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from standin import Server, StripeAccount
from standin.tests.builders import (
    a_paid_session,
    an_open_session,
    client_of,
    raw,
)


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


def test_without_expansion_references_are_ids_and_line_items_absent(
    account: StripeAccount, server: Server
) -> None:
    _, found, _ = raw(server, f"/v1/checkout/sessions/{a_paid_session(account)}")
    assert found["payment_intent"].startswith("pi_")
    assert "line_items" not in found


def test_five_levels_of_expansion_are_refused(account: StripeAccount, server: Server) -> None:
    an_open_session(account)
    params: Any = {"expand": ["data.line_items.data.price.product"]}
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        client_of(server).v1.checkout.sessions.list(params)


def test_four_levels_through_a_list_are_expanded(account: StripeAccount, server: Server) -> None:
    session = account.session(a_paid_session(account))
    path = f"/v1/checkout/sessions?payment_intent={session['payment_intent']}"
    expand = "&expand[]=data.payment_intent.latest_charge.balance_transaction"
    _, found, _ = raw(server, path + expand + "&expand[]=data.line_items")
    only = found["data"][0]
    assert only["id"] == session["id"]
    assert only["payment_intent"]["latest_charge"]["balance_transaction"]["amount"] == 4900
    assert len(only["line_items"]["data"]) == 1


def test_a_property_that_names_nothing_cannot_be_expanded(
    account: StripeAccount, server: Server
) -> None:
    status, found, _ = raw(
        server, f"/v1/checkout/sessions/{an_open_session(account)}?expand[]=status"
    )
    assert status == 400
    assert found["error"]["message"] == "This property cannot be expanded (status)."


def test_expanding_a_null_reference_leaves_it_null(account: StripeAccount, server: Server) -> None:
    path = f"/v1/checkout/sessions/{an_open_session(account)}"
    _, found, _ = raw(server, f"{path}?expand[]=payment_intent.latest_charge&expand[]=customer")
    assert (found["payment_intent"], found["customer"]) == (None, None)
