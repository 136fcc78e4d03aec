"""Serves the webhook and the reports here until Ctrl-C, with the real Stripe or the stand-in."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from adapters.settings import DatabaseAddress, Settings
from local.configured import FAILURES, NotConfigured, checked_settings
from local.demo.history import DAYS, ShopClock
from local.demo.opening import is_unused, open_with_story, silence
from local.demo.page import NotAsTold
from local.demo.shop import MigrationRefused, Shop, configure, migrate, standin_configuration
from local.gateway import PortTaken, gateway
from local.kept_database import kept_database, usual_data_dir, way_out
from local.prices import price_packages
from standin import Server, StripeAccount, serving

_OTHER_PORTS = (
    "stop what listens there (another make serve?), or choose with --port and --stripe-port"
)
_PAYMENTS_OF_EARLIER_RUNS = (
    "those of earlier runs: the stand-in has forgotten their sessions, so they move no more"
)


def main() -> None:
    """Serve the webhook and the reports, with the real Stripe or the stand-in, until Ctrl-C."""
    options = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("stripe").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as running:
            _start(running, options, os.environ)
            signal.pause()
    except KeyboardInterrupt:
        print("stopped", flush=True)
    except PortTaken as error:
        raise SystemExit(f"{error}: {_OTHER_PORTS}") from error
    except (*FAILURES, MigrationRefused, NotAsTold) as error:
        raise SystemExit(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.serve", description=main.__doc__)
    port = "port of the %s on 127.0.0.1 (default: %%(default)s; 0: any)"
    parser.add_argument("--port", type=int, default=8000, help=port % "webhook and the reports")
    parser.add_argument("--stripe-port", type=int, default=8001, help=port % "stand-in for Stripe")
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=usual_data_dir(),
        help="keep the database here, unless DATABASE_URL names one (default: %(default)s)",
    )
    return parser


def _start(
    running: ExitStack, options: argparse.Namespace, environment: MutableMapping[str, str]
) -> None:
    configured = _whole(checked_settings(environment))
    database = running.enter_context(_database(options.data_dir, configured, environment))
    till = _till(options.port)
    if configured.stripe_api_key or configured.stripe_secret_arn:
        url = running.enter_context(till)
        about = {"Stripe": _about_real_stripe(url, configured)}
    else:
        standin, account_clock = running.enter_context(_standin(options.stripe_port, environment))
        url = running.enter_context(till)
        about = _open_shop(standin, account_clock, f"{url}/stripe/webhook", environment)
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
    """The migrated database, as it may be shown: that of DATABASE_URL, else the one in
    `data_dir`."""
    if configured.database.url:
        environment["DATABASE_URL"] = configured.database.url
        with _migrated():
            yield "that of DATABASE_URL"
        return
    with kept_database(data_dir) as url:
        configure(environment, {"DATABASE_URL": url}, instead_of=("DATABASE_",))
        try:
            with _migrated():
                yield url
        except MigrationRefused as refused:
            if refused.code not in ("changed", "out_of_order"):
                raise
            raise MigrationRefused(refused.code, f"{refused}\n{way_out(data_dir)}") from refused


@contextmanager
def _migrated() -> Iterator[None]:
    # Imported here because handlers read their configuration when they are first used.
    from handlers.app import app

    try:
        with silence():
            migrate()
        yield
    finally:
        app.close()


def _till(port: int) -> AbstractContextManager[str]:
    from handlers import reports, webhook

    routes = {
        "POST /stripe/webhook": webhook.handler,
        "GET /reports": reports.handler,
        "GET /reports/{name}": reports.handler,
    }
    return gateway(routes, port=port)


@contextmanager
def _standin(
    port: int, environment: MutableMapping[str, str]
) -> Iterator[tuple[Server, ShopClock]]:
    # The database may know the ids of the last time, so they must be others now.
    clock = ShopClock()
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
    standin: Server, clock: ShopClock, webhook_url: str, environment: MutableMapping[str, str]
) -> dict[str, str]:
    """Sell the packages in the stand-in; an unused database first gets the demo's payments."""
    account, database_url = standin.account, environment["DATABASE_URL"]
    shop = Shop(account, price_packages(account, database_url), webhook_url, database_url)
    payments = _PAYMENTS_OF_EARLIER_RUNS
    if is_unused(database_url):
        print("The database is empty: playing purchases into it.", flush=True)
        purchases = open_with_story(shop, clock, environment)
        payments = f"{purchases} purchases of the last {DAYS} days, and the story of make demo"
    account.webhook_url = webhook_url
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


if __name__ == "__main__":
    main()
