"""Databases as RDS has them: an owner who is no superuser, logins by token and by password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from adapters.migrations import Migrated, migrations_on_disk
from domain.requests import Refused
from handlers import operations, reconcile, reports
from local.postgres import Server, postgres_server
from local.postgres_as_rds import LOGINS, PASSWORD, Rds, as_rds_runs_it, run
from tests.integration.roles import ROLES, apply, as_role
from tests.till import Till, another_container, completed, open_till

ON_DISK = migrations_on_disk()


@pytest.fixture(scope="module")
def rds() -> Iterator[Rds]:
    with postgres_server() as server:
        yield as_rds_runs_it(server)


@pytest.fixture
def url(rds: Rds) -> Iterator[str]:
    """A migrated database, for the master who owns it."""
    with rds.database("till", "master") as url:
        assert isinstance(apply(url, ON_DISK), Migrated)
        yield url


@pytest.fixture
def till(rds: Rds, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    with open_till(rds.server.url("till"), monkeypatch) as opened:
        yield opened


@contextmanager
def logged_in(url: str) -> Iterator[None]:
    """Handlers within log in so."""
    with pytest.MonkeyPatch.context() as patched, another_container():
        patched.setenv("DATABASE_URL", url)
        yield


def asked(operation: str, **fields: Any) -> str:
    request = {"operation": operation, "actor": "olga", "request_id": operation, **fields}
    return str(operations.handler(request, None).get("outcome"))


def read(report: str) -> list[dict[str, Any]]:
    answer = reports.handler({"report": report}, None)
    assert isinstance(answer, dict)
    assert "error" not in answer, answer
    return list(answer["rows"])


def test_all_functions_work_as_the_master_who_owns_the_tables(till: Till, url: str) -> None:
    event = completed(till.account.complete(till.sell()))
    with logged_in(url):
        assert till.deliver(event).outcome == "recorded"
        assert reconcile.handler({}, None)["error"] is None
        assert len(read("recent_payments")) == 1
        assert asked("adjust_credits", user_id="user_123", delta=-1) == "recorded"
        assert asked("erase_user", user_id="user_123") == "recorded"


def test_each_function_works_as_its_login_role(till: Till, rds: Rds) -> None:
    event = completed(till.account.complete(till.sell()))
    with logged_in(rds.url("till", "tokentill_webhook")):
        assert till.deliver(event).outcome == "recorded"
        assert reconcile.handler({}, None)["error"] is None
    with logged_in(rds.url("till", "tokentill_reports")):
        assert len(read("recent_payments")) == 1
    with logged_in(rds.url("till", "tokentill_operations")):
        assert asked("adjust_credits", user_id="user_123", delta=-1) == "recorded"


def test_a_user_with_a_password_works_as_a_member_of_webhook_writer(till: Till, rds: Rds) -> None:
    event = completed(till.account.complete(till.sell()))
    run(rds.url("till", "master"), f"CREATE ROLE ann LOGIN PASSWORD '{PASSWORD}'")
    run(rds.url("till", "master"), "GRANT webhook_writer TO ann")
    with logged_in(rds.url("till", "ann")):
        assert till.deliver(event).outcome == "recorded"
    rds.administer("DROP ROLE ann")


def test_the_master_still_logs_in_with_a_password(rds: Rds) -> None:
    psycopg.connect(rds.url("postgres", "master")).close()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_holds_privileges_needs_no_token_and_logs_in_nobody(
    rds: Rds, role: str
) -> None:
    with psycopg.connect(rds.server.admin_url) as connection:
        row = connection.execute(
            "SELECT rolcanlogin, pg_has_role(oid, 'rds_iam', 'MEMBER') FROM pg_roles"
            " WHERE rolname = %s",
            [role],
        ).fetchone()
    assert row == (False, False)


def test_a_login_role_is_a_member_of_one_role_and_its_waits_are_limited(rds: Rds) -> None:
    with psycopg.connect(rds.server.admin_url) as connection:
        rows = connection.execute(
            "SELECT member::regrole::text, string_agg(roleid::regrole::text, ' ' ORDER BY 1),"
            "       array_to_string(rolconfig, ' ')"
            "  FROM pg_auth_members JOIN pg_roles ON pg_roles.oid = member"
            " WHERE member::regrole::text = ANY(%s) AND roleid::regrole::text <> 'rds_iam'"
            " GROUP BY member, rolconfig",
            [list(LOGINS)],
        ).fetchall()
    waits = "statement_timeout=10s lock_timeout=5s idle_in_transaction_session_timeout=10s"
    assert sorted(rows) == [
        ("tokentill_operations", "operator", waits),
        (
            "tokentill_reports",
            "report_reader",
            "statement_timeout=30s default_transaction_read_only=on",
        ),
        ("tokentill_webhook", "webhook_writer", waits),
    ]


def test_nobody_is_left_of_those_who_made_the_login_roles(rds: Rds) -> None:
    with psycopg.connect(rds.server.admin_url) as connection:
        query = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'tokentill%' ORDER BY 1"
        names = [name for (name,) in connection.execute(query)]
    assert names == sorted(LOGINS)


def test_the_login_roles_of_a_schema_of_its_own_find_it_without_asking() -> None:
    with postgres_server() as server:
        rds = Rds(server)
        rds.administer("CREATE ROLE rds_iam NOLOGIN", "CREATE DATABASE till")
        assert isinstance(apply(server.url("till"), ON_DISK, "My-Till"), Migrated)
        for login in LOGINS:
            with psycopg.connect(rds.url("till", login)) as connection:
                assert connection.execute("SHOW search_path").fetchone() == ('"My-Till"',)


# An owner who may not make roles.


@contextmanager
def owner(rds: Rds, *rights: str) -> Iterator[str]:
    """A database for its owner, who may make no roles."""
    rds.administer(f"CREATE ROLE plain_owner LOGIN PASSWORD '{PASSWORD}'", *rights)
    try:
        with rds.database("plain", "plain_owner") as url:
            yield url
    finally:
        rds.administer("DROP ROLE plain_owner")


def test_who_is_a_member_of_the_roles_need_not_be_able_to_make_them(
    rds: Rds, monkeypatch: pytest.MonkeyPatch
) -> None:
    with owner(rds, f"GRANT {', '.join(ROLES)} TO plain_owner") as url:
        assert isinstance(apply(url, ON_DISK), Migrated)
        with open_till(rds.server.url("plain"), monkeypatch) as till, logged_in(url):
            till.sell_paid()
            assert len(read("recent_payments")) == 1
            assert asked("adjust_credits", user_id="user_123", delta=-1) == "recorded"


def statements_of(answer: Migrated | Refused) -> list[str]:
    """What an administrator is asked to run."""
    assert isinstance(answer, Refused)
    assert answer.code == "not_allowed"
    assert "let an administrator run:" in answer.message
    return answer.message.partition("run: ")[2].removesuffix(" Nothing was applied.").split("; ")


@pytest.fixture
def plain_server() -> Iterator[Server]:
    """A server on which nobody ever heard of the till."""
    with postgres_server() as server:
        yield server


def test_without_the_roles_the_administrator_is_asked_to_make_and_grant_them(
    plain_server: Server,
) -> None:
    rds = Rds(plain_server)
    with owner(rds) as url:
        statements = statements_of(apply(url, ON_DISK))
        assert statements[:2] == [
            "CREATE ROLE webhook_writer NOLOGIN",
            "GRANT webhook_writer TO plain_owner",
        ]
        assert statements[-1] == "CREATE ROLE application NOLOGIN;"
        rds.administer(*statements)
        assert isinstance(apply(url, ON_DISK), Migrated)


def test_of_an_older_till_the_administrator_is_asked_for_the_role_that_is_new(
    plain_server: Server,
) -> None:
    rds = Rds(plain_server)
    before = [each for each in ON_DISK if each.version < "0005"]
    with owner(rds) as url:
        rds.administer(*statements_of(apply(url, before)))
        assert isinstance(apply(url, before), Migrated)
        statements = statements_of(apply(url, ON_DISK))
        assert statements == ["CREATE ROLE application NOLOGIN;"]
        rds.administer(*statements)
        assert isinstance(apply(url, ON_DISK), Migrated)


def test_the_application_logs_in_with_a_password_and_spends(rds: Rds, url: str) -> None:
    run(
        url,
        f"CREATE ROLE shop LOGIN PASSWORD '{PASSWORD}' IN ROLE application",
        "SELECT grant_credits('ana', 10, 'welcome')",
    )
    try:
        with psycopg.connect(rds.url("till", "shop")) as connection:
            spent = connection.execute("SELECT * FROM spend_credits('ana', 3, '1')").fetchall()
            assert spent == [("recorded", 7, 7)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("UPDATE users SET credits = 10")
    finally:
        rds.administer("DROP ROLE shop")


def test_the_owner_need_not_be_a_member_of_the_applications_role(rds: Rds) -> None:
    others = ", ".join(role for role in ROLES if role != "application")
    with owner(rds, f"GRANT {others} TO plain_owner") as url:
        assert isinstance(apply(url, ON_DISK), Migrated)
        with psycopg.connect(rds.server.url("plain"), autocommit=True) as connection:
            connection.execute("SET ROLE application")
            granted = connection.execute("SELECT * FROM grant_credits('ana', 3, '1')").fetchall()
            assert granted == [("recorded", 3, 3)]


def test_a_migrator_who_may_not_open_the_schema_to_the_application_is_told_who_must(
    rds: Rds,
) -> None:
    before = [each for each in ON_DISK if each.version < "0005"]
    with rds.database("till", "master") as url:
        assert isinstance(apply(url, before, "My-Till"), Migrated)
        migrator = as_role(rds.server.url("till"), "migrator")
        statements = statements_of(apply(migrator, ON_DISK, "My-Till"))
        assert statements == ['GRANT USAGE ON SCHEMA "My-Till" TO application;']
        run(rds.server.url("till"), *statements)
        assert isinstance(apply(migrator, ON_DISK, "My-Till"), Migrated)


def test_with_the_roles_the_administrator_is_asked_to_grant_those_that_lack(rds: Rds) -> None:
    with owner(rds, "GRANT webhook_writer, report_reader TO plain_owner") as url:
        statements = statements_of(apply(url, ON_DISK))
        assert statements == ["GRANT operator TO plain_owner", "GRANT migrator TO plain_owner;"]
        with psycopg.connect(url) as connection:
            tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            assert connection.execute(tables).fetchone() == (0,)
