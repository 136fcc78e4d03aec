"""Puts together what a reconcile run works with, for writing or for a dry run."""

from collections.abc import Callable

from adapters.payments import PostgresPayments
from adapters.postgres import Database, DatabaseUnavailable
from adapters.reconcile import PostgresProgress, PostgresRecords, ask_about_nothing
from adapters.settings import Settings
from adapters.stripe_listing import StripeHistory
from adapters.totals import fold
from domain.converge import Outcome, PaymentStore, TryLater, converge
from domain.events import Hint, Reference
from domain.stripe_objects import Retrieved, RetrievedEvent, StripeRefused, StripeUnreachable
from reconcile.dry_run import DryPayments, DryProgress, DryRecords
from reconcile.sources import NoAnswer, Sources

# What Postgres answers to everybody and not because of one row, beside what makes a connection
# unavailable: a schema or privileges that do not fit (42), no resources left (53).
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_EVERYBODYS = ("42", "53")
# What a second connection says too is of the connection no longer, but of what was asked.
_INTERNAL = "XX000"


def writing_sources(database: Database, history: StripeHistory, configured: Settings) -> Sources:
    """For a run that repairs."""
    return Sources(
        history=history,
        records=PostgresRecords(database, *_decided(configured)),
        progress=PostgresProgress(database),
        converge=_converge(database, history, PostgresPayments(database, *_decided(configured))),
        fold_totals=lambda: database.retrying(lambda: fold(database)),
        livemode=configured.stripe_livemode,
    )


def dry_sources(database: Database, history: StripeHistory, configured: Settings) -> Sources:
    """For a run that only says what it would repair."""
    till = DryPayments(PostgresPayments(database, *_decided(configured)))
    return Sources(
        history=history,
        records=DryRecords(PostgresRecords(database, *_decided(configured)), till),
        progress=DryProgress(PostgresProgress(database)),
        converge=_converge(database, history, till),
        fold_totals=lambda: None,
        livemode=configured.stripe_livemode,
    )


def _decided(configured: Settings) -> tuple[bool, bool]:
    return configured.hold_unknown_users, configured.hold_unlisted_sales


class _Asked:
    """`domain.converge.Stripe` that keeps the last answer: to the five steps it is all the same why
    they cannot go on, and to a run it is not."""

    def __init__(self, history: StripeHistory) -> None:
        self._history = history
        self.answer: Retrieved | None = None

    def retrieve(self, reference: Reference) -> Retrieved:
        self.answer = self._history.retrieve(reference)
        return self.answer

    def event(self, event_id: str) -> RetrievedEvent:
        found = self._history.event(event_id)
        if isinstance(found, StripeUnreachable | StripeRefused):
            self.answer = found
        return found


def _converge(
    database: Database, history: StripeHistory, till: PaymentStore
) -> Callable[[Hint], Outcome | TryLater | NoAnswer]:
    """The five steps for one of many purchases: whatever is wrong with it must not keep the others
    from being recorded. Raises when the database fails everybody."""

    def converged(hint: Hint) -> Outcome | TryLater | NoAnswer:
        asked = _Asked(history)
        try:
            outcome = database.retrying(lambda: converge(hint, till, asked))
        except Exception as error:
            _raise_if_everybodys(error, database)
            return TryLater(hint.event_id, f"cannot be recorded: {type(error).__name__}")
        if isinstance(outcome, TryLater) and isinstance(
            asked.answer, StripeUnreachable | StripeRefused
        ):
            return asked.answer
        return outcome

    return converged


def _raise_if_everybodys(error: Exception, database: Database) -> None:
    """Raises when it was the database: it says so, or does not answer a question about nothing."""
    is_unavailable = isinstance(error, DatabaseUnavailable)
    behind = error.__context__ if is_unavailable else error
    sqlstate = getattr(behind, "sqlstate", None) or ""
    if sqlstate.startswith(_EVERYBODYS) or (is_unavailable and sqlstate != _INTERNAL):
        raise error
    ask_about_nothing(database)
