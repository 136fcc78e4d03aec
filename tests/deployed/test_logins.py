"""Who is logged in to Postgres, in each way to have a database."""

from __future__ import annotations

from local.postgres_as_rds import MASTER
from tests.deployed.conftest import USERS
from tests.deployed.stacks import Stack

BY_TOKEN = {"tokentill_webhook", "tokentill_reports", "tokentill_operations"}


def logged_in(stack: Stack) -> set[str]:
    """The roles of the functions' connections, after each function was called."""
    assert stack.deliver(stack.purchase("whoever")) == (200, "recorded")
    assert "rows" in stack.invoke("reports", {"report": "recent_payments"})
    assert "checks" in stack.invoke("operations", {"operation": "doctor"})
    assert stack.invoke("reconcile", {})["finished"]
    rows = stack.till.rows(
        "SELECT usename FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'tokentill'"
    )
    return {row["usename"] for row in rows}


def test_with_the_owners_secret_everybody_is_the_owner(stack: Stack) -> None:
    assert logged_in(stack) == {MASTER}


def test_with_secrets_of_their_own_each_function_is_its_own_user(user_stack: Stack) -> None:
    assert logged_in(user_stack) - {MASTER} == set(USERS)


def test_with_tokens_each_function_is_its_own_role(iam_stack: Stack) -> None:
    assert logged_in(iam_stack) - {MASTER} == BY_TOKEN


def test_aurora_is_logged_in_to_with_tokens(aurora_stack: Stack) -> None:
    assert logged_in(aurora_stack) - {MASTER} == BY_TOKEN


def test_no_superuser_had_a_hand_in_it(stack: Stack) -> None:
    (owned,) = stack.till.rows(
        "SELECT count(*) FILTER (WHERE rolsuper) AS by_superusers, count(*) > 0 AS is_there"
        " FROM pg_class JOIN pg_roles r ON r.oid = relowner"
        " WHERE relnamespace = 'public'::regnamespace"
    )
    assert owned == {"by_superusers": 0, "is_there": True}
