"""The database side of reconcile and prove: what is recorded, and how far the walks have come."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from adapters.payments import packages_of, rules_of, stored_payment_of
from adapters.postgres import Database
from adapters.sql_files import SQL_ROOT, statement
from domain.packages import ForSale
from reconcile.progress import Progress, Sweep
from reconcile.sources import Finding, FindPayment, FoundPayment, RowKey
from reports.declaration import read_report

KNOWN_EVENTS = statement("reconcile/known_events")
FIND_PAYMENTS = statement("reconcile/find_payments")
READ_CATALOGUE = statement("reconcile/read_packages")
FIND_INCOMPLETE = statement("reconcile/find_incomplete_payments")
FIND_PAID = statement("reconcile/find_paid_payments")
AUDIT = read_report("ledger_audit", (SQL_ROOT / "reports" / "ledger_audit.sql").read_text("utf-8"))
READ_WALK = statement("reconcile/read_walk")
READ_UNFINISHED = statement("reconcile/read_unfinished_backfills")
BEGIN = statement("reconcile/begin_backfill")
SAVE = statement("reconcile/save_progress")
FINISH = statement("reconcile/finish_backfill")

# The audit reads the whole ledger, and the caller takes its time for the findings.
AUDIT_SECONDS = 600.0

_IN_ORDER = {sweep: place for place, sweep in enumerate(Sweep)}


class PostgresRecords:
    """`reconcile.sources.Records` over Postgres."""

    def __init__(
        self, database: Database, hold_unknown_users: bool, hold_unlisted_sales: bool
    ) -> None:
        self._database = database
        self._hold_unknown_users = hold_unknown_users
        self._hold_unlisted_sales = hold_unlisted_sales

    def known_events(self, event_ids: Sequence[str]) -> Collection[str]:
        (row,) = _rows(self._database, KNOWN_EVENTS, {"event_ids": list(event_ids)})
        return frozenset(row["event_ids"])

    def payments_of_sessions(self, session_ids: Sequence[str]) -> FindPayment:
        return _found_by("stripe_session_id", self._payments(session_ids=session_ids))

    def payments_of_intents(self, payment_intents: Sequence[str]) -> FindPayment:
        found = self._payments(payment_intents=payment_intents)
        return _found_by("stripe_payment_intent_id", found)

    def for_sale(self) -> ForSale:
        (row,) = _rows(self._database, READ_CATALOGUE, {})
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
        return _row_keys(_rows(self._database, FIND_INCOMPLETE, parameters))

    def paid(self, since: datetime, until: datetime, after: RowKey | None) -> Sequence[RowKey]:
        parameters = {
            "until": until,
            "after_at": after.at if after else since,
            "after_id": after.payment_id if after else "",
        }
        return _row_keys(_rows(self._database, FIND_PAID, parameters))

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
        return _rows(self._database, FIND_PAYMENTS, parameters)


class PostgresProgress:
    """`reconcile.sources.ProgressBook` over Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def walk(self, name: str) -> Sequence[Progress]:
        return _places(_rows(self._database, READ_WALK, {"walk": name}))

    def unfinished_backfills(self) -> Sequence[Progress]:
        return _places(_rows(self._database, READ_UNFINISHED, {}))

    def begin(self, places: Sequence[Progress]) -> Sequence[Progress]:
        first = places[0]
        self._write(
            BEGIN,
            {
                "walk": first.walk,
                "begins_at": first.begins_at,
                "ends_at": first.ends_at,
                "sweeps": [str(place.sweep) for place in places],
                "resume_from": [place.resume_from for place in places],
            },
        )
        return self.walk(first.walk)

    def save(self, progress: Progress) -> None:
        self._write(
            SAVE,
            {
                "walk": progress.walk,
                "sweep": progress.sweep,
                "resume_from": progress.resume_from,
                "window_end": progress.window_end,
                "cursor": progress.cursor,
            },
        )

    def finish(self, progress: Progress) -> None:
        self._write(FINISH, {"walk": progress.walk, "sweep": progress.sweep})

    def _write(self, statement: str, parameters: Mapping[str, Any]) -> None:
        self._database.retrying(lambda: self._database.one(statement, parameters))


def ask_about_nothing(database: Database) -> None:
    """Raises when the database does not answer even that."""
    database.retrying(lambda: database.one(KNOWN_EVENTS, {"event_ids": []}))


def _rows(database: Database, query: str, parameters: Mapping[str, Any]) -> list[DictRow]:
    def read() -> list[DictRow]:
        with database.transaction() as connection:
            return connection.execute(query, parameters).fetchall()

    return database.retrying(read)


def _found_by(column: str, rows: Sequence[DictRow]) -> FindPayment:
    """Each row is read when it is asked for: one that was written by hand and says what no payment
    can keeps none of the others from being read."""
    by_key = {row[column]: row for row in rows}

    def find(key: str) -> FoundPayment | None:
        row = by_key.get(key)
        stored = stored_payment_of(row) if row is not None else None
        return FoundPayment(stored, row["user_is_known"]) if row and stored else None

    return find


def _row_keys(rows: Sequence[DictRow]) -> list[RowKey]:
    return [RowKey(row["at"], row["payment_id"], row["stripe_session_id"]) for row in rows]


def _places(rows: Sequence[DictRow]) -> list[Progress]:
    """Events first: what they repair needs no second look in the other lists."""
    places = [
        Progress(
            walk=row["walk"],
            sweep=Sweep(row["sweep"]),
            begins_at=row["begins_at"],
            resume_from=row["resume_from"],
            ends_at=row["ends_at"],
            window_end=row["window_end"],
            cursor=row["cursor"],
        )
        for row in rows
    ]
    ends = {place.walk: at for at, place in reversed(list(enumerate(places)))}
    return sorted(places, key=lambda place: (ends[place.walk], _IN_ORDER[place.sweep]))
