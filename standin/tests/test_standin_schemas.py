"""Every object of the stand-in, in every state, has the shape that Stripe publishes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from standin import StripeAccount
from standin.tests.builders import a_paid_session, an_account, an_open_session
from standin.tests.openapi_schemas import errors_of

EXPANSIONS = [
    "line_items.data.price.product",
    "payment_intent.latest_charge.balance_transaction",
    "payment_intent.latest_charge.refunds",
    "payment_intent.payment_method",
]

Story = Callable[[StripeAccount], str]


def _open(account: StripeAccount) -> str:
    return an_open_session(account, customer_email="jo@example.com")


def _many_items(account: StripeAccount) -> str:
    price = account.create_price(100)["id"]
    return a_paid_session(account, line_items=[(price, 1)] * 12)


def _unpaid(account: StripeAccount) -> str:
    session_id = an_open_session(account)
    account.complete_unpaid(session_id)
    return session_id


def _sepa(account: StripeAccount) -> str:
    session_id = an_open_session(account, currency="eur")
    account.complete_unpaid(session_id, "sepa_debit")
    return session_id


def _paid_later(account: StripeAccount) -> str:
    session_id = _unpaid(account)
    account.async_succeed(session_id)
    return session_id


def _failed_later(account: StripeAccount) -> str:
    session_id = _unpaid(account)
    account.async_fail(session_id)
    return session_id


def _declined(account: StripeAccount) -> str:
    session_id = an_open_session(account)
    account.decline(session_id)
    return session_id


def _paid_on_retry(account: StripeAccount) -> str:
    session_id = _declined(account)
    account.complete(session_id)
    return session_id


def _expired(account: StripeAccount) -> str:
    session_id = _declined(account)
    account.expire(session_id)
    return session_id


def _canceled(account: StripeAccount) -> str:
    session_id = _unpaid(account)
    account.cancel_payment_intent(session_id)
    return session_id


def _unsettled(account: StripeAccount) -> str:
    session_id = an_open_session(account)
    account.complete(session_id, settled=False)
    return session_id


def _refunded(account: StripeAccount) -> str:
    session_id = a_paid_session(account)
    account.refund(session_id, 1000, reason="requested_by_customer")
    account.fail_refund(account.refund(session_id)["id"])
    return session_id


def _bank_refund(account: StripeAccount) -> str:
    session_id = _paid_later(account)
    account.refund(session_id)
    return session_id


def _won(account: StripeAccount) -> str:
    session_id = a_paid_session(account)
    dispute = account.dispute(session_id)["id"]
    account.submit_evidence(dispute)
    account.win_dispute(dispute)
    return session_id


def _lost(account: StripeAccount) -> str:
    session_id = _paid_later(account)
    account.lose_dispute(account.dispute(session_id, 500)["id"])
    return session_id


def _inquiry(account: StripeAccount) -> str:
    session_id = a_paid_session(account)
    account.close_inquiry(account.dispute(session_id, inquiry=True)["id"])
    return session_id


def _escalated(account: StripeAccount) -> str:
    session_id = a_paid_session(account)
    account.escalate_inquiry(account.dispute(session_id, inquiry=True)["id"])
    return session_id


def _reserved(account: StripeAccount) -> str:
    return a_paid_session(account, capture_method="manual")


def _captured(account: StripeAccount) -> str:
    session_id = _reserved(account)
    account.capture(session_id)
    return session_id


def _captured_in_part(account: StripeAccount) -> str:
    session_id = _reserved(account)
    account.capture(session_id, 4000)
    account.refund(session_id)
    return session_id


def _lapsed(account: StripeAccount) -> str:
    session_id = _reserved(account)
    account.lapse(session_id)
    return session_id


def _released(account: StripeAccount) -> str:
    session_id = _reserved(account)
    account.cancel_payment_intent(session_id)
    return session_id


def _disputed_in_dollars(account: StripeAccount) -> str:
    session_id = a_paid_session(account, currency="eur")
    account.win_dispute(account.dispute(session_id, 5000, currency="usd")["id"])
    return session_id


def _free(account: StripeAccount) -> str:
    return a_paid_session(account, discount_minor=4900)


def _euros(account: StripeAccount) -> str:
    return a_paid_session(account, currency="eur", tax_minor=931, discount_minor=400)


def _adaptive(account: StripeAccount) -> str:
    return a_paid_session(account, presentment=(4522, "eur"))


def _subscription(account: StripeAccount) -> str:
    return a_paid_session(account, mode="subscription")


def _setup(account: StripeAccount) -> str:
    return a_paid_session(account, mode="setup", line_items=[], currency="usd")


STORIES = [
    _open,
    _many_items,
    _unpaid,
    _sepa,
    _paid_later,
    _failed_later,
    _declined,
    _paid_on_retry,
    _expired,
    _canceled,
    _unsettled,
    _refunded,
    _bank_refund,
    _won,
    _lost,
    _inquiry,
    _escalated,
    _reserved,
    _captured,
    _captured_in_part,
    _lapsed,
    _released,
    _disputed_in_dollars,
    _free,
    _euros,
    _adaptive,
    _subscription,
    _setup,
]
story = pytest.mark.parametrize("story", STORIES, ids=lambda each: each.__name__.strip("_"))


def _all_errors(objects: list[dict[str, Any]]) -> list[str]:
    return [f"{each['object']} {error}" for each in objects for error in errors_of(each)]


@story
def test_stored_objects_match_stripes_schemas(story: Story) -> None:
    account = an_account()
    story(account)
    stored = [found for name in account.store.tables for found in account.store.all(name)]
    assert _all_errors(stored) == []


@story
def test_an_expanded_session_matches_stripes_schema(story: Story) -> None:
    account = an_account()
    session = account.session(story(account), expand=EXPANSIONS)
    assert _all_errors([session]) == []


@story
def test_every_events_snapshot_matches_stripes_schema(story: Story) -> None:
    account = an_account()
    story(account)
    assert _all_errors([event["data"]["object"] for event in account.events]) == []


def test_a_webhook_endpoint_matches_stripes_schema() -> None:
    endpoint = an_account().add_webhook_endpoint("https://example.com/stripe/webhook")
    assert _all_errors([endpoint]) == []


def test_an_expanded_refund_and_dispute_match_stripes_schemas() -> None:
    account = an_account()
    refund = account.refund(a_paid_session(account))["id"]
    dispute = account.dispute(a_paid_session(account))["id"]
    objects = [
        account.retrieve("refund", refund, ["charge", "balance_transaction.source"]),
        account.retrieve("dispute", dispute, ["charge.payment_intent"]),
    ]
    assert _all_errors(objects) == []


def test_the_schemas_do_refuse_a_wrong_object() -> None:
    account = an_account()
    session = {**account.session(an_open_session(account)), "status": "done", "colour": "red"}
    assert len(errors_of(session)) == 2
