"""Deliveries at once, and answers of Stripe that are older than what was written meanwhile."""

import json
from collections import Counter

import pytest

from tests.integration.at_once import from_processes
from tests.till import Till, completed, http_event, posted


def deliver_at_once(events: list[dict[str, object]], times: int) -> Counter[str]:
    """Delivers each event from a process of its own; the outcomes counted."""
    answers = from_processes("webhook", events, times)
    return Counter(
        str(json.loads(answer["body"]).get("outcome", answer["statusCode"])) for answer in answers
    )


def http(till: Till, event: dict[str, object]) -> dict[str, object]:
    delivery = till.account.delivery(event)
    return http_event(delivery.body.decode(), dict(delivery.headers))


def test_the_same_event_twenty_times_from_eight_processes_credits_once(till: Till) -> None:
    event = http(till, completed(till.account.complete(till.sell())))
    outcomes = deliver_at_once([event] * 8, times=20)
    assert outcomes == {"recorded": 1, "duplicate": 159}
    assert till.ledger() == [("purchase", 1000, 1000)]
    assert till.count("stripe_events") == 1


def test_different_events_of_one_purchase_at_once_credit_once(till: Till) -> None:
    session_id = till.sell()
    till.account.decline(session_id)
    till.account.complete(session_id)
    events = [
        http(till, event)
        for event in till.account.events
        if event["type"] in ("checkout.session.completed", "payment_intent.payment_failed")
    ]
    outcomes = deliver_at_once(events * 3, times=1)
    assert set(outcomes) <= {"recorded", "unchanged", "duplicate"}
    assert outcomes["recorded"] == 1
    assert till.ledger() == [("purchase", 1000, 1000)]


def test_payments_of_one_user_at_once_leave_a_ledger_without_gap(till: Till) -> None:
    price = till.price_of("starter")
    events = [
        http(till, completed(till.account.complete(till.sell(line_items=[(price, 1)]))))
        for _ in range(8)
    ]
    assert deliver_at_once(events, times=1) == {"recorded": 8}
    assert till.ledger() == [("purchase", 1000, 1000 * n) for n in range(1, 9)]


def test_an_older_view_of_stripe_never_replaces_a_newer_one(till: Till) -> None:
    """The first delivery has Stripe's answer "failed" in hand when the retry that succeeds is
    delivered and recorded. It must ask again instead of writing what it holds."""
    session_id = till.sell()
    (declined,) = [
        event
        for event in till.account.decline(session_id)
        if event["type"] == "payment_intent.payment_failed"
    ]
    overtakers = []

    def overtake(_method: str, _path: str) -> None:
        till.stripe.faults.before_answer = None
        paid = completed(till.account.complete(session_id))
        overtakers.append(deliver_at_once([http(till, paid)], times=1))

    till.stripe.faults.before_answer = overtake
    slow = till.deliver(declined)
    assert overtakers == [Counter({"recorded": 1})]
    assert slow.outcome == "unchanged"
    assert till.payment(session_id)["payment_status"] == "paid"
    assert till.credits() == 1000


def test_a_purchase_that_is_always_overtaken_is_left_to_the_next_delivery(till: Till) -> None:
    event = completed(till.account.complete(till.sell()))
    till.deliver(event)

    def overtake(_method: str, _path: str) -> None:
        till.execute("UPDATE payment_transactions SET revision = revision + 1")

    till.stripe.faults.before_answer = overtake
    assert till.deliver({**event, "id": "evt_another"}).status_code == 503
    assert till.count("stripe_events") == 1


@pytest.mark.parametrize("payload_format", ["2.0", "1.0"])
def test_a_broken_connection_is_replaced_within_the_delivery(
    till: Till, payload_format: str
) -> None:
    first, second = (completed(till.account.complete(till.sell())) for _ in range(2))
    till.deliver(first)
    till.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'tokentill' AND datname = current_database()"
    )
    delivery = till.account.delivery(second)
    event = http_event(
        delivery.body.decode(), dict(delivery.headers), payload_format=payload_format
    )
    assert posted(event).outcome == "recorded"
    assert till.credits() == 2000
