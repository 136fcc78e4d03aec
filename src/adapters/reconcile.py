"""The database side of reconcile and prove: what is recorded, and how far the runs have come."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from adapters.payments import packages_of, rules_of, stored_payment_of
from adapters.postgres import Database, DatabaseUnavailable
from adapters.sql_files import SQL_ROOT, statement
from adapters.stripe_listing import StripeHistory
from domain.converge import Outcome, PaymentStore, TryLater, converge
from domain.events import Hint, Reference
from domain.packages import ForSale
from domain.stripe_objects import Retrieved, RetrievedEvent, StripeRefused, StripeUnreachable
from reconcile.checkpoints import Checkpoint, Listing
from reconcile.ports import Finding, FindPayment, FoundPayment, NoAnswer, RowKey
from reports.header import read_report

KNOWN_EVENTS = statement("reconcile/known_events")
FIND_PAYMENTS = statement("reconcile/find_payments")
READ_CATALOGUE = statement("reconcile/read_packages")
FIND_INCOMPLETE = statement("reconcile/find_incomplete_payments")
FIND_PAID = statement("reconcile/find_paid_payments")
AUDIT = read_report("ledger_audit", (SQL_ROOT / "reports" / "ledger_audit.sql").read_text("utf-8"))
READ_CHECKPOINTS = statement("reconcile/read_checkpoints")
READ_UNFINISHED = statement("reconcile/read_unfinished_backfills")
BEGIN = statement("reconcile/begin_backfill")
SAVE = statement("reconcile/save_checkpoint")
FINISH = statement("reconcile/finish_backfill")

# The audit reads the whole ledger, and the caller takes its time for the findings.
AUDIT_SECONDS = 600.0

# What Postgres answers to everybody and not because of one row, beside what makes a connection
# unavailable: a schema or privileges that do not fit (42), no resources left (53).
# https://www.postgresql.org/docs/current/errcodes-appendix.html
EVERYBODYS = ("42", "53")
# What a second connection says too is of the connection no longer, but of what was asked.
INTERNAL = "XX000"

_IN_ORDER = {listing: place for place, listing in enumerate(Listing)}


class PostgresRows:
    """`reconcile.ports.TillRows` over Postgres."""

    def __init__(
        self, database: Database, hold_unknown_users: bool, hold_unlisted_sales: bool
    ) -> None:
        self._database = database
        self._hold_unknown_users = hold_unknown_users
        self._hold_unlisted_sales = hold_unlisted_sales

    def known_events(self, event_ids: Sequence[str]) -> Collection[str]:
        (row,) = rows_of(self._database, KNOWN_EVENTS, {"event_ids": list(event_ids)})
        return frozenset(row["event_ids"])

    def payments_of_sessions(self, session_ids: Sequence[str]) -> FindPayment:
        return found_by("stripe_session_id", self._payments(session_ids=session_ids))

    def payments_of_intents(self, payment_intents: Sequence[str]) -> FindPayment:
        found = self._payments(payment_intents=payment_intents)
        return found_by("stripe_payment_intent_id", found)

    def for_sale(self) -> ForSale:
        (row,) = rows_of(self._database, READ_CATALOGUE, {})
        return ForSale(packages_of(row["packages"]), rules_of(row, self._hold_unlisted_sales))

    def incomplete(
        self, since: datetime, listed_from: datetime, after: RowKey | None
    ) -> Sequence[RowKey]:
        parameters = {
            "since": since,
            "listed_from": listed_from,
            "after_at": after.at if after else None,
            "after_id": after.payment_id if after else None,
        }
        return row_keys(rows_of(self._database, FIND_INCOMPLETE, parameters))

    def paid(self, since: datetime, until: datetime, after: RowKey | None) -> Sequence[RowKey]:
        parameters = {
            "until": until,
            "after_at": after.at if after else since,
            "after_id": after.payment_id if after else "",
        }
        return row_keys(rows_of(self._database, FIND_PAID, parameters))

    def audit(self) -> Iterator[Finding]:
        everybody = dict.fromkeys(parameter.name for parameter in AUDIT.parameters)
        # What was handed on cannot be read twice, so the connection is tried before.
        ask_about_nothing(self._database)
        with (
            self._database.transaction(AUDIT_SECONDS) as connection,
            connection.cursor() as cursor,
        ):
            # Row by row: a broken ledger may have as many findings as entries.
            for row in cursor.stream(AUDIT.statement, everybody):
                yield Finding(row["subject"], row["problem"], row["expected"], row["actual"])

    def _payments(
        self, session_ids: Sequence[str] = (), payment_intents: Sequence[str] = ()
    ) -> list[DictRow]:
        parameters = {
            "session_ids": list(session_ids),
            "payment_intent_ids": list(payment_intents),
            "create_user": not self._hold_unknown_users,
        }
        return rows_of(self._database, FIND_PAYMENTS, parameters)


class PostgresCheckpoints:
    """`reconcile.ports.Checkpoints` over Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_run(self, name: str) -> Sequence[Checkpoint]:
        return places_of(rows_of(self._database, READ_CHECKPOINTS, {"run": name}))

    def unfinished_backfills(self) -> Sequence[Checkpoint]:
        return places_of(rows_of(self._database, READ_UNFINISHED, {}))

    def begin(self, places: Sequence[Checkpoint]) -> Sequence[Checkpoint]:
        first = places[0]
        self._write(
            BEGIN,
            {
                "run": first.run,
                "begins_at": first.begins_at,
                "ends_at": first.ends_at,
                "listings": [str(place.listing) for place in places],
                "resume_from": [place.resume_from for place in places],
            },
        )
        return self.of_run(first.run)

    def save(self, checkpoint: Checkpoint) -> None:
        self._write(
            SAVE,
            {
                "run": checkpoint.run,
                "listing": checkpoint.listing,
                "resume_from": checkpoint.resume_from,
                "window_end": checkpoint.window_end,
                "cursor": checkpoint.cursor,
            },
        )

    def finish(self, checkpoint: Checkpoint) -> None:
        self._write(FINISH, {"run": checkpoint.run, "listing": checkpoint.listing})

    def _write(self, statement: str, parameters: Mapping[str, Any]) -> None:
        self._database.retrying(lambda: self._database.one(statement, parameters))


class Asked:
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


def converge_one(
    database: Database, history: StripeHistory, till: PaymentStore
) -> Callable[[Hint], Outcome | TryLater | NoAnswer]:
    """The five steps for one of many purchases: whatever is wrong with it must not keep the others
    from being recorded. Raises when the database fails everybody."""

    def converged(hint: Hint) -> Outcome | TryLater | NoAnswer:
        asked = Asked(history)
        try:
            outcome = database.retrying(lambda: converge(hint, till, asked))
        except Exception as error:
            raise_if_everybodys(error, database)
            return TryLater(hint.event_id, f"cannot be recorded: {type(error).__name__}")
        if isinstance(outcome, TryLater) and isinstance(
            asked.answer, StripeUnreachable | StripeRefused
        ):
            return asked.answer
        return outcome

    return converged


def raise_if_everybodys(error: Exception, database: Database) -> None:
    """Raises when it was the database: it says so, or does not answer a question about nothing."""
    is_unavailable = isinstance(error, DatabaseUnavailable)
    behind = error.__context__ if is_unavailable else error
    sqlstate = getattr(behind, "sqlstate", None) or ""
    if sqlstate.startswith(EVERYBODYS) or (is_unavailable and sqlstate != INTERNAL):
        raise error
    ask_about_nothing(database)


def ask_about_nothing(database: Database) -> None:
    """Raises when the database does not answer even that."""
    database.retrying(lambda: database.one(KNOWN_EVENTS, {"event_ids": []}))


def rows_of(database: Database, query: str, parameters: Mapping[str, Any]) -> list[DictRow]:
    def read() -> list[DictRow]:
        with database.transaction() as connection:
            return connection.execute(query, parameters).fetchall()

    return database.retrying(read)


def found_by(column: str, rows: Sequence[DictRow]) -> FindPayment:
    """Each row is read when it is asked for: one that was written by hand and says what no payment
    can keeps none of the others from being read."""
    by_key = {row[column]: row for row in rows}

    def find(key: str) -> FoundPayment | None:
        row = by_key.get(key)
        stored = stored_payment_of(row) if row is not None else None
        return FoundPayment(stored, row["user_is_known"]) if row and stored else None

    return find


def row_keys(rows: Sequence[DictRow]) -> list[RowKey]:
    return [RowKey(row["at"], row["payment_id"], row["stripe_session_id"]) for row in rows]


def places_of(rows: Sequence[DictRow]) -> list[Checkpoint]:
    """Events first: what they repair needs no second look in the other lists."""
    places = [
        Checkpoint(
            run=row["run"],
            listing=Listing(row["listing"]),
            begins_at=row["begins_at"],
            resume_from=row["resume_from"],
            ends_at=row["ends_at"],
            window_end=row["window_end"],
            cursor=row["cursor"],
        )
        for row in rows
    ]
    ends = {place.run: at for at, place in reversed(list(enumerate(places)))}
    return sorted(places, key=lambda place: (ends[place.run], _IN_ORDER[place.listing]))
