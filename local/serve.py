"""Serves the webhook and the reports here until Ctrl-C, with the real Stripe or the stand-in."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from adapters.settings import DatabaseAddress, Settings
from local import Failure, Misuse
from local.configured import NotConfigured, checked_settings
from local.demo.history import DAYS, is_unused, open_with_story
from local.kept_database import kept_database, way_out
from local.migrate import MigrationError
from local.past import Clock
from local.postgres_door import Door
from local.sam_local import env_vars
from local.sample_purchases import play_samples
from local.shop import (
    Shop,
    configure,
    open_till,
    price_packages,
    silence,
    standin_configuration,
)
from standin import PortTaken, Server, StripeAccount, serving
from standin.http_server import LOOPBACK

_OTHER_PORTS = (
    "stop what listens there (another make serve?), or choose another with --port, --stripe-port or"
    " --postgres-port"
)
_PAYMENTS_OF_EARLIER_RUNS = (
    "those of earlier runs: the stand-in has forgotten their sessions, so they move no more"
)


@dataclass(frozen=True)
class Places:
    """Where to serve: ports, of which 0 lets the system choose; `bind`, an IPv4 address of this
    machine, beside 127.0.0.1; the folder of the database; and where containers' variables go."""

    port: int
    stripe_port: int
    postgres_port: int
    bind: str
    data_dir: Path
    env_vars: Path


def run(places: Places) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises Failure."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("stripe").setLevel(logging.WARNING)
    _check_is_here(places.bind)
    try:
        with ExitStack() as running:
            _start(running, places, os.environ)
            signal.pause()
    except KeyboardInterrupt:
        print("stopped", flush=True)
    except PortTaken as error:
        raise Failure(f"{error}: {_OTHER_PORTS}") from error


def _check_is_here(address: str) -> None:
    """Raises Misuse for what is no address of this machine."""
    try:
        socket.create_server((str(IPv4Address(address)), 0)).close()
    except (OSError, ValueError) as error:
        raise Misuse(
            f"--bind {address}: this machine has no such IPv4 address. For containers on Linux"
            " it is that of Docker's bridge: ip -4 addr show docker0"
        ) from error


def _start(running: ExitStack, places: Places, environment: MutableMapping[str, str]) -> None:
    configured = _whole(checked_settings(environment))
    password = secrets.token_urlsafe() if places.bind != LOOPBACK else ""
    door = Door(places.postgres_port, places.bind, password)
    database = running.enter_context(_database(places.data_dir, door, configured, environment))
    with_stripe = bool(configured.stripe_api_key or configured.stripe_secret_arn)
    if not with_stripe:
        standin, clock = running.enter_context(_standin(places, environment))
    with silence():
        url = running.enter_context(open_till(places.port, places.bind))
    if with_stripe:
        about = {"Stripe": _about_real_stripe(url, configured)}
    else:
        about = _open_shop(standin, clock, url, environment)
    if door.is_open:
        # A server of the user's has passwords of its own.
        ours = "" if configured.database.url else password
        running.enter_context(env_vars(places.env_vars, environment, ours))
        about["Containers"] = f"on {places.bind} too, with the variables in {places.env_vars}"
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
    data_dir: Path, door: Door, configured: Settings, environment: MutableMapping[str, str]
) -> Iterator[str]:
    """The database, as it may be shown: that of DATABASE_URL, else the one in `data_dir`."""
    if configured.database.url:
        environment["DATABASE_URL"] = configured.database.url
        yield "that of DATABASE_URL"
        return
    with kept_database(data_dir, door) as url:
        configure(environment, {"DATABASE_URL": url}, instead_of=("DATABASE_",))
        try:
            yield url
        except MigrationError as refused:
            if refused.code not in ("changed", "out_of_order"):
                raise
            raise Failure(f"{refused}\n{way_out(data_dir)}") from refused


@contextmanager
def _standin(
    places: Places, environment: MutableMapping[str, str]
) -> Iterator[tuple[Server, Clock]]:
    # The database may know the ids of the last time, so they must be others now.
    clock = Clock()
    account = StripeAccount(clock=clock, id_seed=str(time.time_ns()))
    with serving(account, port=places.stripe_port, bind=places.bind) as server:
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
    if "starter" in shop.prices:
        # Not delivered: that is for whoever has a sample event in hand.
        play_samples(account, shop.prices["starter"])
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
