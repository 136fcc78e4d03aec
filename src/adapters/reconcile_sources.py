"""Puts together what a reconcile run works with, for writing or for a dry run."""

from collections.abc import Callable

import psycopg

from adapters.payments import PostgresTill
from adapters.postgres import Database
from adapters.reconcile import PostgresProgress, PostgresRecords
from adapters.stripe_listing import StripeHistory
from domain.converge import Outcome, Till, TryLater, converge
from domain.events import Hint
from domain.reconcile.dry_run import DryProgress, DryRecords, DryTill
from domain.reconcile.sources import Sources


def writing_sources(
    database: Database, history: StripeHistory, hold_unknown_users: bool, livemode: bool
) -> Sources:
    """For a run that repairs."""
    return Sources(
        history=history,
        records=PostgresRecords(database, hold_unknown_users),
        progress=PostgresProgress(database),
        converge=_converge(database, history, PostgresTill(database, hold_unknown_users)),
        livemode=livemode,
    )


def dry_sources(
    database: Database, history: StripeHistory, hold_unknown_users: bool, livemode: bool
) -> Sources:
    """For a run that only says what it would repair."""
    till = DryTill(PostgresTill(database, hold_unknown_users))
    return Sources(
        history=history,
        records=DryRecords(PostgresRecords(database, hold_unknown_users), till),
        progress=DryProgress(PostgresProgress(database)),
        converge=_converge(database, history, till),
        livemode=livemode,
    )


def _converge(
    database: Database, history: StripeHistory, till: Till
) -> Callable[[Hint], Outcome | TryLater]:
    """The five steps for one of many purchases: what the database refuses to store must not keep
    the others from being stored. A database that cannot be reached raises as ever."""

    def converged(hint: Hint) -> Outcome | TryLater:
        try:
            return database.retrying(lambda: converge(hint, till, history))
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            return TryLater(hint.event_id, f"the database refused it: {type(error).__name__}")

    return converged
