"""Runs reports in Postgres: read-only, as a role that can only read, with a time limit."""

import logging
from pathlib import Path

import psycopg
from psycopg import errors

from adapters.postgres import Database, DatabaseUnavailable
from adapters.sql_files import SQL_ROOT
from domain.reports.answers import Table
from domain.reports.catalogue import Catalogue, read_catalogue
from domain.reports.problems import Problem
from domain.reports.queries import Query

# API Gateway waits 30 s for an answer.
STATEMENT_TIMEOUT_MS = 20_000

# One round trip. All four end with the transaction, so a pooled connection goes back as it was.
# The statement takes a snapshot, and after a transaction's first snapshot Postgres refuses to make
# it writable again. The role comes last and in a statement of its own, before any value of the
# caller's: what is then parsed is one SELECT inside a subquery, bound through the extended
# protocol, which takes no second statement; and the catalogue refuses a report that names
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

logger = logging.getLogger("tokentill.reports")


def catalogue_of(directory: Path) -> Catalogue:
    """The reports of a directory, one `.sql` file each.

    :raises HeaderError: a file that declares its report wrongly.
    """
    return read_catalogue({file.stem: file.read_text("utf-8") for file in directory.glob("*.sql")})


class Reports:
    """The reports in `sql/reports/`, and the database that they read."""

    def __init__(
        self, database: Database, statement_timeout_ms: int = STATEMENT_TIMEOUT_MS
    ) -> None:
        self._database = database
        self._timeout = str(statement_timeout_ms)
        self.catalogue = catalogue_of(SQL_ROOT / "reports")

    def read(self, query: Query) -> Table | Problem:
        """Run one report's query in a transaction of its own."""
        try:
            return self._database.retrying(lambda: self._table(query))
        except errors.QueryCanceled:
            return _TOO_SLOW
        except (DatabaseUnavailable, psycopg.OperationalError) as error:
            return _logged(_UNAVAILABLE, query, error)
        except psycopg.Error as error:
            return _logged(_REPORT_FAILED, query, error)

    def _table(self, query: Query) -> Table:
        with self._database.transaction() as connection:
            connection.execute(_READ_ONLY, (self._timeout,))
            cursor = connection.execute(query.statement, query.values)
            columns = tuple(column.name for column in cursor.description or ())
            return Table(columns, cursor.fetchall())


def _logged(problem: Problem, query: Query, error: Exception) -> Problem:
    # The message may quote rows or connection details; the class and SQLSTATE name the cause.
    cause = error.__cause__ or error
    sqlstate = getattr(cause, "sqlstate", None)
    logger.error("%s: %s, %s %s", query.report, problem.code, type(cause).__name__, sqlstate)
    return problem
