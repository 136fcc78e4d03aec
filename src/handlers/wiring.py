"""Puts adapters and domain together, once per container and configuration.

The only module that handlers reach adapters through. Adapters are imported where they are first
needed, so that each function pays at cold start for what it uses.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from adapters import clients
from adapters.settings import Misconfigured, Settings, settings
from adapters.telemetry import Telemetry
from domain.converge import Outcome, TryLater, converge
from domain.events import Hint

if TYPE_CHECKING:
    from adapters.migrations import Migrated, Refused
    from adapters.report_queries import Reports
    from operations.doctor.facts import Check
    from operations.operate import Desk, Done
    from operations.requests import Operation, OperationRefused
    from reconcile.sources import Sources


# The webhook has 25 s, and Stripe may be silent for 16 s of them. What then still waits for a lock
# has to be stopped in time for an answer.
CONVERGE_SECONDS = 20.0


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
    from adapters import credentials, database_login, payments, stripe_api, timing  # noqa: F401


@lru_cache(maxsize=8)
def telemetry(service: str) -> Telemetry:
    """The logs and metrics of one function."""
    return Telemetry(service)


def migrate(seconds: float) -> "Migrated | Refused":
    """Applies the pending migrations to the configured database; what is still running after so
    many seconds is stopped and rolled back."""
    from adapters.migrations import migrate, migrations_on_disk

    database = clients.database(settings())
    return database.retrying(lambda: migrate(database, migrations_on_disk()), seconds)


def answer_cloudformation(url: str, answer: Mapping[str, Any]) -> None:
    """Puts the answer where CloudFormation waits for it."""
    from handlers.cloudformation import deliver

    deliver(url, answer)


def reports(seconds_left: Callable[[], float] = lambda: math.inf) -> "Reports":
    """The reports on the configured database, for a call that has so much time left."""
    return _reports(settings()).within(seconds_left)


def operate(operation: "Operation") -> "Done | OperationRefused":
    """Does what an operator asked for, with the configured database and Stripe account."""
    from operations.operate import Done, operate
    from operations.requests import EraseUser

    configured = settings()
    desk = _desk(configured)
    done = clients.database(configured).retrying(lambda: operate(operation, desk))
    if isinstance(operation, EraseUser) and isinstance(done, Done):
        # The totals of customers name a user until they are folded.
        keep_house()
    return done


def why_failed(error: Exception) -> "OperationRefused":
    """What an operator is told when an operation ended in an error."""
    from adapters.operations import failed

    return failed(error)


def keep_house() -> None:
    """Folds what payments have changed into the totals that reports read."""
    from adapters.totals import fold_totals

    database = clients.database(settings())
    database.retrying(lambda: fold_totals(database))


def load_operations() -> None:
    """As `load_webhook`, for operations."""
    from adapters import database_login, operations, payments  # noqa: F401


def examine(url: str | None) -> "list[Check]":
    """What the doctor says of this deployment, its Stripe account and its database."""
    from adapters.examination import database_facts, deployment_of, stripe_facts
    from operations.doctor.diagnosis import diagnose
    from operations.doctor.facts import Check

    try:
        configured = settings()
    except Misconfigured as error:
        return [Check("configuration", False, f"{error}. Nothing works before.")]
    deployment = deployment_of(configured, url, lambda: clients.keyring(configured).credentials)
    database = database_facts(clients.database(configured))
    stripe = stripe_facts(deployment, configured.stripe_api_base, database)
    return diagnose(deployment, stripe, database)


def load_reconcile() -> None:
    """As `load_webhook`, for reconcile and prove."""
    from adapters import credentials, database_login, reconcile_sources  # noqa: F401


def reconcile_sources(dry_run: bool) -> "Sources":
    """What reconcile reads and writes; a dry run, like a proof, only reads."""
    from adapters.reconcile_sources import dry_sources, writing_sources

    configured = settings()
    sources = dry_sources if dry_run else writing_sources
    return sources(clients.database(configured), clients.history(configured), configured)


@lru_cache(maxsize=8)
def _webhook(configured: Settings) -> Webhook:
    return Webhook(
        livemode=configured.stripe_livemode,
        is_signed=_signature_check(configured),
        converge=_converge(configured, "webhook"),
    )


def _signature_check(configured: Settings) -> Callable[[bytes, str], bool]:
    """Whether Stripe signed a body. A refused secret verifies nothing; why is logged once."""
    keyring = clients.keyring(configured)

    @lru_cache(maxsize=8)
    def tell(why: str) -> None:
        telemetry("webhook").warning("no delivery verifies", why=why)

    def is_signed(body: bytes, header: str) -> bool:
        verified = keyring.is_signed(body, header)
        if not verified and (why := keyring.credentials.refused) is not None:
            tell(why)
        return verified

    return is_signed


@lru_cache(maxsize=8)
def _desk(configured: Settings) -> "Desk":
    from adapters.operations import PostgresBooks
    from operations.operate import Desk

    return Desk(
        books=PostgresBooks(clients.database(configured)),
        converge=_converge(configured, "operations"),
        event=lambda event_id: clients.stripe(configured).event(event_id),
        livemode=configured.stripe_livemode,
    )


def _converge(configured: Settings, service: str) -> Callable[[Hint], Outcome | TryLater]:
    """The five steps; as a whole safe to repeat, so a broken connection costs one more try."""
    from adapters.payments import PostgresPayments
    from adapters.timing import TimedStripe, TimedTill

    database, clock = clients.database(configured), telemetry(service)
    till = TimedTill(
        PostgresPayments(database, configured.hold_unknown_users, configured.hold_unlisted_sales),
        clock,
    )

    def converged(hint: Hint) -> Outcome | TryLater:
        stripe = TimedStripe(clients.stripe(configured), clock)
        return database.retrying(lambda: converge(hint, till, stripe), CONVERGE_SECONDS)

    return converged


@lru_cache(maxsize=8)
def _reports(configured: Settings) -> "Reports":
    from adapters.report_queries import Reports

    # Not the connection of the writes: where one process serves everything, a delivery must not
    # find itself in the read-only transaction of a report.
    return Reports(
        clients.new_database(clients.reading(configured)), configured.reports_export_bucket
    )


def close() -> None:
    """Forgets everything that this process holds, connections first; the next call starts anew."""
    clients.close()
    for kept in (_webhook, _desk, _reports):
        kept.cache_clear()
