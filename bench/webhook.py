"""What a delivery costs, step by step, and what a duplicate and a forgery cost beside it.

Postgres is embedded and durable, the stand-in for Stripe is a process of its own. The figures are
this machine's; what carries over to another is their ratio within one run.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from adapters.connecting import connect
from adapters.credentials import is_signed
from adapters.payments import PostgresPayments
from adapters.postgres import Database
from adapters.stripe_api import StripeApi
from bench.webhook_shop import Shop, shop
from domain.converge import Verdict, Write
from domain.derive import derive
from domain.events import Hint, Origin, identify
from domain.payment import entry_for
from domain.stripe_objects import Purchase
from local.migrate import migrate
from local.postgres import postgres_server

T = TypeVar("T")

RESULT = Path(__file__).with_suffix(".md")
WARM_UP, MEASURED = 30, 300
STEPS = ("verify", "parse", "identify", "find", "retrieve", "derive", "record")
WHOLES = ("the handler, new event", "the handler, duplicate", "the handler, forged signature")


class Stopwatch:
    """Collects how long each step took, in microseconds."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = {}

    def timed(self, step: str, work: Callable[[], T]) -> T:
        started = time.perf_counter()
        done = work()
        self.taken.setdefault(step, []).append((time.perf_counter() - started) * 1e6)
        return done

    def median(self, step: str) -> float:
        return statistics.median(self.taken[step][WARM_UP:])


def main() -> None:
    """Measure, and write the table beside this file."""
    with postgres_server(durable=True) as server:
        server.create_database("bench")
        url = server.url("bench")
        migrate(url)
        with shop(url, 2 * (WARM_UP + MEASURED)) as opened:
            stopwatch = _measured(url, opened)
    RESULT.write_text(_report(stopwatch))
    print(RESULT.read_text())


def _measured(database_url: str, seller: Shop) -> Stopwatch:
    """The steps one by one and the handler as a whole take turns, so that both meet the same
    machine."""
    stopwatch = Stopwatch()
    database = Database(lambda: connect(database_url))
    till, stripe = PostgresPayments(database, False), StripeApi(seller.api_key, seller.url)
    half = len(seller.deliveries) // 2
    with _handler(database_url, seller) as handler:
        for apart, whole in zip(seller.deliveries[:half], seller.deliveries[half:], strict=True):
            _steps(stopwatch, till, stripe, seller.secret, *apart)
            _wholes(stopwatch, handler, *whole)
    database.close()
    return stopwatch


def _steps(
    stopwatch: Stopwatch,
    till: PostgresPayments,
    stripe: StripeApi,
    secret: str,
    body: bytes,
    headers: Mapping[str, str],
) -> None:
    """The five steps as `domain.converge` takes them."""
    signature = headers["stripe-signature"]
    assert stopwatch.timed("verify", lambda: is_signed(body, signature, [secret]))
    event = stopwatch.timed("parse", lambda: json.loads(body))
    hint = stopwatch.timed("identify", lambda: identify(event, Origin.WEBHOOK, False))
    assert isinstance(hint, Hint)
    _record(stopwatch, till, stripe, hint)


def _record(stopwatch: Stopwatch, till: PostgresPayments, stripe: StripeApi, hint: Hint) -> None:
    found = stopwatch.timed("find", lambda: till.find(hint.event_id, hint.reference))
    purchase = stopwatch.timed("retrieve", lambda: stripe.retrieve(hint.reference))
    assert isinstance(purchase, Purchase)

    def derived() -> Write:
        payment = derive(purchase, found.catalogue, found.stored_payment)
        assert payment is not None
        return Write(hint, Verdict.RECORDED, payment, found.stored, entry_for(payment, None))

    write = stopwatch.timed("derive", derived)
    assert stopwatch.timed("record", lambda: till.record(write)) is not None


@contextlib.contextmanager
def _handler(database_url: str, seller: Shop) -> Iterator[Callable[[Any, Any], dict[str, Any]]]:
    """The handler as Lambda calls it, log lines and metrics included."""
    os.environ |= {
        "DATABASE_URL": database_url,
        "STRIPE_API_KEY": seller.api_key,
        "STRIPE_API_BASE": seller.url,
        "STRIPE_WEBHOOK_SECRET": seller.secret,
    }
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        # Imported here because a logger keeps the output that it finds.
        from handlers import webhook
        from handlers.app import app

        yield webhook.handler
        app.close()


def _wholes(
    stopwatch: Stopwatch,
    handler: Callable[[Any, Any], dict[str, Any]],
    body: bytes,
    headers: Mapping[str, str],
) -> None:
    event, forged = _http_event(body, headers), _http_event(body + b" ", headers)
    for whole, sent, expected in zip(
        WHOLES, (event, event, forged), ("recorded", "duplicate", "error"), strict=True
    ):
        answer = stopwatch.timed(whole, partial(handler, sent, None))
        assert expected in answer["body"], answer


def _http_event(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    return {"version": "2.0", "headers": headers, "body": body.decode(), "isBase64Encoded": False}


def _report(stopwatch: Stopwatch) -> str:
    unit = stopwatch.median("find")
    whole = stopwatch.median(WHOLES[0])
    rest = whole - sum(stopwatch.median(step) for step in STEPS)
    rows = [(step, stopwatch.median(step)) for step in STEPS]
    rows += [("event, log line and metrics", rest), *((w, stopwatch.median(w)) for w in WHOLES)]
    return "\n".join(
        [
            "# What a delivery costs",
            "",
            f"`make bench`, {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()},"
            f" {os.cpu_count()} cores. Medians of {MEASURED} purchases, one at a time, each a new"
            " payment. Postgres is durable and on the same machine, the stand-in answers for"
            " Stripe: over a network both take longer, and the rest takes the same.",
            "",
            "| step | µs | of a new event | finds |",
            "| --- | ---: | ---: | ---: |",
            *(
                f"| {name} | {microseconds:,.0f} | {microseconds / whole:.1%} |"
                f" {microseconds / unit:.2f} |"
                for name, microseconds in rows
            ),
            "",
            "*finds*: as many times the one indexed read that the till begins with.",
            "",
        ]
    )


if __name__ == "__main__":
    main()
