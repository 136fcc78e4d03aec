"""Disputes opened, won, lost, in part, as inquiries, and beside refunds."""

from typing import Any

import pytest

from tests.till import Till, completed, shuffled

pytestmark = pytest.mark.usefixtures("sound_books")

PURCHASE = ("purchase", 1000, 1000)
CREATED, CLOSED = "charge.dispute.created", "charge.dispute.closed"
WITHDRAWN = "charge.dispute.funds_withdrawn"
REINSTATED = "charge.dispute.funds_reinstated"


def disputed(till: Till, session_id: str, amount_minor: int | None = None) -> str:
    """Opens a dispute and delivers its event; the dispute's id."""
    dispute = till.account.dispute(session_id, amount_minor)
    till.deliver(till.latest(CREATED))
    return str(dispute["id"])


def closed(till: Till, events: list[dict[str, Any]]) -> None:
    till.deliver_all([event for event in events if event["type"] == CLOSED])


def state(till: Till, session_id: str) -> tuple[str, int, str]:
    """The row's status, credits and disputed amount."""
    payment = till.payment(session_id)
    return (
        payment["payment_status"],
        payment["credits_granted"],
        str(payment["amount_disputed"]),
    )


@pytest.mark.parametrize("event_type", [CREATED, WITHDRAWN])
def test_an_open_dispute_withholds_the_credits(till: Till, event_type: str) -> None:
    session_id = till.sell_paid()
    till.account.dispute(session_id)
    assert till.deliver(till.latest(event_type)).outcome == "recorded"
    assert state(till, session_id) == ("disputed", 0, "10.000")
    assert till.ledger() == [PURCHASE, ("dispute", -1000, 0)]


def test_the_other_events_of_an_open_dispute_change_nothing(till: Till) -> None:
    session_id = till.sell_paid()
    dispute_id = disputed(till, session_id)
    till.account.submit_evidence(dispute_id)
    for event_type in (WITHDRAWN, "charge.dispute.updated"):
        assert till.deliver(till.latest(event_type)).outcome == "unchanged"
    assert state(till, session_id) == ("disputed", 0, "10.000")


@pytest.mark.parametrize("order", [(CLOSED, REINSTATED), (REINSTATED, CLOSED)])
def test_a_dispute_won_restores_the_credits_once(till: Till, order: tuple[str, ...]) -> None:
    session_id = till.sell_paid()
    till.account.win_dispute(disputed(till, session_id))
    outcomes = [till.deliver(till.latest(event_type)).outcome for event_type in order]
    assert outcomes == ["recorded", "unchanged"]
    assert state(till, session_id) == ("paid", 1000, "0.000")
    assert till.ledger() == [PURCHASE, ("dispute", -1000, 0), ("reinstatement", 1000, 1000)]


def test_a_dispute_lost_keeps_the_credits_away(till: Till) -> None:
    session_id = till.sell_paid()
    closed(till, till.account.lose_dispute(disputed(till, session_id)))
    assert state(till, session_id) == ("lost", 0, "10.000")
    assert till.ledger() == [PURCHASE, ("dispute", -1000, 0)]


def test_a_dispute_in_part_withholds_its_part(till: Till) -> None:
    session_id = till.sell_paid()
    disputed(till, session_id, 400)
    assert state(till, session_id) == ("disputed", 600, "4.000")


def test_a_dispute_in_part_that_is_lost_keeps_its_part_away(till: Till) -> None:
    session_id = till.sell_paid()
    closed(till, till.account.lose_dispute(disputed(till, session_id, 400)))
    assert state(till, session_id) == ("lost", 600, "4.000")


def test_an_inquiry_changes_nothing_from_its_first_day_to_its_last(till: Till) -> None:
    session_id = till.sell_paid()
    inquiry = till.account.dispute(session_id, inquiry=True)
    steps = [till.latest(CREATED)]
    steps += till.account.submit_evidence(inquiry["id"])
    for event in steps:
        assert till.deliver(event).outcome == "unchanged"
    (end,) = till.account.close_inquiry(inquiry["id"])
    assert till.deliver(end).outcome == "unchanged"
    assert state(till, session_id) == ("paid", 1000, "0.000")


def test_an_inquiry_that_becomes_a_dispute_withholds_the_credits(till: Till) -> None:
    session_id = till.sell_paid()
    inquiry = till.account.dispute(session_id, inquiry=True)
    till.deliver(till.latest(CREATED))
    till.account.escalate_inquiry(inquiry["id"])
    assert till.deliver(till.latest("charge.dispute.updated")).outcome == "recorded"
    assert state(till, session_id) == ("disputed", 0, "10.000")


def test_a_refund_during_an_inquiry_is_a_refund(till: Till) -> None:
    session_id = till.sell_paid()
    till.account.dispute(session_id, inquiry=True)
    till.account.refund(session_id)
    till.deliver(till.latest("charge.refunded"))
    assert state(till, session_id) == ("refunded", 0, "0.000")


@pytest.mark.parametrize(
    ("amount_minor", "status", "left"), [(None, "refunded", 0), (250, "paid", 750)]
)
def test_a_refund_after_a_dispute_won_takes_its_share(
    till: Till, amount_minor: int | None, status: str, left: int
) -> None:
    session_id = till.sell_paid()
    closed(till, till.account.win_dispute(disputed(till, session_id)))
    till.account.refund(session_id, amount_minor)
    till.deliver(till.latest("refund.created"))
    assert state(till, session_id) == (status, left, "0.000")
    assert till.ledger()[-1] == ("refund", left - 1000, left)


def test_a_refund_and_a_dispute_of_more_than_the_rest_take_all_and_no_more(till: Till) -> None:
    session_id = till.sell_paid()
    till.account.refund(session_id, 600)
    till.deliver(till.latest("refund.created"))
    disputed(till, session_id, 1000)
    assert state(till, session_id) == ("disputed", 0, "10.000")
    assert till.ledger() == [PURCHASE, ("refund", -600, 400), ("dispute", -400, 0)]


def test_a_dispute_of_more_than_the_rest_that_is_won_gives_the_rest_back(till: Till) -> None:
    session_id = till.sell_paid()
    till.account.refund(session_id, 600)
    closed(till, till.account.win_dispute(disputed(till, session_id, 1000)))
    assert state(till, session_id) == ("paid", 400, "0.000")


def test_a_refund_that_fails_while_the_charge_is_disputed_gives_nothing_back_yet(
    till: Till,
) -> None:
    session_id = till.sell_paid()
    refund = till.account.refund(session_id, 600)
    dispute_id = disputed(till, session_id, 1000)
    till.account.fail_refund(refund["id"])
    assert till.deliver(till.latest("refund.failed")).outcome == "recorded"
    assert state(till, session_id) == ("disputed", 0, "10.000")
    closed(till, till.account.win_dispute(dispute_id))
    assert till.credits() == 1000


def test_a_second_dispute_after_one_that_was_won_counts(till: Till) -> None:
    session_id = till.sell_paid()
    closed(till, till.account.win_dispute(disputed(till, session_id)))
    closed(till, till.account.lose_dispute(disputed(till, session_id, 300)))
    assert state(till, session_id) == ("lost", 700, "3.000")


def test_a_dispute_whose_events_arrive_before_the_completion_leaves_no_credits(
    till: Till,
) -> None:
    session_id = till.sell()
    paid = completed(till.account.complete(session_id))
    disputed(till, session_id)
    assert till.deliver(paid).outcome == "unchanged"
    assert state(till, session_id) == ("disputed", 0, "10.000")
    assert till.ledger() == []


@pytest.mark.parametrize("seed", range(6))
def test_shuffled_and_repeated_events_come_to_the_same_row(till: Till, seed: int) -> None:
    session_id = till.sell()
    till.account.complete(session_id)
    till.account.refund(session_id, 100)
    won = till.account.dispute(session_id)
    till.account.win_dispute(won["id"])
    lost = till.account.dispute(session_id, 300)
    till.account.lose_dispute(lost["id"])
    answers = till.deliver_all(shuffled(till.account.events * 2, seed))
    assert {answer.status_code for answer in answers} == {200}
    assert state(till, session_id) == ("lost", 600, "3.000")
    assert till.ledger() == [("purchase", 600, 600)]


def test_a_dispute_of_spent_credits_leaves_the_exact_debt_and_a_win_clears_it(till: Till) -> None:
    session_id = till.sell_paid()
    till.spend(950)
    dispute_id = disputed(till, session_id)
    assert till.credits() == -950
    closed(till, till.account.win_dispute(dispute_id))
    assert till.credits() == 50


def test_disputes_are_asked_for_only_when_the_charge_has_had_one(till: Till) -> None:
    session_id = till.sell_paid()
    till.account.refund(session_id, 10)
    till.deliver(till.latest("refund.created"))
    assert not [path for _, path in till.stripe.requests if path == "/v1/disputes"]
    disputed(till, session_id)
    assert len([path for _, path in till.stripe.requests if path == "/v1/disputes"]) == 1
