"""Idempotency keys: what is answered again, what is refused, and what leaves nothing behind."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stripe

from standin import Server, StripeAccount
from standin.tests.builders import Clock, a_paid_session, an_account, client_of, types
from standin.tests.calling import Caller, session_params


def a_paid_intent(account: StripeAccount) -> str:
    intent: str = account.session(a_paid_session(account))["payment_intent"]
    return intent


def test_a_repeated_key_makes_one_refund_and_with_other_parameters_none(
    account: StripeAccount, server: Server
) -> None:
    refunds = client_of(server).v1.refunds
    intent = a_paid_intent(account)
    params: Any = {"payment_intent": intent, "amount": 100}
    first = refunds.create(params, {"idempotency_key": "once"})
    assert refunds.create(params, {"idempotency_key": "once"}).id == first.id
    with pytest.raises(stripe.IdempotencyError, match="same parameters they were first used with"):
        refunds.create({**params, "amount": 200}, {"idempotency_key": "once"})
    assert types(account.events).count("refund.created") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"line_items": None},
        {"client_reference_id": "another"},
        {"metadata": {"a": "b"}},
        {"expand": ["line_items"]},
    ],
    ids=str,
)
def test_any_other_parameters_are_others(caller: Caller, changes: dict[str, Any]) -> None:
    caller.post("checkout/sessions", session_params(), key="once")
    error = caller.refused("checkout/sessions", session_params(**changes), key="once")
    assert (error["status"], error["type"]) == (400, "idempotency_error")
    assert len(caller.account.sessions()) == 1


def test_the_order_of_the_parameters_is_no_difference(caller: Caller) -> None:
    params = session_params()
    first = caller.post("checkout/sessions", params, key="once")
    again = caller.post("checkout/sessions", dict(reversed(params.items())), key="once")
    assert again == first


def test_a_key_of_another_path_is_an_idempotency_error(caller: Caller) -> None:
    caller.post("customers", {"description": "x"}, key="once")
    error = caller.refused("products", {"description": "x"}, key="once")
    assert (error["status"], error["type"]) == (400, "idempotency_error")
    assert "'/v1/customers'" in error["message"]


def test_a_key_of_another_object_is_an_idempotency_error(caller: Caller) -> None:
    first, second = (caller.post("customers")["id"] for _ in range(2))
    caller.post(f"customers/{first}", {"name": "Jo"}, key="once")
    error = caller.refused(f"customers/{second}", {"name": "Jo"}, key="once")
    assert error["type"] == "idempotency_error"


def test_a_repeated_answer_says_that_it_is_one(caller: Caller) -> None:
    answers = [caller.answer("POST", "/v1/customers", key="once") for _ in range(2)]
    replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert replayed == [None, "true"]
    assert answers[0].data == answers[1].data


def test_a_failure_of_the_call_itself_is_repeated_although_it_would_work_now(
    caller: Caller,
) -> None:
    account = caller.account
    session_id = a_paid_session(account)
    intent = account.session(session_id)["payment_intent"]
    refund = account.refund(session_id)
    first = caller.refused("refunds", {"payment_intent": intent}, key="once")
    account.fail_refund(refund["id"])
    again = caller.refused("refunds", {"payment_intent": intent}, key="once")
    assert first["code"] == "charge_already_refunded"
    assert again == first


def test_a_500_is_repeated(caller: Caller) -> None:
    failed = caller.refused("customers", key="once", failing=500)
    again = caller.refused("customers", key="once")
    assert (failed["status"], again) == (500, failed)
    assert caller.account.store.all("customer") == []


@pytest.mark.parametrize(
    ("path", "params", "more"),
    [
        ("customers", {"colour": "red"}, {}),
        ("customers", {"balance": "much"}, {}),
        ("customers", {"test_clock": "clock_1"}, {}),
        ("customers/cus_none", {}, {}),
        ("no/such/path", {}, {}),
        ("customers", {}, {"failing": 429}),
        ("customers", {}, {"authorization": "Bearer sk_test_other"}),
    ],
    ids=str,
)
def test_what_was_refused_before_it_began_may_be_mended_with_its_key(
    caller: Caller, path: str, params: dict[str, Any], more: dict[str, Any]
) -> None:
    caller.refused(path, params, key="once", **more)
    assert caller.post("customers", {"name": "Jo"}, key="once")["name"] == "Jo"


def test_a_missing_parameter_may_be_mended_with_its_key(caller: Caller) -> None:
    caller.refused("checkout/sessions", session_params(success_url=None), key="once")
    assert caller.post("checkout/sessions", session_params(), key="once")["status"] == "open"


def test_a_key_is_forgotten_after_a_day() -> None:
    clock = Clock()
    caller = Caller(an_account(clock))
    first = caller.post("customers", {"name": "Jo"}, key="once")
    clock.now += 86_400
    assert caller.post("customers", {"name": "Al"}, key="once")["id"] != first["id"]


def test_reading_takes_no_notice_of_a_key(caller: Caller) -> None:
    caller.post("customers", {"name": "Jo"}, key="once")
    answer = caller.answer("GET", "/v1/customers", key="once")
    assert [each["name"] for each in json.loads(answer.data)["data"]] == ["Jo"]


def test_a_key_has_at_most_255_characters(caller: Caller) -> None:
    caller.post("customers", key="k" * 255)
    assert caller.refused("customers", key="k" * 256)["status"] == 400


def test_a_500_that_was_ordered_is_what_a_retry_with_the_key_gets(server: Server) -> None:
    server.faults.answer(500, times=1)
    for _ in range(2):
        with pytest.raises(stripe.APIError, match="asked for"):
            client_of(server).v1.customers.create({}, {"idempotency_key": "once"})
