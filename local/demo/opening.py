"""Fills a database that nobody has used yet with what the demo plays."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, redirect_stdout

import psycopg

from adapters.search_path import asking_for
from adapters.settings import settings
from local.demo.history import DAYS, ShopClock, play_history
from local.demo.page import Page
from local.demo.shop import Shop
from local.demo.story import play
from local.migrate import set_back

_USED = """
SELECT EXISTS (SELECT FROM payment_transactions)
    OR EXISTS (SELECT FROM stripe_events)
    OR EXISTS (SELECT FROM users)
"""


def is_unused(database_url: str) -> bool:
    """Whether the database, which is migrated, has no payment, no event and no user."""
    with psycopg.connect(asking_for(settings().database.schema, database_url)) as connection:
        row = connection.execute(_USED).fetchone()
    return row == (False,)


def open_with_story(shop: Shop, clock: ShopClock, environment: MutableMapping[str, str]) -> int:
    """Play a month of purchases and the story, without a word.

    Answers how many purchases came before the story. Raises NotAsTold.
    """
    set_back(shop.database_url, DAYS + 1)
    with silence(), _new_users(environment):
        purchases = play_history(shop, clock)
        play(shop, Page(io.StringIO()))
    return purchases


@contextmanager
def silence() -> Iterator[None]:
    """Keep the handlers' metrics and logs out of the terminal; errors are shown."""
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def _new_users(environment: MutableMapping[str, str]) -> Iterator[None]:
    """The story tells of users who were never seen before, however they are treated later."""
    configured = environment.get("UNKNOWN_USERS")
    environment["UNKNOWN_USERS"] = "create"
    try:
        yield
    finally:
        del environment["UNKNOWN_USERS"]
        if configured is not None:
            environment["UNKNOWN_USERS"] = configured
