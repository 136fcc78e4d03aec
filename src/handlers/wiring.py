"""Puts adapters and domain together, once per container and configuration.

The only module that handlers reach adapters through. Adapters are imported where they are first
needed, so that each function pays at cold start for what it uses.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from adapters.environment import Settings, settings
from domain.converge import Outcome, TryLater, converge
from domain.events import Hint
from domain.migrations import Migrated, Refused
from domain.operate import Desk, Done
from domain.operate import operate as do
from domain.operations import Operation, OperationRefused

if TYPE_CHECKING:
    from adapters.postgres import Database
    from adapters.report_queries import Reports
    from adapters.stripe_api import StripeApi

_databases: "list[Database]" = []


@dataclass(frozen=True, slots=True)
class Webhook:
    """What the webhook needs: the check of a signature, and the five steps."""

    livemode: bool
    is_signed: Callable[[bytes, str], bool]
    converge: Callable[[Hint], Outcome | TryLater]


def webhook() -> Webhook:
    """The webhook as the environment configures it now; clients are made once."""
    return _webhook(settings())


def load_webhook() -> None:
    """Imports what the webhook needs and reads its SQL files: both belong in the cold start,
    where a missing file stops a deployment instead of an event."""
    from adapters import payments, signatures, stripe_api  # noqa: F401


def migrate() -> Migrated | Refused:
    """Applies the pending migrations to the configured database."""
    from adapters.migrations import migrate, migrations_on_disk

    database = _database(settings())
    return database.retrying(lambda: migrate(database, migrations_on_disk()))


def reports() -> "Reports":
    """The reports on the configured database."""
    return _reports(settings())


def operate(operation: Operation) -> Done | OperationRefused:
    """Does what an operator asked for, with the configured database and Stripe account."""
    configured = settings()
    desk = _desk(configured)
    return _database(configured).retrying(lambda: do(operation, desk))


@lru_cache(maxsize=8)
def _webhook(configured: Settings) -> Webhook:
    from adapters.signatures import is_signed

    secrets = configured.stripe_webhook_secrets
    return Webhook(
        livemode=configured.stripe_livemode,
        is_signed=lambda body, header: is_signed(body, header, secrets),
        converge=_converge(configured),
    )


@lru_cache(maxsize=8)
def _desk(configured: Settings) -> Desk:
    from adapters.operations import PostgresBooks

    return Desk(
        books=PostgresBooks(_database(configured), configured.hold_unknown_users),
        converge=_converge(configured),
        event=_stripe(configured).event,
        livemode=configured.stripe_livemode,
    )


def _converge(configured: Settings) -> Callable[[Hint], Outcome | TryLater]:
    """The five steps; as a whole safe to repeat, so a broken connection costs one more try."""
    from adapters.payments import PostgresTill

    database, stripe = _database(configured), _stripe(configured)
    till = PostgresTill(database, configured.hold_unknown_users)
    return lambda hint: database.retrying(lambda: converge(hint, till, stripe))


@lru_cache(maxsize=8)
def _stripe(configured: Settings) -> "StripeApi":
    from adapters.stripe_api import StripeApi

    return StripeApi(configured.stripe_api_key, configured.stripe_api_base)


@lru_cache(maxsize=8)
def _database(configured: Settings) -> "Database":
    from adapters.postgres import Database, connect

    database = Database(lambda: connect(configured.database_url))
    _databases.append(database)
    return database


@lru_cache(maxsize=8)
def _reports(configured: Settings) -> "Reports":
    from adapters.report_queries import Reports

    return Reports(_database(configured))


def close() -> None:
    """Closes the connections of this process; the next call opens them anew."""
    for database in _databases:
        database.close()
