"""Stripe's deliveries to a deployed webhook."""

from __future__ import annotations

from tests.deployed.stacks import Stack
from tests.till import Till, completed


def test_a_signed_purchase_is_credited(stack: Stack, till: Till) -> None:
    delivery = till.account.delivery(completed(till.account.complete(till.sell("anna"))))
    status, answer = stack.post(delivery.body, delivery.headers)
    assert (status, answer["outcome"]) == (200, "recorded")
    assert till.ledger("anna") == [("purchase", 1000, 1000)]
