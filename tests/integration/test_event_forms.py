"""Every form an event comes in makes the same row: snapshot, thin, EventBridge, old versions."""

from collections.abc import Callable
from typing import Any

import pytest

from handlers import webhook
from standin import StripeAccount
from tests.integration.forms import (
    FORMS,
    OLD_VERSION,
    Deliver,
    Json,
    post,
    post_old,
    post_thin,
    send_by_bus,
    send_thin_by_bus,
)
from tests.till import Till, completed

pytestmark = pytest.mark.usefixtures("sound_books")


def refund(account: StripeAccount, session_id: str) -> None:
    account.complete(session_id)
    account.refund(session_id, 400)


def fail_refund(account: StripeAccount, session_id: str) -> None:
    account.complete(session_id)
    account.fail_refund(account.refund(session_id, 400)["id"])


def dispute(account: StripeAccount, session_id: str) -> None:
    account.complete(session_id)
    account.dispute(session_id)


def win(account: StripeAccount, session_id: str) -> None:
    account.complete(session_id)
    account.win_dispute(account.dispute(session_id)["id"])


def wait_and_fail(account: StripeAccount, session_id: str) -> None:
    account.complete_unpaid(session_id)
    account.async_fail(session_id)


def decline_and_cancel(account: StripeAccount, session_id: str) -> None:
    account.decline(session_id)
    account.cancel_payment_intent(session_id)


# A purchase's way, and the event that tells of it.
WAYS: dict[str, Callable[[StripeAccount, str], object]] = {
    "checkout.session.completed": StripeAccount.complete,
    "checkout.session.async_payment_failed": wait_and_fail,
    "checkout.session.expired": StripeAccount.expire,
    "payment_intent.succeeded": StripeAccount.complete,
    "payment_intent.payment_failed": StripeAccount.decline,
    "payment_intent.canceled": decline_and_cancel,
    "charge.refunded": refund,
    "refund.created": refund,
    "refund.failed": fail_refund,
    "charge.dispute.created": dispute,
    "charge.dispute.funds_reinstated": win,
}
# What tells one row from another of the same purchase.
OWN = {
    "payment_id",
    "stripe_session_id",
    "stripe_payment_intent_id",
    "created_at",
    "updated_at",
    "paid_at",
}


def row_made_by(till: Till, form: Deliver, event_type: str) -> Json:
    """A purchase goes its way and one event is delivered; the row, without what is its own."""
    session_id = till.sell(metadata={"package_id": "starter"})
    WAYS[event_type](till.account, session_id)
    assert form(till, till.latest(event_type)) == "recorded"
    return {name: value for name, value in till.payment(session_id).items() if name not in OWN}


@pytest.mark.parametrize("event_type", WAYS)
def test_every_form_makes_the_row_that_a_snapshot_makes(till: Till, event_type: str) -> None:
    made = {form.__name__: row_made_by(till, form, event_type) for form in FORMS}
    assert made == dict.fromkeys(made, made["post"])


@pytest.mark.parametrize(
    ("event_type", "step"),
    [
        ("charge.refunded", StripeAccount.refund),
        ("refund.created", StripeAccount.refund),
        ("charge.dispute.created", StripeAccount.dispute),
    ],
)
def test_every_form_finds_the_row_that_stands(
    till: Till, event_type: str, step: Callable[[StripeAccount, str], Json]
) -> None:
    """A thin event names a charge, refund or dispute, which no row knows."""
    done = {}
    for form in FORMS:
        step(till.account, till.sell_paid(form.__name__))
        outcome = form(till, till.latest(event_type))
        done[form.__name__] = (outcome, till.credits(form.__name__))
    assert done == dict.fromkeys(done, ("recorded", 0))


@pytest.mark.parametrize("first", FORMS)
def test_the_same_event_in_two_forms_is_done_once(till: Till, first: Deliver) -> None:
    done = {}
    for second in FORMS:
        event = completed(till.account.complete(till.sell(second.__name__)))
        outcomes = (first(till, event), second(till, event))
        done[second.__name__] = (*outcomes, till.credits(second.__name__))
    assert done == dict.fromkeys(done, ("recorded", "duplicate", 1000))


@pytest.mark.parametrize(
    ("form", "source", "api_version"),
    [
        (post, "webhook", "2026-10-28.endive"),
        (post_old, "webhook", OLD_VERSION),
        (post_thin, "webhook", None),
        (send_by_bus, "eventbridge", "2026-10-28.endive"),
        (send_thin_by_bus, "eventbridge", None),
    ],
)
def test_the_event_log_says_how_an_event_came(
    till: Till, form: Deliver, source: str, api_version: str | None
) -> None:
    event = completed(till.account.complete(till.sell()))
    form(till, event)
    (logged,) = till.rows("SELECT *, extract(epoch FROM event_created) AS at FROM stripe_events")
    assert (logged["source"], logged["api_version"]) == (source, api_version)
    assert (logged["event_id"], int(logged["at"])) == (event["id"], event["created"])


def changed(event: Json, **fields: Any) -> Json:
    """The event with other fields in its object."""
    return {**event, "data": {"object": {**event["data"]["object"], **fields}}}


def test_an_old_session_may_show_its_payment_intent_expanded_and_fields_nobody_knows(
    till: Till,
) -> None:
    session_id = till.sell()
    event = completed(till.account.complete(session_id))
    intent = till.account.session(session_id, expand=["payment_intent"])["payment_intent"]
    shown = changed(event, payment_intent=intent, a_field_of_the_future={"a": [1]})
    assert post_old(till, shown | {"api_version": "2026-10-28.endive"}) == "recorded"
    assert till.payment(session_id)["stripe_payment_intent_id"] == intent["id"]


@pytest.mark.parametrize("event_type", ["refund.created", "charge.dispute.created"])
@pytest.mark.parametrize("expanded", [False, True])
def test_a_refund_or_dispute_that_names_only_its_charge_finds_the_purchase(
    till: Till, event_type: str, expanded: bool
) -> None:
    session_id = till.sell()
    WAYS[event_type](till.account, session_id)
    event = till.latest(event_type)
    charge_id = event["data"]["object"]["charge"]
    charge = till.account.retrieve("charge", charge_id) if expanded else charge_id
    assert post(till, changed(event, payment_intent=None, charge=charge)) == "recorded"
    assert till.payment(session_id)["stripe_session_id"] == session_id


@pytest.mark.parametrize("form", ["eventbridge", "eventbridge-thin"])
def test_the_bus_is_told_to_deliver_again_by_an_error(till: Till, form: Any) -> None:
    event = completed(till.account.complete(till.sell()))
    till.stripe.faults.answer(401)
    with pytest.raises(webhook.NotProcessed, match="STRIPE_API_KEY"):
        till.deliver_by_bus(event, form)
    assert till.count("stripe_events") == 0
    assert till.deliver_by_bus(event, form)["outcome"] == "recorded"


@pytest.mark.parametrize(
    "event_type", ["charge.succeeded", "charge.refund.updated", "payment_intent.processing"]
)
def test_an_event_that_the_till_does_not_listen_to_is_ignored_in_every_form(
    till: Till, event_type: str
) -> None:
    event = completed(till.account.complete(till.sell()))
    outcomes = {form.__name__: form(till, {**event, "type": event_type}) for form in FORMS}
    assert outcomes == dict.fromkeys(outcomes, "ignored")
    assert till.count("stripe_events") == till.count("payment_transactions") == 0
