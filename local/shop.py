"""A shop that sells the packages at the stand-in for Stripe, with a till of the real handlers."""

from __future__ import annotations

import io
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

import psycopg

from adapters.connecting import asking_for
from adapters.settings import settings, without_blanks
from domain.payment import to_minor
from local.gateway import gateway
from local.lambda_context import LambdaContext
from local.migrate import migrate_configured
from local.postgres import available_server
from standin import StripeAccount, serving
from standin.http_server import LOOPBACK
from standin.store import Ids

Json = dict[str, Any]

_STANDING = """
SELECT payment_status || CASE WHEN held_reason IS NULL THEN '' ELSE ', held' END,
       CASE WHEN user_id IS NULL THEN NULL ELSE coalesce(credits, 0) END
FROM payment_transactions LEFT JOIN users USING (user_id)
WHERE payment_id = %s
"""


@dataclass(frozen=True)
class Seen:
    """What came of a delivery or an operation: the answer, and what the database says after it.

    `status` is the HTTP status, None for a function that was invoked directly. `payment` is the
    payment's status, with "held" when its credits are withheld. `balance` is in credits, None
    when the payment names nobody.
    """

    status: int | None
    outcome: str
    payment: str
    balance: int | None
    payment_id: str | None


@dataclass(frozen=True)
class Shop:
    """An account at the stand-in and a till. `till_url` is the base URL of the webhook and the
    reports, `prices` the Stripe price of each package id."""

    account: StripeAccount
    prices: Mapping[str, str]
    till_url: str
    database_url: str

    @property
    def webhook_url(self) -> str:
        return f"{self.till_url}/stripe/webhook"

    def sell(self, user_id: str | None, package_id: str) -> str:
        """Open a Checkout session; answers its id."""
        session = self.account.create_checkout_session(
            line_items=[(self.prices[package_id], 1)],
            client_reference_id=user_id,
            buyer_email=f"{user_id or 'somebody'}@example.com",
        )
        return str(session["id"])

    def deliver(self, event: Json) -> Seen:
        """POST the event to the webhook, signed now."""
        return self._seen(*self.post(event))

    def post(self, event: Json) -> tuple[int, Json]:
        """The same, for whom the HTTP status and the answer will do."""
        # The account's clock may stand in the past; a signature of then would have expired.
        prepared = self.account.delivery(event, timestamp=int(time.time()))
        return self.account.deliver(prepared, self.webhook_url)

    def operate(self, operation: Json) -> Seen:
        """Invoke the operations handler with an operation on a payment."""
        from handlers import operations

        answer = operations.handler(operation, LambdaContext("operations"))
        # A request that was done before is answered without what it did.
        return self._seen(None, {"payment_id": operation["payment_id"], **answer})

    def report(self, name: str, **params: str) -> Json:
        """Invoke the reports handler; answers `{"columns", "rows"}` or `{"error"}`."""
        from handlers import reports

        answer = reports.handler({"report": name, "params": params}, LambdaContext("reports"))
        assert isinstance(answer, dict), "only dashboards are answered with text"
        return answer

    def _seen(self, status: int | None, answer: Json) -> Seen:
        payment_id = answer.get("payment_id")
        url = asking_for(settings().database.schema, self.database_url)
        with psycopg.connect(url) as connection:
            row = connection.execute(_STANDING, [payment_id]).fetchone()
        payment, balance = row or ("", None)
        outcome = answer.get("outcome") or answer["error"]["code"]
        return Seen(status, outcome, payment, balance, payment_id)


@contextmanager
def open_shop(
    environment: MutableMapping[str, str], clock: Callable[[], float] = time.time
) -> Iterator[Shop]:
    """Start everything on free ports, configure the handlers by `environment`, and end it all.

    The database is a new one, on the server of DATABASE_URL if that is set, and dropped at the end.
    `clock` is the account's. Raises Failure and psycopg.Error.
    """
    account = StripeAccount(clock=clock)
    with _new_database(environment) as database_url, serving(account) as stripe:
        database = {"DATABASE_URL": database_url, "UNKNOWN_USERS": "create"}
        configure(environment, database | standin_configuration(account, stripe.url))
        with open_till() as till_url:
            yield Shop(account, price_packages(account, database_url), till_url, database_url)


@contextmanager
def _new_database(environment: Mapping[str, str]) -> Iterator[str]:
    configured = {"DATABASE_URL": without_blanks(environment.get("DATABASE_URL", ""))}
    with available_server(configured) as server:
        name = f"tokentill_demo_{uuid.uuid4().hex}"
        server.create_database(name)
        try:
            yield server.url(name)
        finally:
            server.drop_database(name)


@contextmanager
def open_till(port: int = 0, bind: str = LOOPBACK) -> Iterator[str]:
    """Migrate the configured database, and serve the webhook and the reports on 127.0.0.1, and on
    `bind`; the base URL.

    Raises MigrationError and PortTaken.
    """
    # Imported here because handlers read their configuration when they are first used.
    from handlers import reports, webhook
    from handlers.app import app

    routes = {
        "POST /stripe/webhook": webhook.handler,
        "GET /reports": reports.handler,
        "GET /reports/{name}": reports.handler,
    }
    try:
        migrate_configured()
        with gateway(routes, port=port, bind=bind) as url:
            yield url
    finally:
        app.close()


def price_packages(account: StripeAccount, database_url: str) -> dict[str, str]:
    """Make a price in `account` for each package, and tell the database which is whose.

    Answers with the price id of each package id, which is the same whenever the package and its
    amount are: an application that names it can go on with the next account.
    """
    prices: dict[str, str] = {}
    with psycopg.connect(asking_for(settings().database.schema, database_url)) as connection:
        packages = connection.execute(
            "SELECT package_id, package_name, amount, currency FROM packages"
            " WHERE active ORDER BY amount"
        ).fetchall()
        for package_id, package_name, amount, currency in packages:
            amount_minor = to_minor(amount, currency)
            price_id = price_of(package_id, amount_minor, currency)
            account.create_price(amount_minor, currency, package_name, price_id=price_id)
            prices[package_id] = price_id
            connection.execute(
                "UPDATE packages SET stripe_price_ids = array_append(stripe_price_ids, %(price)s)"
                " WHERE package_id = %(package)s AND %(price)s <> ALL (stripe_price_ids)",
                {"price": price_id, "package": package_id},
            )
    return prices


def price_of(package_id: str, amount_minor: int, currency: str) -> str:
    """The id of a package's price in every account."""
    return Ids(f"{package_id}:{amount_minor}:{currency}").new("price_1")


def standin_configuration(account: StripeAccount, stripe_url: str) -> dict[str, str]:
    """The variables that make the stand-in the handlers' Stripe."""
    return {
        "STRIPE_API_KEY": account.api_key,
        "STRIPE_WEBHOOK_SECRET": account.webhook_secret,
        "STRIPE_API_BASE": stripe_url,
        "STRIPE_LIVEMODE": "false",
        # A proxy would look for the stand-in on its own machine.
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def configure(
    environment: MutableMapping[str, str],
    configuration: Mapping[str, str],
    *,
    instead_of: tuple[str, ...] = ("DATABASE_", "STRIPE_"),
) -> None:
    """Set what is needed, and nothing of a deployment that the caller's shell may name."""
    for name in [name for name in environment if name.startswith(instead_of)]:
        del environment[name]
    environment.update(configuration)


@contextmanager
def silence() -> Iterator[None]:
    """Keep the handlers' metrics and logs out of the terminal; errors are shown."""
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)
