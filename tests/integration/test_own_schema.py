"""The till in a schema of its own, beside an application's tables of the same names."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from adapters.connecting import connect
from adapters.migrations import Migrated, migrations_on_disk
from adapters.settings import Misconfigured
from domain.requests import Refused
from handlers import migrate, operations, reconcile, reports
from handlers.app import app
from tests.integration.pooler import pooler
from tests.integration.roles import ROLES, apply, as_role
from tests.till import Till, another_container, completed, open_till

SCHEMA = "My-Till"
ON_DISK = migrations_on_disk()

APPLICATION = """
CREATE TABLE users (id serial PRIMARY KEY, email text);
INSERT INTO users (email) VALUES ('ana@example.com');
CREATE TABLE packages (id int);
CREATE TABLE schema_migrations (version character varying PRIMARY KEY);
"""


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


@pytest.fixture
def application(empty_database_url: str) -> str:
    """The database of an application that has tables of its own in `public`."""
    run(empty_database_url, APPLICATION)
    return empty_database_url


@pytest.fixture
def till(application: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    """A till in a schema of its own; the handlers know of that from the environment alone."""
    assert isinstance(apply(application, ON_DISK, SCHEMA), Migrated)
    here = quote(f'-csearch_path="{SCHEMA}"')
    with open_till(f"{application}?options={here}", monkeypatch) as opened:
        monkeypatch.setenv("DATABASE_URL", application)
        monkeypatch.setenv("DATABASE_SCHEMA", SCHEMA)
        yield opened


def relations(url: str, schema: str) -> set[str]:
    query = f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'"
    return {name for (name,) in rows(url, query)}


def test_a_purchase_its_report_reconcile_and_operations_work_beside_the_application(
    till: Till, application: str
) -> None:
    session_id = till.sell_paid()
    till.account.refund(session_id, 500)
    till.deliver(till.latest("refund.created"))
    another = till.account.complete(till.sell("user_9"))
    till.deliver(completed(another))
    assert reconcile.handler({}, None)["error"] is None
    adjusted = {"operation": "adjust_credits", "user_id": "user_9", "delta": -1}
    done = operations.handler({**adjusted, "actor": "olga", "request_id": "1"}, None)
    erased = {"operation": "erase_user", "user_id": "user_123"}
    gone = operations.handler({**erased, "actor": "olga", "request_id": "2"}, None)
    read: Any = reports.handler({"report": "payments_by_status"}, None)
    assert (done["outcome"], gone["outcome"]) == ("recorded", "recorded")
    assert till.credits("user_9") == 999
    assert sum(row["payments"] for row in read["rows"]) == 2
    assert (till.audit(), till.audit("rollup_audit"), till.audit("customers_audit")) == ([], [], [])
    assert rows(application, "SELECT * FROM public.users") == [(1, "ana@example.com")]


def test_all_that_the_till_has_is_in_its_schema(till: Till, application: str) -> None:
    assert relations(application, "public") == {"users", "packages", "schema_migrations"}
    assert {"till", "users", "packages", "schema_migrations"} < relations(application, SCHEMA)


def test_every_role_finds_the_schema_and_may_use_it(till: Till, application: str) -> None:
    for role in ROLES:
        with connect(as_role(application, role), SCHEMA) as connection:
            assert connection.execute("SELECT count(*) AS n FROM packages").fetchone() == {"n": 3}


def test_the_handler_migrates_the_schema_that_the_environment_names(
    application: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", application)
    monkeypatch.setenv("DATABASE_SCHEMA", "shop")
    versions = [migration.version for migration in ON_DISK]
    assert migrate.handler({}, None) == {"applied": versions, "already_applied": []}
    assert migrate.handler({}, None) == {"applied": [], "already_applied": versions}
    assert "payment_transactions" in relations(application, "shop")


def test_a_schema_that_is_there_is_used(application: str) -> None:
    run(application, 'CREATE SCHEMA "My-Till"')
    assert isinstance(apply(application, ON_DISK, SCHEMA), Migrated)


def test_reports_read_the_schema_from_a_replica_too(
    till: Till, application: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.sell_paid()
    with another_container():
        monkeypatch.setenv("DATABASE_READ_URL", application)
        monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
        read: Any = reports.handler({"report": "recent_payments"}, None)
    assert len(read["rows"]) == 1


# What is somebody else's.


def refused(url: str, schema: str = "public") -> Refused:
    before = relations(url, schema)
    answer = apply(url, ON_DISK, schema)
    assert isinstance(answer, Refused)
    assert relations(url, schema) == before
    return answer


TAKEN = {
    "users": "CREATE TABLE users (id int)",
    "credit_ledger": "CREATE VIEW credit_ledger AS SELECT 1 AS one",
    "customer_totals": "CREATE MATERIALIZED VIEW customer_totals AS SELECT 1 AS one",
    "packages": "CREATE TYPE packages AS ENUM ('small', 'large')",
    "payment_totals": "CREATE SEQUENCE payment_totals",
    "usd_returned": "CREATE FUNCTION usd_returned(int) RETURNS int LANGUAGE sql RETURN 1",
    "schema_migrations": "CREATE TABLE schema_migrations (version varchar)",
}


@pytest.mark.parametrize(("name", "statement"), TAKEN.items(), ids=list(TAKEN))
@pytest.mark.parametrize("schema", ["public", SCHEMA])
def test_what_is_there_by_a_name_of_the_tills_is_left_alone(
    empty_database_url: str, schema: str, name: str, statement: str
) -> None:
    run(
        empty_database_url,
        f'CREATE SCHEMA IF NOT EXISTS "{schema}"',
        f'SET search_path = "{schema}"; {statement}',
    )
    answer = refused(empty_database_url, schema)
    assert answer.code == "taken"
    assert answer.message.startswith(f"the schema {schema} has {name} already")
    assert "set DATABASE_SCHEMA" in answer.message


def test_all_names_that_are_taken_are_told_at_once(application: str) -> None:
    run(application, "DROP TABLE schema_migrations")
    assert "packages, users already" in refused(application).message


def test_a_function_by_the_name_of_a_table_is_in_nobodys_way(empty_database_url: str) -> None:
    run(empty_database_url, "CREATE FUNCTION users() RETURNS int LANGUAGE sql RETURN 1")
    assert isinstance(apply(empty_database_url, ON_DISK), Migrated)


def test_a_database_with_a_till_gets_no_second_one_in_another_schema(
    database_url: str, application: str
) -> None:
    answer = refused(database_url, SCHEMA)
    assert (answer.code, "a till in the schema public" in answer.message) == ("another_till", True)
    apply(application, ON_DISK, SCHEMA)
    run(application, "DROP TABLE schema_migrations, users, packages")
    assert '"My-Till"' in refused(application).message


@contextmanager
def somebody(url: str) -> Iterator[str]:
    """The database for a user who owns nothing in it and may make nothing."""
    name = f"somebody_{uuid.uuid4().hex}"
    run(url, f"CREATE ROLE {name} LOGIN")
    try:
        yield name
    finally:
        run(url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


@pytest.mark.parametrize("is_there", [False, True])
def test_who_may_make_nothing_is_told_what_an_administrator_must_run(
    application: str, is_there: bool
) -> None:
    if is_there:
        run(application, 'CREATE SCHEMA "My-Till"')
    with somebody(application) as name:
        as_somebody = application.replace("postgres@", f"{name}@")
        answer = refused(as_somebody, SCHEMA)
        assert answer.code == "not_allowed"
        command = answer.message.partition("run: ")[2].partition(";")[0]
        run(application, command)
        assert refused(as_somebody, SCHEMA).message != answer.message


# On the way there.

REFUSALS = {
    "RDS Proxy": "Feature not supported: RDS Proxy currently doesn’t support command-line options.",
    "pgbouncer": "unsupported startup parameter: options",
    "pgbouncer, newer": "unsupported startup parameter in options: search_path",
    "a pooler that ignores them": None,
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=list(REFUSALS))
def test_behind_a_pooler_the_role_says_which_schema(
    till: Till, application: str, refusal: str | None
) -> None:
    with somebody(application) as name, pooler(application, refusal) as way:
        run(application, f"GRANT webhook_writer TO {name}")
        url = way.url.replace("postgres@", f"{name}@")
        with pytest.raises(Misconfigured, match="DATABASE_SCHEMA is not in force") as told:
            connect(url, SCHEMA)
        run(application, str(told.value).partition("anew: ")[2])
        with connect(url, SCHEMA) as connection:
            assert connection.execute("SELECT FROM till").rowcount == 1


@pytest.mark.parametrize("path", ['"My-Till", public', "public", '"$user", "My-Till"'])
def test_a_path_with_more_than_the_schema_is_refused(
    till: Till, application: str, path: str
) -> None:
    with somebody(application) as name, pooler(application) as way:
        command = "ALTER ROLE {} IN DATABASE {} SET search_path = "
        with psycopg.connect(application, autocommit=True) as connection:
            connection.execute(
                sql.SQL(command).format(
                    sql.Identifier(name), sql.Identifier(connection.info.dbname)
                )
                + sql.SQL(path)  # type: ignore[arg-type]
            )
        with pytest.raises(Misconfigured, match="not in force"):
            connect(way.url.replace("postgres@", f"{name}@"), SCHEMA)


def test_a_delivery_in_another_schema_is_answered_503_and_the_doctor_says_why(
    till: Till, application: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = completed(till.account.complete(till.sell()))
    app.close()
    with pooler(application) as way:
        monkeypatch.setenv("DATABASE_URL", way.url)
        assert till.deliver(event).status_code == 503
        answer = operations.handler({"operation": "doctor"}, None)
    (told,) = [each for each in answer["checks"] if each["check"] == "database_reachable"]
    assert "ALTER ROLE postgres IN DATABASE" in told["message"]


def test_nothing_is_asked_for_at_connect_where_the_schema_is_public(database_url: str) -> None:
    with pooler(database_url) as way:
        connect(way.url).close()
        assert ["options" in asked for asked in way.asked] == [False]


@pytest.mark.parametrize("name", ["till", "My-Till", 'my "own" till', "a\\b", "a,b", "tíll", "9"])
def test_any_name_that_postgres_takes_will_do(empty_database_url: str, name: str) -> None:
    assert isinstance(apply(empty_database_url, ON_DISK, name), Migrated)
    with connect(empty_database_url, name) as connection:
        assert connection.execute("SELECT current_schema() AS it").fetchone() == {"it": name}
