"""What an operator is told when an operation fails: "try again" only when it may work."""

import psycopg
import pytest
from psycopg import errors

from adapters.operations import failed
from adapters.postgres import DatabaseUnavailable
from adapters.settings import Misconfigured

# https://www.postgresql.org/docs/current/errcodes-appendix.html
PASSING = {
    "08003": "connection does not exist",
    "08006": "connection failure",
    "40001": "serialization failure",
    "40P01": "deadlock",
    "53100": "disk full",
    "53200": "out of memory",
    "53300": "too many connections",
    "55P03": "lock not available",
    "57014": "statement timeout",
    "57P01": "admin shutdown",
    "57P03": "cannot connect now",
    "58030": "input/output error",
}
FOR_GOOD = {
    "22001": "string too long",
    "22021": "character not in repertoire",
    "22P02": "invalid text",
    "22P05": "untranslatable character",
    "23502": "not null",
    "23503": "foreign key",
    "23505": "unique",
    "23514": "check",
    "54000": "program limit: an index row too large",
    "54001": "statement too complex",
    "54011": "too many columns",
    "54023": "too many arguments",
}
TO_BE_MENDED = {"42P01": "undefined table", "42501": "insufficient privilege", "XX000": "internal"}


@pytest.mark.parametrize("sqlstate", PASSING, ids=PASSING.get)
def test_what_may_pass_is_to_be_tried_again(sqlstate: str) -> None:
    refused = failed(errors.lookup(sqlstate)())
    assert refused.code == "not_done"
    assert refused.message.endswith("try again")


@pytest.mark.parametrize("sqlstate", FOR_GOOD, ids=FOR_GOOD.get)
def test_what_can_never_be_stored_is_said_to_be_so(sqlstate: str) -> None:
    kind = errors.lookup(sqlstate)
    refused = failed(kind())
    assert refused.code == "not_possible"
    assert kind.__name__ in refused.message
    assert "again" not in refused.message


@pytest.mark.parametrize("sqlstate", TO_BE_MENDED, ids=TO_BE_MENDED.get)
def test_what_somebody_must_mend_is_not_to_be_tried_again(sqlstate: str) -> None:
    refused = failed(errors.lookup(sqlstate)())
    assert refused.code == "failed"
    assert "again" not in refused.message


def test_a_number_beyond_what_a_balance_can_be_is_named() -> None:
    refused = failed(errors.NumericValueOutOfRange())
    assert refused.code == "out_of_range"
    assert "larger than any" in refused.message


def test_a_text_that_never_reached_the_database_is_not_to_be_tried_again() -> None:
    assert failed(psycopg.DataError("text cannot contain NUL")).code == "not_possible"


@pytest.mark.parametrize("error", [DatabaseUnavailable("gone"), psycopg.OperationalError("lost")])
def test_a_database_that_is_away_may_be_back(error: Exception) -> None:
    assert failed(error).code == "not_done"


@pytest.mark.parametrize(
    "error",
    [KeyError("id"), TypeError(), ValueError(), AttributeError(), OverflowError(), IndexError()],
)
def test_a_shape_that_nobody_foresaw_is_named(error: Exception) -> None:
    refused = failed(error)
    assert refused.code == "unreadable"
    assert type(error).__name__ in refused.message


def test_what_is_misconfigured_is_named() -> None:
    refused = failed(Misconfigured("STRIPE_API_KEY is missing"))
    assert refused.code == "failed"
    assert "STRIPE_API_KEY is missing" in refused.message


@pytest.mark.parametrize(
    "error", [errors.UniqueViolation("(user_id)=(zoe)"), RuntimeError("zoe"), KeyError("zoe")]
)
def test_the_texts_of_foreign_errors_are_not_repeated(error: Exception) -> None:
    assert "zoe" not in failed(error).message
