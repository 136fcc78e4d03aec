"""Captures, cancellations, refunds and answers to disputes over the API."""

from __future__ import annotations

from typing import Any

import pytest

from standin.tests.builders import a_paid_session, an_open_session, charge_of, types
from standin.tests.calling import Caller, Json
from standin.tests.openapi_schemas import errors_of


def an_intent(caller: Caller, **changes: Any) -> str:
    session = caller.account.session(a_paid_session(caller.account, **changes))
    intent: str = session["payment_intent"]
    return intent


@pytest.mark.parametrize(
    ("of", "changes"),
    [
        ("payment_intents", {"description": "Tokens", "receipt_email": "jo@example.com"}),
        ("charges", {"description": "Tokens", "fraud_details": {"user_report": "safe"}}),
        ("refunds", {}),
    ],
)
def test_money_that_moved_can_still_be_described(caller: Caller, of: str, changes: Json) -> None:
    account = caller.account
    session_id = a_paid_session(account)
    ids = {
        "refunds": account.refund(session_id, 100)["id"],
        "charges": charge_of(account, session_id)["id"],
        "payment_intents": account.session(session_id)["payment_intent"],
    }
    changed = caller.post(f"{of}/{ids[of]}", {**changes, "metadata": {"a": "b"}})
    assert {name: changed[name] for name in changes} == changes
    assert changed["metadata"] == {"a": "b"}
    assert errors_of(changed) == []


def test_reserved_money_is_captured_in_part_over_the_api(caller: Caller) -> None:
    intent = an_intent(caller, capture_method="manual")
    captured = caller.post(f"payment_intents/{intent}/capture", {"amount_to_capture": 4000})
    assert (captured["status"], captured["amount_received"]) == ("succeeded", 4000)
    again = caller.refused(f"payment_intents/{intent}/capture")
    assert again["code"] == "payment_intent_unexpected_state"


def test_more_than_is_reserved_is_not_captured(caller: Caller) -> None:
    intent = an_intent(caller, capture_method="manual")
    params = {"amount_to_capture": 4901}
    error = caller.refused(f"payment_intents/{intent}/capture", params)
    assert (error["code"], error["param"]) == ("amount_too_large", "amount_to_capture")


def test_an_intent_is_canceled_over_the_api_once(caller: Caller) -> None:
    intent = an_intent(caller, capture_method="manual")
    params = {"cancellation_reason": "abandoned"}
    canceled = caller.post(f"payment_intents/{intent}/cancel", params)
    again = caller.refused(f"payment_intents/{intent}/cancel")
    assert (canceled["status"], canceled["cancellation_reason"]) == ("canceled", "abandoned")
    assert again["code"] == "payment_intent_unexpected_state"


def test_a_refunds_metadata_is_on_its_first_event(caller: Caller) -> None:
    intent = an_intent(caller)
    params = {"payment_intent": intent, "metadata": {"a": "b"}, "reason": "duplicate"}
    caller.post("refunds", params)
    created = next(each for each in caller.account.events if each["type"] == "refund.created")
    assert created["data"]["object"]["metadata"] == {"a": "b"}


def test_evidence_is_kept_and_then_submitted(caller: Caller) -> None:
    dispute = caller.account.dispute(a_paid_session(caller.account))["id"]
    evidence = {"evidence": {"customer_name": "Jo"}}
    kept = caller.post(f"disputes/{dispute}", {**evidence, "submit": False})
    sent = caller.post(f"disputes/{dispute}", {"submit": True})
    assert (kept["status"], kept["evidence_details"]["has_evidence"]) == ("needs_response", True)
    assert (sent["status"], sent["evidence"]["customer_name"]) == ("under_review", "Jo")
    assert sent["evidence_details"]["submission_count"] == 1
    assert errors_of(sent) == []


def test_evidence_is_submitted_at_once_unless_asked_otherwise(caller: Caller) -> None:
    dispute = caller.account.dispute(a_paid_session(caller.account))["id"]
    evidence = {"evidence": {"customer_name": "Jo"}}
    assert caller.post(f"disputes/{dispute}", evidence)["status"] == "under_review"
    assert caller.refused(f"disputes/{dispute}", evidence)["status"] == 400


def test_a_disputes_metadata_changes_without_any_evidence(caller: Caller) -> None:
    dispute = caller.account.dispute(a_paid_session(caller.account))["id"]
    changed = caller.post(f"disputes/{dispute}", {"metadata": {"a": "b"}})
    assert (changed["status"], changed["metadata"]) == ("needs_response", {"a": "b"})


@pytest.mark.parametrize(("inquiry", "status"), [(False, "lost"), (True, "warning_closed")])
def test_a_dispute_is_closed_by_the_seller(caller: Caller, inquiry: bool, status: str) -> None:
    account = caller.account
    dispute = account.dispute(a_paid_session(account), inquiry=inquiry)["id"]
    assert caller.post(f"disputes/{dispute}/close")["status"] == status
    assert types(account.events)[-1] == "charge.dispute.closed"
    assert caller.refused(f"disputes/{dispute}/close")["status"] == 400


def test_an_open_sessions_intent_is_not_there_to_capture(caller: Caller) -> None:
    session_id = an_open_session(caller.account, capture_method="manual")
    caller.account.decline(session_id)
    intent = caller.account.session(session_id)["payment_intent"]
    error = caller.refused(f"payment_intents/{intent}/capture")
    assert error["code"] == "payment_intent_unexpected_state"
