"""What the role of the application may do, by trying, and what nobody else may."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from tests.integration.credits.application import Books, Credits
from tests.integration.roles import as_role

FUNCTIONS = {
    "spend_credits",
    "reserve_credits",
    "extend_credits",
    "capture_credits",
    "release_credits",
    "return_credits",
    "grant_credits",
    "credit_balance",
}
READABLE = {"users", "credit_ledger", "credit_reservations", "payment_transactions", "packages"}
EXECUTABLE = (
    "SELECT proname AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    " AND has_function_privilege(%s, oid, 'EXECUTE')"
)
ALLOWED = (
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    " AND relkind IN ('r', 'v', 'm', 'p', 'f', 'S') AND has_table_privilege(%s, oid, %s)"
)
WRITING = "INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER"


def names(books: Books, query: str, *parameters: str) -> set[str]:
    return {row["name"] for row in books.rows(query, *parameters)}


def test_the_application_may_call_eight_functions_and_no_other(books: Books) -> None:
    assert names(books, EXECUTABLE, "application") == FUNCTIONS


def test_everybody_may_call_nothing(books: Books) -> None:
    assert names(books, EXECUTABLE, "public") == set()


def test_the_application_may_read_five_tables_and_write_none(books: Books) -> None:
    assert names(books, ALLOWED, "application", "SELECT") == READABLE
    assert names(books, ALLOWED, "application", WRITING) == set()


def test_the_application_may_do_nothing_to_a_column_either(books: Books) -> None:
    granted = books.rows(
        "SELECT attrelid::regclass FROM pg_attribute, aclexplode(attacl) AS acl"
        " WHERE acl.grantee = 'application'::regrole"
    )
    assert granted == []


def test_the_application_has_no_power_and_is_a_member_of_nothing(books: Books) -> None:
    query = (
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
        " OR rolcanlogin OR EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid)"
        " OR EXISTS (SELECT FROM pg_shdepend WHERE refobjid = pg_roles.oid AND deptype = 'o')"
        " AS powerful FROM pg_roles WHERE rolname = 'application'"
    )
    assert books.rows(query) == [{"powerful": False}]


def test_the_functions_are_run_as_their_owner_with_a_path_that_is_theirs(books: Books) -> None:
    rows = books.rows(
        "SELECT proname, prosecdef, proisstrict, proowner::regrole::text AS owner, proconfig"
        " FROM pg_proc WHERE proname = ANY(%s)",
        sorted(FUNCTIONS),
    )
    for row in rows:
        assert (row["prosecdef"], row["proisstrict"], row["owner"]) == (True, False, "migrator")
        assert "search_path=public, pg_temp" in row["proconfig"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET credits = 1000000",
        "INSERT INTO users (user_id) VALUES ('bob')",
        "DELETE FROM users",
        "TRUNCATE users CASCADE",
        "SELECT FROM users FOR UPDATE",
        "SELECT FROM users FOR KEY SHARE",
        "INSERT INTO credit_ledger SELECT * FROM credit_ledger",
        "DELETE FROM credit_ledger",
        "UPDATE credit_reservations SET lasts_until = 'infinity'",
        "DELETE FROM credit_reservations",
        "SELECT FROM credit_requests",
        "UPDATE packages SET tokens = 1000000",
        "UPDATE payment_transactions SET user_id = 'ana'",
        "SELECT FROM stripe_events",
        "SELECT FROM till",
        "SELECT FROM schema_migrations",
        "SELECT FROM payment_totals",
        "SELECT enter_credits('ana', 1000000, 'grant', 'r', NULL, NULL)",
        "SELECT request_credits('grant', 'ana', 1000000, 'r', NULL, NULL, NULL)",
        "SELECT credits_of('ana', now())",
        "SELECT locked_request('welcome')",
        "SELECT new_entry_id()",
        "CREATE TABLE mine (n int)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
        "CREATE SCHEMA mine",
        "ALTER FUNCTION spend_credits RESET search_path",
        "DROP FUNCTION spend_credits",
        "CREATE OR REPLACE FUNCTION new_entry_id() RETURNS text LANGUAGE sql RETURN 'x'",
        "ALTER TABLE credit_ledger DISABLE TRIGGER ALL",
        "COPY users TO PROGRAM 'true'",
    ],
)
def test_the_application_cannot(app: Credits, books: Books, statement: str) -> None:
    before = books.everything()
    with (
        psycopg.connect(as_role(books.database_url, "application")) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())
    assert books.everything() == before


@pytest.mark.parametrize("role", ["webhook_writer", "report_reader", "pg_monitor"])
def test_nobody_else_may_call_them(app: Credits, books: Books, role: str) -> None:
    for call in (
        b"SELECT spend_credits('ana', 1, '1')",
        b"SELECT grant_credits('ana', 1, '1')",
        b"SELECT credit_balance('ana')",
    ):
        with (
            psycopg.connect(as_role(books.database_url, role)) as connection,
            pytest.raises(errors.InsufficientPrivilege),
        ):
            connection.execute(call)


def test_an_operator_may_call_them_too(app: Credits, books: Books) -> None:
    with psycopg.connect(as_role(books.database_url, "operator"), autocommit=True) as connection:
        assert Credits(connection).spend(1, "1") == ("recorded", 99, 99)


def test_whoever_logs_in_as_a_member_calls_them_and_is_named(app: Credits, books: Books) -> None:
    books.execute("CREATE ROLE shop_app LOGIN IN ROLE application")
    try:
        with psycopg.connect(books.database_url, user="shop_app", autocommit=True) as connection:
            assert Credits(connection).spend(1, "1") == ("recorded", 99, 99)
            assert connection.execute(b"SELECT credits FROM users").fetchall() == [(99,)]
        query = "SELECT actor FROM credit_ledger WHERE reason = 'spend'"
        assert books.rows(query) == [{"actor": "shop_app"}]
    finally:
        books.execute("DROP ROLE shop_app")
