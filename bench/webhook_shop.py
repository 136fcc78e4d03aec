"""What Stripe does for a benchmark, in a process of its own that takes no time from it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from local.shop import price_packages
from standin import StripeAccount, serving


@dataclass(frozen=True)
class Shop:
    """What the stand-in's process says of itself, and the signed deliveries of paid sessions."""

    url: str
    api_key: str
    secret: str
    deliveries: Sequence[tuple[bytes, Mapping[str, str]]]


@contextmanager
def shop(database_url: str, purchases: int) -> Iterator[Shop]:
    """A stand-in in a process of its own, with so many paid sessions."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_sell, args=(theirs, database_url, purchases))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join()


def _sell(pipe: Connection, database_url: str, purchases: int) -> None:
    account = StripeAccount()
    price = price_packages(account, database_url)["starter"]
    with serving(account) as server:
        deliveries = [_paid(account, price, n) for n in range(purchases)]
        pipe.send(Shop(server.url, account.api_key, account.webhook_secret, deliveries))
        pipe.recv()


def _paid(account: StripeAccount, price: str, number: int) -> tuple[bytes, Mapping[str, str]]:
    session = account.create_checkout_session(
        line_items=[(price, 1)], client_reference_id=f"user_{number % 100}"
    )
    (event,) = [
        each
        for each in account.complete(session["id"])
        if each["type"] == "checkout.session.completed"
    ]
    delivery = account.delivery(event)
    return delivery.body, {name.lower(): value for name, value in delivery.headers.items()}
