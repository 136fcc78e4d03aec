"""A proof names every difference in a sentence, and says when it could not look everywhere."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from handlers import reconcile
from tests.integration.reconcile.past import Past
from tests.till import completed

PROJECT = Path(__file__).resolve().parents[3]


def prove(past: Past, **fields: Any) -> dict[str, Any]:
    return reconcile.handler({"prove": True, "days": 10, **fields}, None)


def sold(past: Past, **session: Any) -> str:
    """A purchase that is paid and recorded."""
    session_id = past.till.sell(**session)
    past.deliver(past.account.complete(session_id))
    return session_id


def tampered(past: Past, *statements: str) -> None:
    for statement in statements:
        past.till.execute(statement)


def test_an_equal_till_is_proved(past: Past) -> None:
    sold(past)
    answer = prove(past)
    assert (answer["equal"], answer["finished"], answer["differences"]) == (True, True, [])
    assert answer["checked"] == {"sessions": 1, "payments": 1}


def test_a_session_without_a_payment_is_a_difference(past: Past) -> None:
    session_id = past.till.sell()
    past.account.complete(session_id)
    answer = prove(past)
    assert answer["equal"] is False
    assert answer["differences"] == [
        {
            "subject": session_id,
            "difference": "Stripe has this session, 10.00 usd paid; the till has no payment.",
        }
    ]


def test_a_payment_that_differs_is_described_field_by_field(past: Past) -> None:
    session_id = sold(past)
    past.account.refund(session_id, 400)
    assert past.differences() == [
        "amount_refunded is 4.00 usd by Stripe, and 0.00 usd in the till.",
        "credits_granted is 600 by Stripe, and 1000 in the till.",
    ]


def test_a_person_is_not_named(past: Past) -> None:
    session_id = past.till.sell(customer_email="buyer@example.com")
    past.deliver([completed(past.account.complete(session_id))])
    tampered(past, "UPDATE payment_transactions SET customer_email = 'thief@example.com'")
    assert past.differences() == ["customer_email is another one by Stripe than in the till."]


def test_a_payment_that_stripe_does_not_know_is_a_difference(past: Past) -> None:
    session_id = sold(past)
    tampered(past, "UPDATE payment_transactions SET stripe_session_id = 'cs_forged'")
    payment_id = past.till.payment("cs_forged")["payment_id"]
    assert prove(past)["differences"] == [
        {
            "subject": session_id,
            "difference": "Stripe has this session, 10.00 usd paid; the till has no payment.",
        },
        {
            "subject": "cs_forged",
            "difference": f"The till has payment {payment_id}; Stripe has no such session.",
        },
    ]


def test_a_payment_paid_long_after_its_session_began_is_compared_too(past: Past) -> None:
    past.at(days_ago=9)
    session_id = past.till.sell()
    past.account.complete_unpaid(session_id)
    past.at(days_ago=4)
    past.deliver(past.account.async_succeed(session_id))
    tampered(past, "UPDATE payment_transactions SET customer_email = 'thief@example.com'")
    answer = prove(past, days=6)
    assert answer["checked"] == {"sessions": 0, "payments": 1}
    assert answer["differences_total"] == 1


def test_a_balance_that_is_not_the_sum_of_its_ledger_is_a_difference(past: Past) -> None:
    sold(past)
    tampered(past, "UPDATE users SET credits = 5")
    assert past.differences() == [
        "The balance is not the sum of the user's ledger entries. Expected 1000, found 5."
    ]


def test_what_is_outside_the_time_asked_for_is_not_compared(past: Past) -> None:
    past.at(days_ago=9)
    past.account.complete(past.till.sell())
    assert prove(past, days=5)["equal"]
    assert not prove(past, days=10)["equal"]


def test_a_proof_writes_nothing(past: Past) -> None:
    past.account.complete(past.till.sell())
    before, places = past.written(), past.progress()
    prove(past)
    assert (past.written(), past.progress()) == (before, places)


def test_a_proof_that_stripe_does_not_answer_is_not_finished(past: Past, impatient: None) -> None:
    past.till.stripe.faults.answer(500, times=1)
    answer = prove(past)
    assert (answer["equal"], answer["finished"]) == (False, False)
    assert answer["stopped_because"] == "stripe"
    assert answer["proved_until"] == answer["since"]


def test_a_proof_whose_time_is_up_says_up_to_where_it_came(past: Past) -> None:
    looks = iter(range(5))

    class Invocation:
        def get_remaining_time_in_millis(self) -> int:
            return 300_000 if next(looks, None) is not None else 1_000

    answer = reconcile.handler({"prove": True, "days": 20}, Invocation())
    assert answer["stopped_because"] == "time"
    assert answer["since"] < answer["proved_until"] < answer["until"]
    assert answer["equal"] is False


@pytest.mark.parametrize(("deliver", "exit_code"), [(True, 0), (False, 1)])
def test_the_command_ends_with_one_when_something_differs(
    past: Past, deliver: bool, exit_code: int
) -> None:
    events = past.account.complete(past.till.sell())
    if deliver:
        past.deliver(events)
    command = subprocess.run(
        [sys.executable, "-m", "local", "prove", "--days", "10"],
        env={**os.environ, "PYTHONPATH": f"{PROJECT / 'src'}{os.pathsep}{PROJECT}"},
        capture_output=True,
        check=False,
        cwd=PROJECT,
        text=True,
    )
    assert command.returncode == exit_code, command.stderr
    assert ("Equal:" in command.stdout) is deliver
    assert ("the till has no payment." in command.stdout) is not deliver
