"""Creating, refunding and expiring through Stripe's own client."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from standin import Server, StripeAccount
from standin.tests.builders import (
    a_paid_session,
    an_open_session,
    client_of,
    types,
)


def test_a_session_created_over_the_api_can_be_paid(account: StripeAccount, server: Server) -> None:
    price_data = {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Mini"}}
    params: Any = {
        "mode": "payment",
        "line_items": [{"price_data": price_data, "quantity": 3}],
        "client_reference_id": "user_9",
        "metadata": {"package_id": "mini"},
        "success_url": "https://example.com/done",
    }
    created = client_of(server).v1.checkout.sessions.create(params)
    account.complete(created.id)
    session = account.session(created.id)
    assert created.url == f"{server.url}/pay/{created.id}"
    assert (session["amount_total"], session["payment_status"]) == (2700, "paid")
    assert session["metadata"] == {"package_id": "mini"}


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


def test_a_refund_that_the_state_forbids_is_a_bad_request(
    account: StripeAccount, server: Server
) -> None:
    session_id = a_paid_session(account)
    account.refund(session_id)
    intent = account.session(session_id)["payment_intent"]
    with pytest.raises(stripe.InvalidRequestError):
        client_of(server).v1.refunds.create({"payment_intent": intent})


def test_a_session_expires_over_the_api_once(account: StripeAccount, server: Server) -> None:
    session_id = an_open_session(account)
    sessions = client_of(server).v1.checkout.sessions
    assert sessions.expire(session_id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        sessions.expire(session_id)


def test_a_repeated_idempotency_key_makes_one_refund(
    account: StripeAccount, server: Server
) -> None:
    intent = account.session(a_paid_session(account))["payment_intent"]
    refunds = client_of(server).v1.refunds
    params: Any = {"payment_intent": intent, "amount": 100}
    first = refunds.create(params, {"idempotency_key": "once"})
    second = refunds.create(params, {"idempotency_key": "once"})
    assert first.id == second.id
    assert types(account.events).count("refund.created") == 1
