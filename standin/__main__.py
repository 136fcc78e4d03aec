"""Runs the stand-in by itself: `python -m standin --help`."""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Sequence
from threading import Event

from standin.account import StripeAccount
from standin.http_server import PortTaken
from standin.server import serving
from standin.store import Ids

_PACKAGES = (("Starter", 4900), ("Professional", 19900), ("Enterprise", 49900))


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted. A new run has new ids, so that it may meet an old database."""
    parser = _parser()
    options = parser.parse_args(arguments)
    account = StripeAccount(
        api_key=options.key, webhook_secret=options.secret, id_seed=str(time.time_ns())
    )
    if options.seed:
        seed(account)
    stopped = Event()
    try:
        with serving(account, port=options.port, forward_to=options.forward_to) as server:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stopped.set())
            print(f"Stripe stand-in: {server.url}  (STRIPE_API_BASE, and a page to pay on)")
            print(f"API key: {options.key}   webhook secret: {options.secret}", flush=True)
            stopped.wait()
    except PortTaken as taken:
        parser.error(str(taken))


def seed(account: StripeAccount) -> list[str]:
    """The three packages with their prices in US dollars, whose ids are those of every run;
    answers the ids."""
    ids = [Ids(f"{name}:{amount}:usd").new("price_1") for name, amount in _PACKAGES]
    for price_id, (name, amount) in zip(ids, _PACKAGES, strict=True):
        account.create_price(amount, "usd", name, price_id=price_id)
    return ids


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m standin",
        description="A small Stripe account on this machine, with a page to pay on.",
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any)")
    parser.add_argument("--forward-to", metavar="URL", help="webhook URL that gets every event")
    parser.add_argument("--key", default="sk_test_standin", help="API key that is accepted")
    parser.add_argument("--secret", default="whsec_standin", help="webhook signing secret")
    parser.add_argument(
        "--seed",
        action="store_true",
        help="begin with three packages and their prices",
    )
    return parser


if __name__ == "__main__":
    main()
