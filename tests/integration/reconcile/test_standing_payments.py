"""Rows that stand are completed, released or left alone, whichever is due."""

from typing import Any

import pytest

from handlers import operations
from tests.integration.reconcile.past import Past
from tests.integration.reports.truth import fold
from tests.till import completed


def test_a_payment_recorded_from_a_snapshot_is_completed(past: Past, impatient: None) -> None:
    session_id = past.till.sell(metadata={"package_id": "starter"})
    event = completed(past.account.complete(session_id))
    past.till.stripe.faults.answer(503, times=1)
    past.deliver([event])
    assert past.till.payment(session_id)["enriched"] is False
    past.forget([each for each in past.account.events if each["id"] != event["id"]])
    (repair,) = past.reconcile()["repairs"]
    assert (repair["cause"], repair["delta"]) == ("completed", 0)
    assert past.till.payment(session_id)["enriched"] is True


def test_a_payment_that_was_dismissed_is_not_asked_about_for_ever(
    past: Past, impatient: None
) -> None:
    session_id = past.till.sell(user_id=None, metadata={"package_id": "starter"})
    event = completed(past.account.complete(session_id))
    past.till.stripe.faults.answer(503, times=1)
    past.deliver([event])
    dismissal = {"operation": "dismiss_payment", "actor": "olga", "request_id": "req_1"}
    payment_id = past.till.payment(session_id)["payment_id"]
    operations.handler({**dismissal, "payment_id": payment_id}, None)
    assert past.reconcile()["checked"].get("incomplete_payments", 0) == 0


def test_a_charge_settled_later_without_any_event_gets_its_amount(past: Past) -> None:
    session_id = past.till.sell(
        line_items=[(900, 1)], metadata={"package_id": "starter"}, currency="eur"
    )
    past.deliver(past.account.complete(session_id, settled=False))
    assert past.till.payment(session_id)["amount_paid"] is None
    past.account.settle(session_id)
    past.reconcile()
    assert past.till.payment(session_id)["amount_paid"] is not None


@pytest.fixture
def held(past: Past, monkeypatch: pytest.MonkeyPatch) -> str:
    """A payment that is held because its user is not known."""
    monkeypatch.setenv("UNKNOWN_USERS", "hold")
    session_id = past.till.sell()
    past.deliver(past.account.complete(session_id))
    assert past.till.payment(session_id)["held_reason"] == "unknown_user"
    past.at(days_ago=1)
    return session_id


def test_a_payment_held_for_an_unknown_user_is_not_written_again(past: Past, held: str) -> None:
    fold(past.till)
    before = past.written()
    assert past.reconcile(days=10)["repairs"] == []
    assert past.written() == before


def test_a_payment_held_for_an_unknown_user_is_released_once_the_user_is_there(
    past: Past, held: str
) -> None:
    past.till.execute("INSERT INTO users (user_id) VALUES ('user_123')")
    (repair,) = past.reconcile(days=10)["repairs"]
    assert (repair["session_id"], repair["cause"]) == (held, "terms_changed")
    assert past.till.credits() == 1000


def operate(operation: str, **fields: Any) -> None:
    answer = operations.handler(
        {"operation": operation, "actor": "olga", "request_id": operation, **fields}, None
    )
    assert answer["outcome"] == "recorded"


def test_what_an_operator_decided_is_left_as_it_is(past: Past) -> None:
    nobodys = past.till.sell(user_id=None)
    erased = past.till.sell("user_2", customer_email="buyer@example.com")
    for session_id in (nobodys, erased):
        past.deliver(past.account.complete(session_id))
    payment_id = past.till.payment(nobodys)["payment_id"]
    operate("resolve_payment", payment_id=payment_id, user_id="user_9")
    operate("erase_user", user_id="user_2")
    before = past.written()
    assert past.reconcile()["repairs"] == []
    assert past.written() == before
    assert past.differences() == []


def test_a_free_session_and_one_with_many_line_items_are_compared_as_they_were_recorded(
    past: Past,
) -> None:
    free = past.till.sell(discount_minor=1000)
    others = [(100, 1)] * 11
    large = past.till.sell(line_items=[*others, (past.till.price_of("starter"), 2)])
    for session_id in (free, large):
        past.deliver(past.account.complete(session_id))
    assert past.till.credits() == 3000
    assert past.reconcile()["repairs"] == []
    assert past.differences() == []
