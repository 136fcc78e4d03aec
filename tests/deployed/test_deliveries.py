"""Stripe's deliveries to a deployed webhook."""

from __future__ import annotations

import json

from tests.deployed.stacks import Stack
from tests.till import WEBHOOK_SECRET


def test_a_signed_purchase_is_credited(stack: Stack) -> None:
    assert stack.deliver(stack.purchase("anna")) == (200, "recorded")
    assert stack.till.ledger("anna") == [("purchase", 1000, 1000)]


def test_the_same_delivery_again_is_a_duplicate(stack: Stack) -> None:
    event = stack.purchase("twice")
    stack.deliver(event)
    assert stack.deliver(event) == (200, "duplicate")
    assert stack.till.credits("twice") == 1000


def test_a_wrong_signature_is_refused(stack: Stack) -> None:
    status, _ = stack.deliver(stack.purchase("mallory"), secret="whsec_of_somebody_else")
    assert status == 400
    assert stack.till.credits("mallory") == 0


# On another stack, for a function looks at most once a minute.
def test_a_rolled_secret_is_picked_up_without_a_deployment(
    iam_stack: Stack, stripe_secret: str
) -> None:
    iam_stack.deliver(iam_stack.purchase("before"))
    stripe = iam_stack.till.account
    rolled = {"api_key": stripe.api_key, "webhook_secrets": ["whsec_rolled", WEBHOOK_SECRET]}
    iam_stack.account.client("secretsmanager").put_secret_value(
        SecretId=stripe_secret, SecretString=json.dumps(rolled)
    )
    assert iam_stack.deliver(iam_stack.purchase("after"), "whsec_rolled") == (200, "recorded")
