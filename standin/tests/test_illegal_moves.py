"""Moves that the state does not allow are refused and change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from standin import IllegalMove, StripeAccount
from standin.tests.builders import PAID, a_paid_session, an_account, an_open_session
from standin.tests.stories import (
    Story,
    captured,
    declined_and_canceled,
    disputed,
    lapsed,
    of_later_capture,
    reserved,
    unpaid,
)

ILLEGAL: dict[Story, tuple[str, ...]] = {
    a_paid_session: (
        *("complete", "complete_unpaid", "decline", "expire", "async_succeed", "async_fail"),
        *("cancel_payment_intent", "settle", "capture", "lapse"),
    ),
    an_open_session: ("refund", "dispute", "async_succeed", "cancel_payment_intent"),
    unpaid: ("complete", "refund", "expire"),
    declined_and_canceled: ("complete", "decline"),
    disputed: ("dispute", "refund"),
    of_later_capture: ("capture", "lapse", "complete_unpaid"),
    reserved: ("refund", "dispute", "expire", "settle"),
    captured: ("capture", "lapse"),
    lapsed: ("capture", "lapse", "refund", "dispute", "cancel_payment_intent"),
}


def refuses(account: StripeAccount, session_id: str, move: str, *args: Any) -> None:
    before = (account.session(session_id, PAID), account.events)
    with pytest.raises(IllegalMove):
        getattr(account, move)(session_id, *args)
    assert (account.session(session_id, PAID), account.events) == before


@pytest.mark.parametrize(
    ("story", "move"),
    [(story, move) for story, moves in ILLEGAL.items() for move in moves],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_a_move_from_the_wrong_state_is_refused_and_changes_nothing(
    account: StripeAccount, story: Story, move: str
) -> None:
    refuses(account, story(account), move)


@pytest.mark.parametrize("amount_minor", [0, -1, 4901])
@pytest.mark.parametrize(
    ("story", "move"),
    [(a_paid_session, "refund"), (reserved, "capture")],
    ids=["refund", "capture"],
)
def test_an_amount_that_is_not_there_is_refused(
    account: StripeAccount, story: Story, move: str, amount_minor: int
) -> None:
    refuses(account, story(account), move, amount_minor)


def test_a_card_is_no_delayed_method(account: StripeAccount) -> None:
    refuses(account, an_open_session(account), "complete_unpaid", "card")


def test_the_same_calls_give_the_same_events_in_every_account() -> None:
    first, second = an_account(), an_account()
    a_paid_session(first)
    a_paid_session(second)
    assert first.events == second.events
