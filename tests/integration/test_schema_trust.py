"""Nobody with fewer rights has the till run their code, also on clusters that come from PostgreSQL
14, where everybody may create in the schema public."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import errors, sql

from adapters.migrations import Migrated, migrations_on_disk
from handlers import operations
from tests.integration.roles import ROLES, apply, as_role
from tests.till import Till

AS_BEFORE_15 = "GRANT CREATE ON SCHEMA public TO PUBLIC"
MINE = "CREATE FUNCTION mine({}) RETURNS {} LANGUAGE sql RETURN {};"


def run(url: str, *statements: str | sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode() if isinstance(statement, str) else statement)


def told() -> list[str]:
    """What the doctor has against the schema."""
    answer = operations.handler({"operation": "doctor", "url": "https://till.example.com/"}, None)
    return [
        each["message"] for each in answer["checks"] if each["check"] == "schema" and not each["ok"]
    ]


@contextmanager
def stranger(url: str, rights: str = "") -> Iterator[str]:
    """A role that may do nothing but what everybody may."""
    name = f"stranger_{uuid.uuid4().hex}"
    run(url, f"CREATE ROLE {name} LOGIN NOSUPERUSER {rights}")
    try:
        yield name
    finally:
        run(url, f"REASSIGN OWNED BY {name} TO CURRENT_USER", f"DROP OWNED BY {name}")
        run(url, f"DROP ROLE {name}")


def create_as(url: str, role: str, statement: str) -> None:
    run(as_role(url, role), statement)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "migrator"])
def test_the_migrations_take_from_everybody_what_postgresql_14_gave(
    empty_database_url: str, role: str
) -> None:
    run(empty_database_url, AS_BEFORE_15)
    assert isinstance(apply(empty_database_url, migrations_on_disk()), Migrated)
    with pytest.raises(errors.InsufficientPrivilege):
        create_as(empty_database_url, role, MINE.format("", "int", "1"))


def owned(url: str, owner: str) -> str:
    """The database at `url` for its owner, who is no superuser; the schema is another's."""
    run(
        url,
        f"ALTER SCHEMA public OWNER TO CURRENT_USER; {AS_BEFORE_15}",
        sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
            sql.Identifier(urlsplit(url).path[1:]), sql.Identifier(owner)
        ),
        *(f"GRANT {role} TO {owner} WITH ADMIN OPTION" for role in ROLES),
    )
    return (
        urlsplit(url)._replace(netloc=f"{owner}@{urlsplit(url).netloc.rpartition('@')[2]}").geturl()
    )


def test_an_owner_who_may_not_take_it_away_is_told_who_may_and_how(
    till: Till, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stranger(empty_database_url, "CREATEROLE") as owner:
        as_owner = owned(empty_database_url, owner)
        assert isinstance(apply(as_owner, migrations_on_disk()), Migrated)
        monkeypatch.setenv("DATABASE_URL", as_owner)
        (message,) = told()
        sentence, command = message.split("\n")
        assert sentence.startswith("Everybody may create functions in the schema public")
        run(empty_database_url, command)
        assert told() == []


@pytest.mark.usefixtures("till")
def test_a_schema_as_the_migrations_leave_it_is_fine() -> None:
    assert told() == []


@pytest.mark.parametrize("as_role_of_the_doctor", ["operator", "webhook_writer"])
def test_everybody_who_may_create_is_told(
    till: Till, monkeypatch: pytest.MonkeyPatch, as_role_of_the_doctor: str
) -> None:
    till.execute(AS_BEFORE_15)
    with stranger(till.database_url) as name:
        till.execute(f"GRANT CREATE ON SCHEMA public TO {name}")
        monkeypatch.setenv("DATABASE_URL", as_role(till.database_url, as_role_of_the_doctor))
        commands = [message.split("\n")[1] for message in told()]
    assert commands == [
        "GRANT CREATE ON SCHEMA public TO migrator; REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
        f"REVOKE CREATE ON SCHEMA public FROM {name};",
    ]


CODE = {
    "public.lower(x name)": "CREATE FUNCTION lower(x name) RETURNS int LANGUAGE sql RETURN 1",
    "public.now()": "CREATE FUNCTION now() RETURNS date LANGUAGE sql RETURN current_date",
    "public.format()": "CREATE PROCEDURE format() LANGUAGE sql AS ''",
    "public.sum(integer)": "CREATE AGGREGATE sum(int) (SFUNC = int4pl, STYPE = int)",
    "public.= (text, integer)": MINE.format("text, int", "bool", "true")
    + "CREATE OPERATOR = (LEFTARG = text, RIGHTARG = int, FUNCTION = mine)",
    "public.- (NONE, text)": MINE.format("text", "text", "''")
    + "CREATE OPERATOR - (RIGHTARG = text, FUNCTION = mine)",
}


@pytest.mark.parametrize(("name", "statement"), CODE.items())
def test_code_by_the_name_of_postgres_own_is_told_with_the_command_that_drops_it(
    till: Till, name: str, statement: str
) -> None:
    with stranger(till.database_url) as owner:
        till.execute(f"GRANT CREATE ON SCHEMA public TO {owner}")
        create_as(till.database_url, owner, statement)
        till.execute(f"REVOKE CREATE ON SCHEMA public FROM {owner}")
        (message,) = told()
        assert name in message
        till.execute(message.split("\n")[1])
        assert told() == []


def test_code_of_ones_own_and_code_by_another_name_is_left_alone(till: Till) -> None:
    till.execute("CREATE FUNCTION now(int) RETURNS int LANGUAGE sql RETURN 1")
    with stranger(till.database_url) as owner:
        till.execute(f"GRANT CREATE ON SCHEMA public TO {owner}")
        create_as(till.database_url, owner, MINE.format("", "int", "1"))
        till.execute(f"REVOKE CREATE ON SCHEMA public FROM {owner}")
        assert told() == []


def test_code_of_a_stranger_has_no_say_in_the_search_for_it(till: Till) -> None:
    till.execute(AS_BEFORE_15)
    lie = "CREATE FUNCTION quote_ident(name) RETURNS text LANGUAGE sql RETURN 1 / 0"
    with stranger(till.database_url) as owner:
        create_as(till.database_url, owner, lie)
        assert len(told()) == 2


def test_the_schema_of_a_till_that_has_its_own_is_looked_at(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    monkeypatch.setenv("DATABASE_SCHEMA", "My-Till")
    apply(empty_database_url, migrations_on_disk(), "My-Till")
    run(empty_database_url, 'GRANT CREATE ON SCHEMA "My-Till" TO PUBLIC', AS_BEFORE_15)
    (message,) = told()
    assert message.startswith('Everybody may create functions in the schema "My-Till"')
    run(empty_database_url, message.split("\n")[1])
    assert told() == []
