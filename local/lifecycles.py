"""Purchases of every kind in a stand-in account, spread over a stretch of time."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from standin import StripeAccount


class Clock:
    """A clock that stands still until it is moved: the account's time, in Unix seconds."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def _declined_then_paid(account: StripeAccount, session_id: str) -> None:
    account.decline(session_id)
    account.complete(session_id)


def _delayed(account: StripeAccount, session_id: str) -> None:
    account.complete_unpaid(session_id)
    account.async_succeed(session_id)


def _delayed_and_failed(account: StripeAccount, session_id: str) -> None:
    account.complete_unpaid(session_id)
    account.async_fail(session_id)


def _settled_later(account: StripeAccount, session_id: str) -> None:
    account.complete(session_id, settled=False)
    account.settle(session_id)


def _partly_refunded_twice(account: StripeAccount, session_id: str) -> None:
    account.complete(session_id)
    account.refund(session_id, 300)
    account.refund(session_id, 150)


def _refunded(account: StripeAccount, session_id: str) -> None:
    account.complete(session_id)
    account.refund(session_id)


def _refund_failed(account: StripeAccount, session_id: str) -> None:
    account.complete(session_id)
    account.fail_refund(account.refund(session_id, 250)["id"])


def _disputed(account: StripeAccount, session_id: str) -> None:
    account.complete(session_id)
    account.dispute(session_id)


def _dispute_won(account: StripeAccount, session_id: str) -> None:
    account.complete(session_id)
    account.win_dispute(account.dispute(session_id)["id"])


def _dispute_lost(account: StripeAccount, session_id: str) -> None:
    account.complete(session_id)
    account.lose_dispute(account.dispute(session_id, 400)["id"])


def _left_open(_account: StripeAccount, _session_id: str) -> None:
    """The buyer looks at the page, and goes."""


Lifecycle = Callable[[StripeAccount, str], object]
LIFECYCLES: tuple[Lifecycle, ...] = (
    StripeAccount.complete,
    StripeAccount.decline,
    StripeAccount.expire,
    StripeAccount.complete_unpaid,
    _declined_then_paid,
    _delayed,
    _delayed_and_failed,
    _settled_later,
    _partly_refunded_twice,
    _refunded,
    _refund_failed,
    _disputed,
    _dispute_won,
    _dispute_lost,
    _left_open,
)


@dataclass(frozen=True)
class Shop:
    """Sells packages to a few users, by seeded chance. `prices` are the Stripe prices."""

    account: StripeAccount
    prices: Mapping[str, str]
    clock: Clock
    chance: random.Random = field(default_factory=lambda: random.Random(6))  # noqa: S311

    def sell(self, purchases: int, until: float) -> None:
        """Lets so many purchases happen, evenly between the clock's time and `until`."""
        step = (until - self.clock.at) / purchases
        for number in range(purchases):
            self.clock.at += step
            LIFECYCLES[number % len(LIFECYCLES)](self.account, self._session())

    def _session(self) -> str:
        created = self.account.create_checkout_session(
            line_items=[(self.chance.choice(list(self.prices.values())), 1)],
            client_reference_id=f"user_{self.chance.randrange(40)}",
        )
        return str(created["id"])
