"""What Stripe has and the stand-in lacks: nobody takes its answer for Stripe's."""

from __future__ import annotations

import pytest
import stripe

from standin import Server
from standin.tests.builders import (
    an_account,
)
from standin.tests.calling import Caller


@pytest.fixture
def caller() -> Caller:
    return Caller(an_account())


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
    assert (answer.status_code, answer.headers["Stripe-Should-Retry"]) == (501, "false")
    assert b"The stand-in does not know" in answer.data
    assert path.encode() in answer.data


def test_a_call_that_stripe_lacks_too_is_stripes_404(caller: Caller) -> None:
    error = caller.refused("no_such_thing")
    assert (error["status"], error["type"]) == (404, "invalid_request_error")
    assert "stand-in" not in error["message"]


def test_stripes_client_raises_what_the_stand_in_lacks_at_once(server: Server) -> None:
    client = stripe.StripeClient(
        "sk_test_standin", base_addresses={"api": server.url}, max_network_retries=2
    )
    with pytest.raises(stripe.APIError, match="The stand-in does not know"):
        client.v1.subscriptions.list()
    assert server.requests == [("GET", "/v1/subscriptions")]
