"""Refunds in full, in part, several, early, shuffled, repeated, and those that fail later."""

from typing import Any

import pytest

from tests.till import Till, another_container, completed, shuffled

pytestmark = pytest.mark.usefixtures("sound_books")

PURCHASE = ("purchase", 1000, 1000)


def refunded(till: Till, session_id: str, amount_minor: int | None = None) -> dict[str, Any]:
    """Refunds at Stripe and delivers the refund's event; answers the refund."""
    refund = till.account.refund(session_id, amount_minor)
    till.deliver(till.latest("refund.created"))
    return refund


def test_a_full_refund_takes_all_credits_back(till: Till) -> None:
    session_id = till.sell_paid()
    refunded(till, session_id)
    payment = till.payment(session_id)
    assert (payment["payment_status"], payment["credits_granted"]) == ("refunded", 0)
    assert till.ledger() == [PURCHASE, ("refund", -1000, 0)]


def test_a_refund_lowers_neither_the_amount_paid_nor_the_amount_charged(till: Till) -> None:
    session_id = till.sell_paid()
    refunded(till, session_id, 333)
    payment = till.payment(session_id)
    assert str(payment["amount_paid"]) == "10.00"
    assert str(payment["amount_charged"]) == "10.000"
    assert str(payment["amount_refunded"]) == "3.330"


def test_a_partly_refunded_payment_stays_paid_and_keeps_its_share(till: Till) -> None:
    session_id = till.sell_paid()
    refunded(till, session_id, 333)
    payment = till.payment(session_id)
    assert (payment["payment_status"], payment["credits_granted"]) == ("paid", 667)
    assert till.ledger() == [PURCHASE, ("refund", -333, 667)]


def test_several_refunds_add_up_to_a_full_one(till: Till) -> None:
    session_id = till.sell_paid()
    for amount_minor in (333, 333, 334):
        refunded(till, session_id, amount_minor)
    assert till.payment(session_id)["payment_status"] == "refunded"
    assert till.ledger()[1:] == [("refund", -333, 667), ("refund", -333, 334), ("refund", -334, 0)]


@pytest.mark.parametrize(
    ("refunds", "left"), [((1,), 998), ((1, 1), 997), ((498,), 500), ((996,), 1), ((997,), 0)]
)
def test_what_is_left_is_rounded_down_to_whole_credits(
    till: Till, refunds: tuple[int, ...], left: int
) -> None:
    """1000 credits for 9.97: floor(1000 x retained / 997), whatever the number of steps."""
    session_id = till.sell_paid(discount_minor=3)
    for amount_minor in refunds:
        refunded(till, session_id, amount_minor)
    assert till.credits() == left


@pytest.mark.parametrize("event_type", ["refund.created", "charge.refunded"])
def test_either_event_of_a_refund_is_enough(till: Till, event_type: str) -> None:
    session_id = till.sell_paid()
    till.account.refund(session_id)
    assert till.deliver(till.latest(event_type)).outcome == "recorded"
    assert till.credits() == 0


def test_the_second_event_of_a_refund_changes_nothing(till: Till) -> None:
    session_id = till.sell_paid()
    refunded(till, session_id, 400)
    assert till.deliver(till.latest("charge.refunded")).outcome == "unchanged"
    assert till.credits() == 600


def test_a_full_refund_that_arrives_before_the_completion_leaves_no_credits(till: Till) -> None:
    session_id = till.sell()
    paid = completed(till.account.complete(session_id))
    refunded(till, session_id)
    assert till.payment(session_id)["payment_status"] == "refunded"
    assert till.deliver(paid).outcome == "unchanged"
    assert till.ledger() == []


def test_a_partial_refund_that_arrives_before_the_completion_credits_the_rest(till: Till) -> None:
    session_id = till.sell()
    paid = completed(till.account.complete(session_id))
    refunded(till, session_id, 400)
    till.deliver(paid)
    assert till.ledger() == [("purchase", 600, 600)]


@pytest.mark.parametrize("seed", range(6))
def test_shuffled_and_repeated_events_come_to_the_same_row(till: Till, seed: int) -> None:
    session_id = till.sell()
    till.account.complete(session_id)
    failing = till.account.refund(session_id, 100)
    till.account.refund(session_id, 300)
    till.account.fail_refund(failing["id"])
    answers = till.deliver_all(shuffled(till.account.events * 2, seed))
    assert {answer.status_code for answer in answers} == {200}
    assert till.payment(session_id)["payment_status"] == "paid"
    assert till.ledger() == [("purchase", 700, 700)]


@pytest.mark.parametrize("seed", range(4))
def test_shuffled_events_between_the_steps_come_to_the_same_balance(till: Till, seed: int) -> None:
    """The events are held back and let go at random while Stripe moves on."""
    session_id = till.sell()
    waiting = till.account.complete(session_id)
    for step in range(3):
        mark = till.account.mark()
        till.account.refund(session_id, 100)
        waiting = shuffled(waiting + till.account.events_since(mark), seed + step)
        till.deliver_all(waiting[::2])
        waiting = waiting[1::2]
    till.deliver_all(waiting)
    assert till.credits() == 700


@pytest.mark.parametrize("event_type", ["refund.updated", "refund.failed"])
@pytest.mark.parametrize(("amount_minor", "left"), [(None, 0), (400, 600)])
def test_a_refund_that_fails_gives_the_credits_back(
    till: Till, event_type: str, amount_minor: int | None, left: int
) -> None:
    session_id = till.sell_paid()
    refund = refunded(till, session_id, amount_minor)
    till.account.fail_refund(refund["id"])
    till.deliver(till.latest(event_type))
    payment = till.payment(session_id)
    assert (payment["payment_status"], payment["amount_refunded"]) == ("paid", 0)
    assert till.ledger() == [
        PURCHASE,
        ("refund", left - 1000, left),
        ("reinstatement", 1000 - left, 1000),
    ]


def test_a_refund_that_failed_before_its_events_arrived_never_took_credits(till: Till) -> None:
    session_id = till.sell_paid()
    refund = till.account.refund(session_id)
    till.account.fail_refund(refund["id"])
    for event_type in ("refund.created", "charge.refunded", "refund.failed"):
        assert till.deliver(till.latest(event_type)).outcome == "unchanged"
    assert till.ledger() == [PURCHASE]


def test_one_of_two_refunds_that_fails_gives_back_its_own_share(till: Till) -> None:
    session_id = till.sell_paid()
    first = refunded(till, session_id, 250)
    refunded(till, session_id, 500)
    till.account.fail_refund(first["id"])
    till.deliver(till.latest("refund.failed"))
    assert till.ledger()[-1] == ("reinstatement", 250, 500)


def test_a_refund_of_spent_credits_leaves_the_exact_debt(till: Till) -> None:
    session_id = till.sell_paid()
    till.spend(900)
    refunded(till, session_id)
    assert till.credits() == -900


def test_the_next_purchase_pays_the_debt_first(till: Till) -> None:
    session_id = till.sell_paid()
    till.spend(900)
    refunded(till, session_id, 500)
    till.sell_paid()
    assert till.ledger()[1:] == [
        ("adjustment", -900, 100),
        ("refund", -500, -400),
        ("purchase", 1000, 600),
    ]


def test_a_refund_touches_the_payment_that_it_is_of(till: Till) -> None:
    first, second = till.sell_paid(), till.sell_paid()
    refunded(till, second)
    assert till.payment(first)["credits_granted"] == 1000
    assert till.payment(second)["credits_granted"] == 0


def test_a_refund_that_fails_while_its_event_is_under_way_is_not_written_afterwards(
    till: Till,
) -> None:
    """The first delivery holds the answer "refunded" when the refund fails. The second finds the
    row as it should be and changes nothing, and still the first must ask again."""
    session_id = till.sell_paid()
    refund = till.account.refund(session_id)
    overtakers: list[str] = []

    def overtake(_method: str, _path: str) -> None:
        till.stripe.faults.before_answer = None
        till.account.fail_refund(refund["id"])
        with another_container():
            overtakers.append(till.deliver(till.latest("refund.failed")).outcome)

    till.stripe.faults.before_answer = overtake
    slow = till.deliver(till.latest("refund.created"))
    assert (overtakers, slow.outcome) == (["unchanged"], "unchanged")
    assert till.payment(session_id)["payment_status"] == "paid"
    assert till.ledger() == [PURCHASE]
