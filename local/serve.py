"""Serves the webhook and the reports here until Ctrl-C, with the real Stripe or the stand-in."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from adapters.settings import DatabaseAddress, Settings
from local import Failure
from local.configured import NotConfigured, checked_settings
from local.demo.history import DAYS, is_unused, open_with_story
from local.gateway import PortTaken
from local.kept_database import kept_database, usual_data_dir, way_out
from local.migrate import MigrationError
from local.past import Clock
from local.shop import (
    Shop,
    configure,
    open_till,
    price_packages,
    silence,
    standin_configuration,
)
from standin import Server, StripeAccount, serving

_OTHER_PORTS = (
    "stop what listens there (another make serve?), or choose with --port and --stripe-port"
)
_PAYMENTS_OF_EARLIER_RUNS = (
    "those of earlier runs: the stand-in has forgotten their sessions, so they move no more"
)


def run(port: int, stripe_port: int, data_dir: Path | None) -> None:
    """Serve until Ctrl-C or SIGTERM; port 0 lets the system choose. Raises Failure."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("stripe").setLevel(logging.WARNING)
    try:
        with ExitStack() as running:
            _start(running, port, stripe_port, data_dir or usual_data_dir(), os.environ)
            signal.pause()
    except KeyboardInterrupt:
        print("stopped", flush=True)
    except PortTaken as error:
        raise Failure(f"{error}: {_OTHER_PORTS}") from error


def _start(
    running: ExitStack,
    port: int,
    stripe_port: int,
    data_dir: Path,
    environment: MutableMapping[str, str],
) -> None:
    configured = _whole(checked_settings(environment))
    database = running.enter_context(_database(data_dir, configured, environment))
    with_stripe = bool(configured.stripe_api_key or configured.stripe_secret_arn)
    if not with_stripe:
        standin, clock = running.enter_context(_standin(stripe_port, environment))
    with silence():
        url = running.enter_context(open_till(port))
    if with_stripe:
        about = {"Stripe": _about_real_stripe(url, configured)}
    else:
        about = _open_shop(standin, clock, url, environment)
    addresses = {"Reports": f"{url}/reports", "Webhook": f"{url}/stripe/webhook"}
    _show(addresses | about | {"Database": database})


def _whole(configured: Settings) -> Settings:
    """The same. Raises NotConfigured for what is left of a deployment that is not served here."""
    if configured.database != DatabaseAddress() and not configured.database.url:
        raise NotConfigured("set DATABASE_URL, or unset the other DATABASE_ variables")
    account = configured.stripe_api_key or configured.stripe_secret_arn
    if configured.stripe_webhook_secrets and not account:
        raise NotConfigured("set STRIPE_API_KEY beside STRIPE_WEBHOOK_SECRET, or unset both")
    return configured


def _show(lines: Mapping[str, str]) -> None:
    for name, text in lines.items():
        print(f"{name:<12} {text}")
    print("Ctrl-C stops everything.", flush=True)


@contextmanager
def _database(
    data_dir: Path, configured: Settings, environment: MutableMapping[str, str]
) -> Iterator[str]:
    """The database, as it may be shown: that of DATABASE_URL, else the one in `data_dir`."""
    if configured.database.url:
        environment["DATABASE_URL"] = configured.database.url
        yield "that of DATABASE_URL"
        return
    with kept_database(data_dir) as url:
        configure(environment, {"DATABASE_URL": url}, instead_of=("DATABASE_",))
        try:
            yield url
        except MigrationError as refused:
            if refused.code not in ("changed", "out_of_order"):
                raise
            raise Failure(f"{refused}\n{way_out(data_dir)}") from refused


@contextmanager
def _standin(port: int, environment: MutableMapping[str, str]) -> Iterator[tuple[Server, Clock]]:
    # The database may know the ids of the last time, so they must be others now.
    clock = Clock()
    account = StripeAccount(clock=clock, id_seed=str(time.time_ns()))
    with ExitStack() as running:
        try:
            server = running.enter_context(serving(account, port=port))
        except OSError as error:
            raise PortTaken(f"port {port} on 127.0.0.1 is taken") from error
        configuration = standin_configuration(account, server.url)
        configure(environment, configuration, instead_of=("STRIPE_",))
        yield server, clock


def _open_shop(
    standin: Server, clock: Clock, till_url: str, environment: MutableMapping[str, str]
) -> dict[str, str]:
    """Sell the packages in the stand-in; an unused database first gets the demo's payments."""
    account, database_url = standin.account, environment["DATABASE_URL"]
    shop = Shop(account, price_packages(account, database_url), till_url, database_url)
    payments = _PAYMENTS_OF_EARLIER_RUNS
    if is_unused(database_url):
        print("The database is empty: playing purchases into it.", flush=True)
        purchases = open_with_story(shop, clock, environment)
        payments = f"{purchases} purchases of the last {DAYS} days, and the story of make demo"
    account.webhook_url = shop.webhook_url
    stripe = f"a stand-in at {standin.url}: buy something there, or set STRIPE_API_KEY"
    return {"Stripe": stripe, "Payments": payments}


def _about_real_stripe(url: str, configured: Settings) -> str:
    listen = f"stripe listen --forward-to {url.removeprefix('http://')}/stripe/webhook"
    if configured.stripe_secret_arn:
        return f"the account of STRIPE_SECRET_ARN; run: {listen}"
    if configured.stripe_webhook_secrets:
        return f"the account of STRIPE_API_KEY; run: {listen}"
    return (
        f"the account of STRIPE_API_KEY, but every delivery is refused: run `{listen}`,\n"
        "             and start again with STRIPE_WEBHOOK_SECRET set to the whsec_… it prints"
    )
