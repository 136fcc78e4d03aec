"""Every object of the stand-in, in every state, has the shape that Stripe publishes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from standin import StripeAccount
from standin.tests.builders import a_paid_session, an_open_session
from standin.tests.openapi_schemas import errors_of
from standin.tests.stories import STORIES, Story

EXPANSIONS = [
    "line_items.data.price.product",
    "payment_intent.latest_charge.balance_transaction",
    "payment_intent.latest_charge.refunds",
    "payment_intent.payment_method",
]


def all_errors(objects: list[dict[str, Any]]) -> list[str]:
    """How the objects depart from their shapes; each is looked at once."""
    different = {json.dumps(each): each for each in objects}.values()
    return [f"{each['object']} {error}" for each in different for error in errors_of(each)]


@pytest.mark.parametrize("story", STORIES, ids=lambda each: each.__name__)
def test_what_is_stored_expanded_and_sent_has_stripes_shape(
    account: StripeAccount, story: Story
) -> None:
    expanded = account.session(story(account), expand=EXPANSIONS)
    stored = [found for name in account.store.tables for found in account.store.all(name)]
    sent = [event["data"]["object"] for event in account.events]
    assert all_errors([expanded, *stored, *sent]) == []


def test_a_webhook_endpoint_has_stripes_shape(account: StripeAccount) -> None:
    endpoint = account.add_webhook_endpoint("https://example.com/stripe/webhook")
    assert all_errors([endpoint]) == []


def test_an_expanded_refund_and_dispute_have_stripes_shape(account: StripeAccount) -> None:
    refund = account.refund(a_paid_session(account))["id"]
    dispute = account.dispute(a_paid_session(account))["id"]
    objects = [
        account.retrieve("refund", refund, ["charge", "balance_transaction.source"]),
        account.retrieve("dispute", dispute, ["charge.payment_intent"]),
    ]
    assert all_errors(objects) == []


def test_the_schemas_do_refuse_a_wrong_object(account: StripeAccount) -> None:
    session = {**account.session(an_open_session(account)), "status": "done", "colour": "red"}
    assert len(errors_of(session)) == 2
