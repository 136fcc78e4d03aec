"""Purchases of days gone by, of every kind: for a till that looks back."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from adapters.connecting import asking_for
from adapters.settings import settings
from local.shop import open_shop, silence
from standin import StripeAccount

# The story for trying reconcile and prove.
PURCHASES = 150
DAYS = 5
LOST = 0.3
# The last deliveries must be older than what may still be on its way.
_SECONDS_AGO = 120


class Clock:
    """An account's time in Unix seconds: it stands still where it is set, else is the present."""

    def __init__(self, at: float | None = None) -> None:
        self.at = at

    def __call__(self) -> float:
        return time.time() if self.at is None else self.at


def set_back(url: str, days: int) -> None:
    """As if the till at `url` had been installed so many days earlier: purchases that a program
    plays in the past would be held as sold before the till, and not looked for."""
    with psycopg.connect(asking_for(settings().database.schema, url)) as connection:
        connection.execute(
            "UPDATE till SET installed_at = installed_at - make_interval(days => %s)", [days]
        )
        connection.execute(
            "UPDATE reconcile_checkpoints"
            " SET begins_at = begins_at - make_interval(days => %(days)s),"
            " resume_from = resume_from - make_interval(days => %(days)s)",
            {"days": days},
        )


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
class Customers:
    """A few users who buy packages, by seeded chance. `prices` are the Stripe prices."""

    account: StripeAccount
    prices: Mapping[str, str]
    clock: Clock
    chance: random.Random = field(default_factory=lambda: random.Random(6))  # noqa: S311

    def buy(self, purchases: int, until: float) -> None:
        """Lets so many purchases happen, evenly between the clock's time and `until`."""
        began = self.clock()
        step = (until - began) / purchases
        for number in range(purchases):
            self.clock.at = began + (number + 1) * step
            LIFECYCLES[number % len(LIFECYCLES)](self.account, self._session())

    def _session(self) -> str:
        created = self.account.create_checkout_session(
            line_items=[(self.chance.choice(list(self.prices.values())), 1)],
            client_reference_id=f"user_{self.chance.randrange(40)}",
        )
        return str(created["id"])


@contextmanager
def lost_deliveries(environment: MutableMapping[str, str]) -> Iterator[None]:
    """Configure a till that a third of all deliveries never reached."""
    clock = Clock(time.time() - DAYS * 24 * 3600)
    with ExitStack() as running:
        with silence():
            shop = running.enter_context(open_shop(environment, clock))
        set_back(shop.database_url, DAYS + 1)
        listen = _listener()
        shop.account.subscribe(listen)
        Customers(shop.account, shop.prices, clock).buy(PURCHASES, time.time() - _SECONDS_AGO)
        shop.account.unsubscribe(listen)
        yield


def _listener() -> Callable[[list[dict[str, Any]]], None]:
    """Loses events by chance, and gives the others to the five steps at once."""
    from domain.events import Hint, Origin, identify
    from handlers.reconcile import ports_of

    converge, chance = ports_of(dry_run=False).converge, random.Random(30)  # noqa: S311

    def listen(events: list[dict[str, Any]]) -> None:
        for event in events:
            hint = identify(event, Origin.WEBHOOK, livemode=False)
            if isinstance(hint, Hint) and chance.random() >= LOST:
                converge(hint)

    return listen
