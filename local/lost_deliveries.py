"""A story for trying reconcile and prove: a till that a third of all deliveries never reached."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from local.configured import names_deployment
from local.lifecycles import Clock, Shop
from local.migrate import migrate, set_back
from local.postgres import postgres_server
from local.prices import price_packages
from standin import StripeAccount, serving

PURCHASES = 150
DAYS = 5
LOST = 0.3
# The last deliveries must be older than what may still be on its way.
_SECONDS_AGO = 120


@contextmanager
def stripe_or_story(environment: MutableMapping[str, str]) -> Iterator[bool]:
    """What the environment names, or the story when it names nothing; whether it is the story.
    Raises NotConfigured."""
    if names_deployment(environment):
        yield False
        return
    with _story(environment):
        yield True


@contextmanager
def _story(environment: MutableMapping[str, str]) -> Iterator[None]:
    clock = Clock(time.time() - DAYS * 24 * 3600)
    account = StripeAccount(clock=clock, id_seed=uuid.uuid4().hex)
    with _database() as database_url, serving(account) as stripe:
        environment.update(_configuration(database_url, account, stripe.url))
        shop = Shop(account, price_packages(account, database_url), clock)
        _sell(shop)
        yield


@contextmanager
def _database() -> Iterator[str]:
    with postgres_server() as server:
        server.create_database("tokentill")
        url = server.url("tokentill")
        migrate(url)
        set_back(url, DAYS + 1)
        yield url


def _configuration(database_url: str, account: StripeAccount, stripe_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "STRIPE_API_KEY": account.api_key,
        "STRIPE_API_BASE": stripe_url,
        "STRIPE_LIVEMODE": "false",
        "UNKNOWN_USERS": "create",
        # A proxy would look for the stand-in on its own machine.
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def _sell(shop: Shop) -> None:
    # Imported here because handlers read their configuration when they are first used.
    from domain.events import Hint, Origin, identify
    from handlers.reconcile import ports_of

    converge, chance = ports_of(dry_run=False).converge, random.Random(30)  # noqa: S311

    def deliver(events: list[dict[str, Any]]) -> None:
        for event in events:
            hint = identify(event, Origin.WEBHOOK, livemode=False)
            if isinstance(hint, Hint) and chance.random() >= LOST:
                converge(hint)

    shop.account.subscribe(deliver)
    shop.sell(PURCHASES, time.time() - _SECONDS_AGO)
    shop.account.unsubscribe(deliver)
