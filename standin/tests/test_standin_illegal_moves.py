"""Moves that the state does not allow are refused and change nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from standin import IllegalMove, StripeAccount
from standin.tests.builders import (
    PAID,
    a_paid_session,
    an_account,
    an_open_session,
)


def _unpaid(account: StripeAccount) -> str:
    session_id = an_open_session(account)
    account.complete_unpaid(session_id)
    return session_id


def _canceled(account: StripeAccount) -> str:
    session_id = an_open_session(account)
    account.decline(session_id)
    account.cancel_payment_intent(session_id)
    return session_id


def _disputed(account: StripeAccount) -> str:
    session_id = a_paid_session(account)
    account.dispute(session_id)
    return session_id


Story = Callable[[StripeAccount], str]
ILLEGAL: list[tuple[Story, str]] = [
    (a_paid_session, "complete"),
    (a_paid_session, "complete_unpaid"),
    (a_paid_session, "decline"),
    (a_paid_session, "expire"),
    (a_paid_session, "async_succeed"),
    (a_paid_session, "async_fail"),
    (a_paid_session, "cancel_payment_intent"),
    (a_paid_session, "settle"),
    (an_open_session, "refund"),
    (an_open_session, "dispute"),
    (an_open_session, "async_succeed"),
    (an_open_session, "cancel_payment_intent"),
    (_unpaid, "complete"),
    (_unpaid, "refund"),
    (_unpaid, "expire"),
    (_canceled, "complete"),
    (_canceled, "decline"),
    (_disputed, "dispute"),
    (_disputed, "refund"),
]


@pytest.mark.parametrize(
    ("story", "move"), ILLEGAL, ids=lambda each: getattr(each, "__name__", each)
)
def test_a_move_from_the_wrong_state_is_refused_and_changes_nothing(
    story: Story, move: str
) -> None:
    account = an_account()
    session_id = story(account)
    before = (account.session(session_id, PAID), account.events)
    with pytest.raises(IllegalMove):
        getattr(account, move)(session_id)
    assert (account.session(session_id, PAID), account.events) == before


@pytest.mark.parametrize("amount_minor", [0, -1, 4901])
def test_a_refund_beyond_the_charge_is_refused(amount_minor: int) -> None:
    account = an_account()
    session_id = a_paid_session(account)
    with pytest.raises(IllegalMove):
        account.refund(session_id, amount_minor)


def test_a_card_is_no_delayed_method() -> None:
    account = an_account()
    with pytest.raises(IllegalMove):
        account.complete_unpaid(an_open_session(account), "card")


def test_the_same_calls_give_the_same_events_in_every_account() -> None:
    first, second = an_account(), an_account()
    a_paid_session(first)
    a_paid_session(second)
    assert first.events == second.events
