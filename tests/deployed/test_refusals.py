"""What a function may not, it cannot: a statement that is taken out of a policy is missed. So the
policies are looked at here, and the other tests can fail."""

from __future__ import annotations

from dataclasses import replace

from tests.deployed.missing import cold, detached, without
from tests.deployed.people import person
from tests.deployed.sources import Source
from tests.deployed.stacks import Stack

EXPORT = {"report": "recent_payments", "export": True}
DOCTOR = {"operation": "doctor"}


def test_without_its_statement_no_export_is_written(stack: Stack) -> None:
    with without(stack, "ReportsRole", "Export"):
        assert stack.invoke("reports", EXPORT)["error"]["code"] == "export_failed"
    assert "url" in stack.invoke("reports", EXPORT)


def test_without_its_statement_no_token_logs_in(iam_stack: Stack) -> None:
    with without(iam_stack, "ReportsRole", "LogIn"), cold(iam_stack, "reports"):
        answer = iam_stack.invoke("reports", {"report": "recent_payments"})
    assert answer["error"]["code"] == "unavailable"
    assert "rows" in iam_stack.invoke("reports", {"report": "recent_payments"})


def test_without_its_statement_no_password_is_read(stack: Stack) -> None:
    with without(stack, "MigrateRole", "LogInAsTheOwner"), cold(stack, "migrate"):
        assert stack.invoke("migrate", {})["error"]["code"] == "not_run"
    assert "applied" in stack.invoke("migrate", {})


def test_without_the_policy_stripes_key_is_not_read(stack: Stack) -> None:
    with detached(stack, "OperationsRole", "StripeSecretPolicy"), cold(stack, "operations"):
        checks = {
            each["check"]: each["ok"] for each in stack.invoke("operations", DOCTOR)["checks"]
        }
    assert checks["api_key"] is False


def test_without_the_deployers_policy_nothing_is_deployed(stack: Stack, built: Source) -> None:
    somebody = person(stack.account, "no-deployer").environment
    deployment = replace(stack, deployer=somebody).deploy(built)
    assert not deployment.done
    assert "AccessDenied" in deployment.said
