"""The deployment's migrations: CloudFormation gets an answer, whatever happens."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

import handlers.cloudformation
from adapters.migrations import LOCK_KEY, migrations_on_disk
from handlers import migrate
from handlers.app import app
from handlers.cloudformation import NotDelivered
from tests.integration.deploy.cloudformation import CloudFormation, cloudformation

VERSIONS = [migration.version for migration in migrations_on_disk()]


@dataclass(frozen=True)
class Context:
    """Lambda's context of an invocation that has so long to live."""

    seconds: float = 900

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudFormation]:
    """CloudFormation, which is told again without a pause."""
    monkeypatch.setattr(handlers.cloudformation, "PAUSE_SECONDS", 0.0)
    with cloudformation() as stack:
        yield stack


@pytest.fixture
def empty_database(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    yield empty_database_url
    app.close()


def invoked(event: dict[str, Any], context: Context = Context()) -> dict[str, Any]:
    return migrate.handler(event, context)


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row[0] for row in rows}


def test_a_new_stack_gets_its_schema(stack: CloudFormation, empty_database: str) -> None:
    invoked(stack.request("Create"))
    assert stack.answer["Status"] == "SUCCESS"
    assert "payment_transactions" in tables(empty_database)


def test_a_call_without_a_context_has_no_end(stack: CloudFormation, empty_database: str) -> None:
    migrate.handler(stack.request("Create"), None)
    assert stack.answer["Status"] == "SUCCESS"


def test_the_answer_says_which_request_it_is_for(
    stack: CloudFormation, empty_database: str
) -> None:
    invoked(stack.request("Create", RequestId="request-9", LogicalResourceId="Other"))
    answer = stack.answer
    assert (answer["RequestId"], answer["LogicalResourceId"]) == ("request-9", "Other")
    assert answer["StackId"] == stack.request()["StackId"]


def test_the_answer_names_the_newest_migration(stack: CloudFormation, empty_database: str) -> None:
    invoked(stack.request("Create"))
    assert stack.answer["Data"]["SchemaVersion"] == VERSIONS[-1]


def digest_of(stack: CloudFormation, **properties: Any) -> str:
    invoked(stack.request("Delete", ResourceProperties=properties))
    return str(stack.answers[-1]["Data"]["SettingsDigest"])


def test_other_settings_give_another_digest_and_the_same_the_same(stack: CloudFormation) -> None:
    first = digest_of(stack, Code="1", Settings={"Livemode": "true", "Users": "hold"})
    same = digest_of(stack, Code="2", Settings={"Users": "hold", "Livemode": "true"})
    other = digest_of(stack, Code="1", Settings={"Livemode": "false", "Users": "hold"})
    assert (first == same, first == other) == (True, False)


def test_an_update_of_the_same_code_changes_nothing(
    stack: CloudFormation, empty_database: str
) -> None:
    invoked(stack.request("Create"))
    invoked(stack.request("Update", OldResourceProperties={"Code": "till-migrate:6"}))
    assert [answer["Status"] for answer in stack.answers] == ["SUCCESS", "SUCCESS"]
    assert stack.answers[1]["Reason"] == "applied: nothing was pending"


def test_the_resource_keeps_its_id_so_that_nothing_is_ever_replaced(
    stack: CloudFormation, empty_database: str
) -> None:
    for kind in ("Create", "Update", "Delete"):
        invoked(stack.request(kind, PhysicalResourceId="schema"))
    assert {answer["PhysicalResourceId"] for answer in stack.answers} == {"schema"}


def test_a_deletion_leaves_the_data_alone(stack: CloudFormation, empty_database: str) -> None:
    invoked(stack.request("Create"))
    before = tables(empty_database)
    invoked(stack.request("Delete"))
    assert stack.answers[1]["Status"] == "SUCCESS"
    assert tables(empty_database) == before


def test_a_deletion_needs_no_database(
    stack: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", nobody_listens())
    invoked(stack.request("Delete"))
    app.close()
    assert stack.answer["Status"] == "SUCCESS"


def test_a_refused_migration_fails_the_deployment_and_says_why(
    stack: CloudFormation, empty_database: str
) -> None:
    invoked(stack.request("Create"))
    with psycopg.connect(empty_database) as connection:
        connection.execute("UPDATE schema_migrations SET checksum = 'another'")
    invoked(stack.request("Update"))
    assert stack.answers[1]["Status"] == "FAILED"
    assert stack.answers[1]["Reason"].startswith(f"changed: {VERSIONS[0]} was changed")


def nobody_listens() -> str:
    with socket.create_server(("127.0.0.1", 0)) as freed:
        port = freed.getsockname()[1]
    return f"postgresql://somebody:hidden@127.0.0.1:{port}/till"


def test_an_unreachable_database_fails_the_deployment(
    stack: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", nobody_listens())
    invoked(stack.request("Create"))
    app.close()
    assert stack.answer["Status"] == "FAILED"
    assert "the database does not answer" in stack.answer["Reason"]


def test_a_mistake_in_the_configuration_fails_the_deployment(
    stack: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_IAM_AUTH", "perhaps")
    invoked(stack.request("Create"))
    assert (stack.answer["Status"], "DATABASE_IAM_AUTH must be" in stack.answer["Reason"]) == (
        "FAILED",
        True,
    )


def test_a_failure_tells_no_password(
    stack: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", nobody_listens())
    invoked(stack.request("Create"))
    app.close()
    assert "hidden" not in stack.answer["Reason"]


def test_a_migration_that_would_outlive_the_invocation_is_stopped_and_answered(
    stack: CloudFormation, empty_database: str
) -> None:
    with psycopg.connect(empty_database) as another_run:
        another_run.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
        invoked(stack.request("Create"), Context(migrate.SECONDS_TO_ANSWER + 0.3))
    assert (stack.answer["Status"], tables(empty_database)) == ("FAILED", set())
    assert stack.answer["Reason"].startswith("too_slow: ")


def test_an_answer_that_does_not_arrive_is_sent_again(
    stack: CloudFormation, empty_database: str
) -> None:
    stack.refuses = 1
    invoked(stack.request("Create"))
    assert (stack.tries, stack.answer["Status"]) == (2, "SUCCESS")


def test_an_answer_that_never_arrives_fails_the_invocation_so_that_lambda_repeats_it(
    stack: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotDelivered):
        migrate.handler(stack.request("Delete") | {"ResponseURL": unheard()}, Context())


def test_every_try_to_answer_fits_into_the_time_that_is_kept_for_it() -> None:
    a_try = handlers.cloudformation.SECONDS_A_TRY + handlers.cloudformation.PAUSE_SECONDS
    assert handlers.cloudformation.TRIES * a_try < migrate.SECONDS_TO_ANSWER


def unheard() -> str:
    return nobody_listens().replace("postgresql://somebody:hidden@", "http://")


def test_the_answer_has_no_content_type_for_the_signature_covers_none(
    stack: CloudFormation, empty_database: str
) -> None:
    invoked(stack.request("Delete"))
    assert stack.content_types == [""]


def test_a_direct_invocation_still_answers_whom_it_may_concern(empty_database: str) -> None:
    assert invoked({}) == {"applied": VERSIONS, "already_applied": []}
