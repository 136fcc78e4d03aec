"""The ids of requests: operations and the functions for credits share one name space, which the key
of `credit_requests` keeps. Each id is good for one request, for ever."""

from collections.abc import Mapping
from typing import Any

from psycopg.errors import UniqueViolation
from psycopg.rows import DictRow

from adapters.postgres import Database
from adapters.sql_files import statement
from domain.events import Signed

CLAIM = statement("operations/claim_request_id")

# What reads or writes a great many rows.
LONG_SECONDS = 800.0


def written_once(
    database: Database,
    signed: Signed,
    statement: str,
    parameters: Mapping[str, Any],
    begin: str | None = None,
) -> DictRow | None:
    """As `Database.one`, under the request's id, or not at all; a statement without a row has done
    nothing, and takes no id. With `begin` before it, it may take as long as a function. Raises
    UniqueViolation when somebody has the id, see `id_is_taken`."""
    with database.transaction(LONG_SECONDS if begin else None) as connection:
        if begin:
            # Two statements in one are never prepared.
            connection.execute(begin, prepare=False)
        row = connection.execute(statement, parameters).fetchone()
        if row is not None:
            connection.execute(CLAIM, {"request_id": signed.request_id})
    return row


def id_is_taken(error: UniqueViolation) -> bool:
    """Whether it was the request's id that somebody had."""
    return error.diag.constraint_name == "credit_requests_pkey"
