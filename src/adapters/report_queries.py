"""Runs reports in Postgres: read-only, as a role that can only read, with a time limit."""

import copy
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

import psycopg
from psycopg import errors

from adapters.postgres import Connection, Database, DatabaseUnavailable
from adapters.sql_files import SQL_ROOT
from reports.answers import Exported, Table
from reports.declaration import Reports, read_reports
from reports.problems import Problem
from reports.queries import Query

# API Gateway waits 30 s for an answer.
STATEMENT_TIMEOUT_MS = 20_000
# A server that is there stops a report by itself; what is said after this, nobody says any more.
GRACE_SECONDS = 2.0

# One round trip. All four end with the transaction, so a pooled connection goes back as it was.
# The statement takes a snapshot, and after a transaction's first snapshot Postgres refuses to make
# it writable again. The role comes last and in a statement of its own, before any value of the
# caller's: what is then parsed is one SELECT inside a subquery, bound through the extended
# protocol, which takes no second statement; and a declaration is refused that names
# set_config or SET, the only ways back.
_READ_ONLY = """
SELECT set_config('transaction_read_only', 'on', true),
       set_config('statement_timeout', %s, true),
       set_config('TimeZone', 'UTC', true),
       set_config('role', 'report_reader', true)
"""

_UNAVAILABLE = Problem(
    "unavailable", "The database cannot be read at the moment. Try again shortly."
)
_TOO_SLOW = Problem(
    "too_slow",
    "The report took too long and was stopped. Ask for less, or narrow it with its parameters.",
)
_REPORT_FAILED = Problem(
    "report_failed", "The report failed. The log says why; other params may work."
)

_NOT_CONFIGURED = Problem(
    "export_not_configured",
    "There is no bucket to export to. Set REPORTS_EXPORT_BUCKET, or read the report page by page.",
)
_EXPORT_FAILED = Problem(
    "export_failed",
    "The export could not be written to its bucket. The log says why; nothing was left behind.",
)

T = TypeVar("T")

logger = logging.getLogger("tokentill.reports")


def reports_in(directory: Path) -> Reports:
    """The reports of a directory, one `.sql` file each.

    :raises HeaderError: a file that declares its report wrongly.
    """
    return read_reports({file.stem: file.read_text("utf-8") for file in directory.glob("*.sql")})


# A report whose file cannot be read fails here, at cold start, and not at the first call.
REPORTS = reports_in(SQL_ROOT / "reports")


class _Writes(Exception):
    """A report writes. The transaction refuses that, and not a connection that leads to a reader:
    another one would say the same."""


class PostgresReports:
    """Reports, the database that they read, the bucket that takes exports.

    `within` gives the same reports to a call that has only so many seconds.
    """

    def __init__(
        self,
        database: Database,
        export_bucket: str = "",
        *,
        reports: Reports = REPORTS,
        statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
    ) -> None:
        self._database = database
        self._export_bucket = export_bucket
        self._timeout = str(statement_timeout_ms)
        self._read_seconds = statement_timeout_ms / 1000 + GRACE_SECONDS
        self._seconds_left: Callable[[], float] = lambda: math.inf
        self.reports = reports

    def within(self, seconds_left: Callable[[], float]) -> Self:
        """The same reports; an export gives up in time to tidy up and say so."""
        limited = copy.copy(self)
        limited._seconds_left = seconds_left
        return limited

    def read(self, query: Query) -> Table | Problem:
        """Run one report's query in a transaction of its own."""
        return self._guarded(query, self._table, self._read_seconds)

    def export(self, query: Query) -> Exported | Problem:
        """Write a report's whole result to the bucket, from one snapshot of the database."""
        if not self._export_bucket:
            return _NOT_CONFIGURED
        # boto3 is heavy, and only exports need it.
        from adapters.exports import S3_FAILURES, ExportOutOfTime

        try:
            return self._guarded(query, self._exported, self._seconds_left())
        except ExportOutOfTime:
            return _TOO_SLOW
        except S3_FAILURES as error:
            return _logged(_EXPORT_FAILED, query, error)

    def _guarded(
        self, query: Query, work: Callable[[Query, Connection], T], seconds: float
    ) -> T | Problem:
        try:
            return self._database.retrying(lambda: self._reading(query, work), seconds)
        except errors.QueryCanceled:
            return _TOO_SLOW
        except (DatabaseUnavailable, psycopg.OperationalError) as error:
            return _logged(_UNAVAILABLE, query, error)
        except (_Writes, psycopg.Error) as error:
            return _logged(_REPORT_FAILED, query, error)

    def _reading(self, query: Query, work: Callable[[Query, Connection], T]) -> T:
        with self._database.transaction(math.inf) as connection:
            connection.execute(_READ_ONLY, (self._timeout,))
            try:
                return work(query, connection)
            except errors.ReadOnlySqlTransaction as error:
                raise _Writes from error

    def _table(self, query: Query, connection: Connection) -> Table:
        cursor = connection.execute(query.statement, query.values)
        columns = tuple(column.name for column in cursor.description or ())
        return Table(columns, cursor.fetchall())

    def _exported(self, query: Query, connection: Connection) -> Exported:
        from adapters.exports import bucket

        return bucket(self._export_bucket).export(query, connection, self._seconds_left)


def _logged(problem: Problem, query: Query, error: Exception) -> Problem:
    # The message may quote rows or connection details; the class and the code name the cause.
    behind = error.__context__ if isinstance(error, DatabaseUnavailable) else error.__cause__
    cause = behind or error
    code = getattr(cause, "sqlstate", None) or _s3_code(cause)
    logger.error("%s: %s, %s %s", query.report, problem.code, type(cause).__name__, code)
    return problem


def _s3_code(error: BaseException) -> object:
    return getattr(error, "response", {}).get("Error", {}).get("Code")
