"""Serves the webhook on this machine until Ctrl-C, with the real Stripe or the stand-in."""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import time
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from local.gateway import PortTaken, gateway
from local.migrate import MigrationError, migrate
from local.postgres import ServerError, postgres_server
from local.postgres_installation import server_user
from local.prices import price_packages
from local.stripe_standin import StripeAccount, serving

PORT = 8000
STANDIN_PORT = 8001
_WEBHOOK_URL = f"http://127.0.0.1:{PORT}/stripe/webhook"
_PROJECT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Start everything, say where it is, and stop it in the reverse order."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("stripe").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as running:
            _start(running, os.environ)
            signal.pause()
    except KeyboardInterrupt:
        print("stopped", flush=True)
    except (PortTaken, MigrationError, ServerError) as error:
        raise SystemExit(str(error)) from error


def _start(running: ExitStack, environment: MutableMapping[str, str]) -> None:
    database_url = environment.get("DATABASE_URL") or running.enter_context(_kept_database())
    migrate(database_url)
    environment["DATABASE_URL"] = database_url
    if environment.get("STRIPE_API_KEY"):
        stripe = _about_real_stripe(environment)
    else:
        stripe = running.enter_context(_standin(database_url, environment))
    url = running.enter_context(_till())
    print(f"Webhook      {url}/stripe/webhook")
    print(f"Database     {database_url}")
    print(f"Stripe       {stripe}")
    print("Ctrl-C stops everything.", flush=True)


@contextmanager
def _till() -> Iterator[str]:
    # Imported here because handlers read their configuration when they are first used.
    from handlers import webhook, wiring

    try:
        with gateway({"POST /stripe/webhook": webhook.handler}, port=PORT) as url:
            yield url
    finally:
        wiring.close()


@contextmanager
def _kept_database() -> Iterator[str]:
    with postgres_server(_data_dir(), durable=True) as server:
        try:
            server.create_database("tokentill")
        except psycopg.errors.DuplicateDatabase:
            logging.info("the database of the last time is used again")
        yield server.url("tokentill")


def _data_dir() -> Path:
    """`.local/postgres`; elsewhere when the server's user is shut out of the project's folder."""
    if server_user().can_enter(_PROJECT):
        return _PROJECT / ".local" / "postgres"
    digest = hashlib.sha256(bytes(_PROJECT)).hexdigest()[:12]
    return Path("/var/tmp") / f"tokentill-{digest}"  # noqa: S108


@contextmanager
def _standin(database_url: str, environment: MutableMapping[str, str]) -> Iterator[str]:
    # The database may know the ids of the last time, so they must be others now.
    account = StripeAccount(id_seed=str(time.time_ns()))
    price_packages(account, database_url)
    with ExitStack() as running:
        try:
            server = running.enter_context(
                serving(account, port=STANDIN_PORT, forward_to=_WEBHOOK_URL)
            )
        except OSError as error:
            raise PortTaken(f"port {STANDIN_PORT} on 127.0.0.1 is taken") from error
        environment["STRIPE_API_BASE"] = server.url
        environment["STRIPE_API_KEY"] = account.api_key
        environment["STRIPE_WEBHOOK_SECRET"] = account.webhook_secret
        yield f"stand-in at {server.url}: buy something there, or set STRIPE_API_KEY"


def _about_real_stripe(environment: MutableMapping[str, str]) -> str:
    listen = f"stripe listen --forward-to localhost:{PORT}/stripe/webhook"
    if environment.get("STRIPE_WEBHOOK_SECRET"):
        return f"the account of STRIPE_API_KEY; run: {listen}"
    return (
        f"the account of STRIPE_API_KEY, but every delivery is refused: run `{listen}`,\n"
        "             and start again with STRIPE_WEBHOOK_SECRET set to the whsec_… it prints"
    )


if __name__ == "__main__":
    main()
