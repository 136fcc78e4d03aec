"""Fills a database that nobody has used with a month of purchases and the story.

So the charts of the reports have something to show.
"""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import psycopg

from adapters.connecting import asking_for
from adapters.settings import settings
from domain.events import EVENT_TYPES
from local.demo.narrator import Narrator, NotAsTold
from local.demo.story import play
from local.past import Clock, set_back
from local.shop import Shop, silence
from standin import StripeAccount

DAYS = 29
_DAY_SECONDS = 24 * 60 * 60
# Two moves fit between a purchase and the next one.
_BETWEEN_MOVES_SECONDS = 3 * 60 * 60

_CUSTOMERS = ("dora", "emil", "fatima", "goran", "hana", "ivan", "june", "kofi", "lena", "mateo")
_PACKAGES = ("starter",) * 5 + ("professional",) * 4 + ("enterprise",)

_USED = """
SELECT EXISTS (SELECT FROM payment_transactions)
    OR EXISTS (SELECT FROM stripe_events)
    OR EXISTS (SELECT FROM users)
"""

Move = Callable[[StripeAccount, str], object]


def _refund_a_part(account: StripeAccount, session_id: str) -> None:
    account.refund(session_id, 400)


def _dispute_and_lose(account: StripeAccount, session_id: str) -> None:
    account.lose_dispute(account.dispute(session_id)["id"])


_PAID: tuple[Move, ...] = (StripeAccount.complete,)
_WAITING: tuple[Move, ...] = (StripeAccount.complete_unpaid,)
_MIXED: tuple[tuple[Move, ...], ...] = (
    *(_PAID,) * 36,
    *((StripeAccount.complete_unpaid, StripeAccount.async_succeed),) * 4,
    *((StripeAccount.decline, StripeAccount.complete),) * 3,
    *((StripeAccount.complete, _refund_a_part),) * 4,
    *((StripeAccount.complete, StripeAccount.refund),) * 2,
    *((StripeAccount.expire,),) * 4,
    *((StripeAccount.decline,),) * 2,
    (StripeAccount.complete, StripeAccount.dispute),
    (StripeAccount.complete, _dispute_and_lose),
)
# The last days: bank debits whose money is still on its way, and a payment that names nobody.
_LATEST = ((_WAITING, "emil"), (_PAID, None), (_WAITING, "lena"))


def play_history(shop: Shop, clock: Clock) -> int:
    """Let the purchases of the past days happen; `clock` is that of the shop's account.

    They are the same in every run. Answers how many there were. Raises NotAsTold.
    """
    chance = random.Random(DAYS)  # noqa: S311
    mixed = [(moves, chance.choice(_CUSTOMERS)) for moves in chance.sample(_MIXED, len(_MIXED))]
    purchases = [*mixed, *_LATEST]
    began, step = time.time() - DAYS * _DAY_SECONDS, DAYS * _DAY_SECONDS / len(purchases)
    try:
        for number, (moves, user_id) in enumerate(purchases):
            clock.at = began + number * step
            _play(shop, clock, shop.sell(user_id, chance.choice(_PACKAGES)), moves)
    finally:
        clock.at = None
    return len(purchases)


def _play(shop: Shop, clock: Clock, session_id: str, moves: tuple[Move, ...]) -> None:
    for move in moves:
        mark = shop.account.mark()
        move(shop.account, session_id)
        for event in shop.account.events_since(mark):
            _deliver(shop, event)
        clock.at = clock() + _BETWEEN_MOVES_SECONDS


def _deliver(shop: Shop, event: dict[str, Any]) -> None:
    if event["type"] in EVENT_TYPES:
        status, answer = shop.post(event)
        if status != 200:
            raise NotAsTold(f"{event['type']} was answered with {status} {answer}")


def is_unused(database_url: str) -> bool:
    """Whether the database, which is migrated, has no payment, no event and no user."""
    with psycopg.connect(asking_for(settings().database.schema, database_url)) as connection:
        row = connection.execute(_USED).fetchone()
    return row == (False,)


def open_with_story(shop: Shop, clock: Clock, environment: MutableMapping[str, str]) -> int:
    """Play a month of purchases and the story, without a word.

    Answers how many purchases came before the story. Raises NotAsTold.
    """
    set_back(shop.database_url, DAYS + 1)
    with silence(), _new_users(environment):
        purchases = play_history(shop, clock)
        play(shop, Narrator(io.StringIO()))
    return purchases


@contextmanager
def _new_users(environment: MutableMapping[str, str]) -> Iterator[None]:
    """The story tells of users who were never seen before, however they are treated later."""
    # Imported here because handlers read their configuration when they are first used.
    from handlers.app import app

    configured = environment.get("UNKNOWN_USERS")
    environment["UNKNOWN_USERS"] = "create"
    app.close()
    try:
        yield
    finally:
        del environment["UNKNOWN_USERS"]
        if configured is not None:
            environment["UNKNOWN_USERS"] = configured
        app.close()
