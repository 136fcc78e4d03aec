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


def written_once(
    database: Database, signed: Signed, statement: str, parameters: Mapping[str, Any]
) -> DictRow | None:
    """As `Database.one`, under the request's id, or not at all: what it writes without a row to
    show for it is nothing that takes an id. Raises UniqueViolation when somebody has the id, see
    `id_is_taken`."""
    with database.transaction() as connection:
        row = connection.execute(statement, parameters).fetchone()
        if row is not None:
            connection.execute(CLAIM, {"request_id": signed.request_id})
    return row


def id_is_taken(error: UniqueViolation) -> bool:
    """Whether it was the request's id that somebody had."""
    return error.diag.constraint_name == "credit_requests_pkey"
