"""The other functions of a stack, each as it is called."""

from __future__ import annotations

import json
import uuid
from typing import Any

from tests.deployed.stacks import Stack


def adjustment(user_id: str) -> dict[str, Any]:
    return {
        "operation": "adjust_credits",
        "user_id": user_id,
        "delta": -10,
        "actor": "olga",
        "note": "as she asked",
        "request_id": uuid.uuid4().hex,
    }


def test_the_reports_show_a_purchase(stack: Stack) -> None:
    stack.deliver(stack.purchase("reader"))
    answer = stack.invoke(
        "reports", {"report": "payments_for_user", "params": {"user_id": "reader"}}
    )
    assert [row["payment_status"] for row in answer["rows"]] == ["paid"]


def test_the_schedule_starts_a_run(stack: Stack) -> None:
    schedule = stack.account.client("scheduler").get_schedule(Name=f"{stack.name}-reconcile")
    answer = stack.invoke("reconcile", json.loads(schedule["Target"]["Input"]))
    assert (answer["finished"], answer["error"]) == (True, None)


def test_a_run_by_hand_repairs_what_no_delivery_brought(stack: Stack) -> None:
    stack.purchase("lost")
    assert stack.invoke("reconcile", {})["finished"]
    assert stack.till.credits("lost") == 1000


def test_an_operation_is_done(stack: Stack) -> None:
    stack.deliver(stack.purchase("spender"))
    assert stack.invoke("operations", adjustment("spender"))["outcome"] == "recorded"
    assert stack.till.credits("spender") == 990


def test_the_doctor_finds_stripe_and_the_database(stack: Stack) -> None:
    checks = stack.invoke("operations", {"operation": "doctor"})["checks"]
    sound = {check["check"] for check in checks if check["ok"]}
    assert sound >= {"stripe_reachable", "stripe_permissions", "database_reachable", "migrations"}


def test_nothing_is_left_to_migrate_after_a_deployment(stack: Stack) -> None:
    answer = stack.invoke("migrate", {})
    assert answer["applied"] == []
    assert stack.outputs["SchemaVersion"] in answer["already_applied"]


def test_an_export_is_downloaded_by_its_link(stack: Stack) -> None:
    stack.deliver(stack.purchase("exported"))
    request = {"report": "payments_for_user", "params": {"user_id": "exported"}, "export": True}
    answer = stack.invoke("reports", request)
    file = stack.account.http.request("GET", answer["url"])
    assert file.status == 200
    assert file.data.decode().count("exported") == answer["rows"] == 1


def test_an_export_without_its_links_signature_is_nobodys(stack: Stack) -> None:
    answer = stack.invoke("reports", {"report": "recent_payments", "export": True})
    address, _, _ = answer["url"].partition("?")
    assert stack.account.http.request("GET", address).status == 403
