"""Everything that the story is played with: a database, a Stripe account, and the real handlers."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from adapters.search_path import asking_for
from adapters.settings import settings
from local.gateway import gateway
from local.lambda_context import LambdaContext
from local.postgres import available_server
from local.prices import price_packages
from standin import StripeAccount, serving

Json = dict[str, Any]


class MigrationRefused(Exception):
    """The migrate handler answered with an error; the code and the message are its own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


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
    """A shop that sells the packages. `prices` is the Stripe price of each package id."""

    account: StripeAccount
    prices: Mapping[str, str]
    webhook_url: str
    database_url: str

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
        outcome = answer.get("outcome") or answer["error"]["code"]
        payment_id = answer.get("payment_id")
        payment, balance = self._standing(payment_id)
        return Seen(status, outcome, payment, balance, payment_id)

    def _standing(self, payment_id: str | None) -> tuple[str, int | None]:
        url = asking_for(settings().database.schema, self.database_url)
        with psycopg.connect(url) as connection:
            row = connection.execute(
                "SELECT payment_status || CASE WHEN held_reason IS NULL THEN '' ELSE ', held' END,"
                " CASE WHEN user_id IS NULL THEN NULL ELSE coalesce(credits, 0) END"
                " FROM payment_transactions LEFT JOIN users USING (user_id) WHERE payment_id = %s",
                (payment_id,),
            ).fetchone()
        return row or ("", None)


@contextmanager
def open_shop(environment: MutableMapping[str, str]) -> Iterator[Shop]:
    """Start everything on free ports, configure the handlers by `environment`, and end it all.

    Raises ServerError, psycopg.Error and MigrationRefused.
    """
    account = StripeAccount()
    with _database(environment) as database_url, serving(account) as stripe:
        configure(environment, _configuration(database_url, account, stripe.url))
        with _webhook() as webhook_url:
            yield Shop(account, price_packages(account, database_url), webhook_url, database_url)


@contextmanager
def _database(environment: Mapping[str, str]) -> Iterator[str]:
    with available_server(environment) as server:
        name = f"tokentill_demo_{uuid.uuid4().hex}"
        server.create_database(name)
        try:
            yield server.url(name)
        finally:
            server.drop_database(name)


def _configuration(database_url: str, account: StripeAccount, stripe_url: str) -> dict[str, str]:
    """The variables that the handlers read."""
    database = {"DATABASE_URL": database_url, "UNKNOWN_USERS": "create"}
    return database | standin_configuration(account, stripe_url)


def standin_configuration(account: StripeAccount, stripe_url: str) -> dict[str, str]:
    """Those of them that make the stand-in their Stripe."""
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


def migrate() -> None:
    """Bring the configured database up to date.

    Raises MigrationRefused.
    """
    from handlers import migrate

    answer = migrate.handler({}, LambdaContext("migrate"))
    if "error" in answer:
        raise MigrationRefused(answer["error"]["code"], answer["error"]["message"])


@contextmanager
def _webhook() -> Iterator[str]:
    # Imported here because handlers read their configuration when they are first used.
    from handlers import webhook
    from handlers.app import app

    try:
        migrate()
        with gateway({"POST /stripe/webhook": webhook.handler}) as url:
            yield f"{url}/stripe/webhook"
    finally:
        app.close()
