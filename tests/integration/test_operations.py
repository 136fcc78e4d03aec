"""Operators' writes: held payments resolved, balances adjusted, events replayed, people erased."""

from typing import Any

import pytest

from handlers import operations
from tests.till import Till, completed


def ask(operation: str, request_id: str = "req_1", **fields: Any) -> dict[str, Any]:
    """Invokes the operations handler, signed by a test operator."""
    request = {
        "operation": operation,
        "actor": "olga",
        "note": "a ticket",
        "request_id": request_id,
        **fields,
    }
    return operations.handler(request, None)


def error_code(answer: dict[str, Any]) -> str:
    return str(answer["error"]["code"])


def sell_held(till: Till, **session: Any) -> tuple[str, str]:
    """A paid session that is held; its session id and payment id."""
    session_id = till.sell(**session)
    till.deliver(completed(till.account.complete(session_id)))
    payment = till.payment(session_id)
    assert payment["held_reason"] is not None
    return session_id, payment["payment_id"]


def nobodys(till: Till) -> tuple[str, str]:
    return sell_held(till, user_id=None)


def test_a_payment_held_for_its_user_is_credited_to_the_one_that_ops_name(till: Till) -> None:
    session_id, payment_id = nobodys(till)
    answer = ask("resolve_payment", payment_id=payment_id, user_id="user_9")
    assert answer == {
        "operation": "resolve_payment",
        "request_id": "req_1",
        "outcome": "recorded",
        "payment_id": payment_id,
        "delta": 1000,
    }
    assert till.ledger("user_9") == [("purchase", 1000, 1000)]
    assert till.payment(session_id)["held_reason"] is None


def test_the_ledger_says_who_resolved_a_payment_and_why(till: Till) -> None:
    _, payment_id = nobodys(till)
    ask("resolve_payment", payment_id=payment_id, user_id="user_9")
    assert till.rows("SELECT actor, note, event_id FROM credit_ledger") == [
        {"actor": "olga", "note": "a ticket", "event_id": "operation:req_1"}
    ]


@pytest.mark.parametrize("request_id", ["req_1", "req_2"])
def test_resolving_twice_grants_once(till: Till, request_id: str) -> None:
    _, payment_id = nobodys(till)
    ask("resolve_payment", payment_id=payment_id, user_id="user_9")
    again = ask("resolve_payment", request_id, payment_id=payment_id, user_id="user_9")
    assert again.get("outcome") == "duplicate" or error_code(again) == "not_held"
    assert till.credits("user_9") == 1000


def test_what_ops_resolved_stays_when_stripe_speaks_again(till: Till) -> None:
    session_id, payment_id = nobodys(till)
    ask("resolve_payment", payment_id=payment_id, user_id="user_9")
    till.account.refund(session_id, 400)
    till.deliver(till.account.events[-1])
    payment = till.payment(session_id)
    assert (payment["user_id"], payment["held_reason"]) == ("user_9", None)
    assert till.ledger("user_9") == [("purchase", 1000, 1000), ("refund", -400, 600)]


def test_a_payment_of_an_unknown_package_is_credited_with_the_one_that_ops_name(till: Till) -> None:
    session_id, payment_id = sell_held(
        till, line_items=[(4500, 1)], metadata={"package_id": "gold"}
    )
    assert till.payment(session_id)["held_reason"] == "unknown_package"
    ask("resolve_payment", payment_id=payment_id, package_id="professional")
    assert till.credits() == 5000
    till.deliver({**till.account.events[-1], "id": "evt_again"})
    assert till.credits() == 5000


@pytest.mark.parametrize(
    ("metadata", "line_cents", "reason", "granted"),
    [
        ({"package_id": "starter"}, 700, "amount_mismatch", 1000),
        ({"package_id": "professional"}, None, "package_mismatch", 1000),
    ],
)
def test_a_mismatch_can_be_accepted_as_it_is(
    till: Till, metadata: dict[str, str], line_cents: int | None, reason: str, granted: int
) -> None:
    line = (line_cents, 1) if line_cents else (till.price_of("starter"), 1)
    session_id, payment_id = sell_held(till, line_items=[line], metadata=metadata)
    assert till.payment(session_id)["held_reason"] == reason
    ask("resolve_payment", payment_id=payment_id)
    assert till.credits() == granted


def test_an_operator_may_credit_a_user_who_is_not_known(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNKNOWN_USERS", "hold")
    session_id, payment_id = sell_held(till)
    assert till.payment(session_id)["held_reason"] == "unknown_user"
    ask("resolve_payment", payment_id=payment_id)
    assert till.credits() == 1000


def test_a_payment_refunded_while_held_is_resolved_to_what_is_left(till: Till) -> None:
    session_id, payment_id = nobodys(till)
    till.account.refund(session_id, 250)
    ask("resolve_payment", payment_id=payment_id, user_id="user_9")
    assert till.credits("user_9") == 750


def test_what_cannot_be_resolved_is_refused_and_nothing_is_written(till: Till) -> None:
    _, payment_id = nobodys(till)
    refusals = {
        "unknown_payment": {"payment_id": "pay_none"},
        "user_required": {"payment_id": payment_id},
        "unknown_package": {"payment_id": payment_id, "user_id": "u", "package_id": "gold"},
    }
    for code, fields in refusals.items():
        assert error_code(ask("resolve_payment", **fields)) == code
    assert till.count("credit_ledger") == 0
    assert till.count("stripe_events") == 1


def test_a_package_that_is_still_unknown_is_not_resolved(till: Till) -> None:
    _, payment_id = sell_held(till, line_items=[(4500, 1)], metadata={"package_id": "gold"})
    answer = ask("resolve_payment", payment_id=payment_id)
    assert error_code(answer) == "not_done"
    assert till.count("stripe_events") == 1


def test_nothing_is_resolved_while_stripe_cannot_be_asked(till: Till) -> None:
    _, payment_id = nobodys(till)
    till.stripe.faults.answer(503, times=10)
    answer = ask("resolve_payment", payment_id=payment_id, user_id="user_9")
    assert error_code(answer) == "not_done"
    till.stripe.faults.clear()
    assert ask("resolve_payment", payment_id=payment_id, user_id="user_9")["outcome"] == "recorded"


def test_an_adjustment_changes_the_balance_once(till: Till) -> None:
    first = ask("adjust_credits", user_id="user_123", delta=250)
    again = ask("adjust_credits", user_id="user_123", delta=250)
    assert (first["outcome"], first["balance"], again["outcome"]) == ("recorded", 250, "duplicate")
    assert till.ledger() == [("adjustment", 250, 250)]


def test_an_adjustment_may_take_a_balance_below_zero(till: Till) -> None:
    assert ask("adjust_credits", user_id="user_123", delta=-30)["balance"] == -30


def test_where_unknown_users_are_held_they_are_not_adjusted_either(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNKNOWN_USERS", "hold")
    assert error_code(ask("adjust_credits", user_id="nobody", delta=1)) == "unknown_user"
    assert till.count("stripe_events") == 0


def test_one_request_id_cannot_stand_for_two_things(till: Till) -> None:
    ask("adjust_credits", user_id="user_1", delta=1)
    assert error_code(ask("adjust_credits", user_id="user_2", delta=1)) == "request_id_reused"
    assert error_code(ask("erase_user", user_id="user_1")) == "request_id_reused"
    assert till.credits("user_1") == 1


def test_a_replayed_event_does_what_was_missed(till: Till) -> None:
    session_id = till.sell()
    event = completed(till.account.complete(session_id))
    assert ask("replay_event", event_id=event["id"])["delta"] == 1000
    assert till.credits() == 1000
    assert ask("replay_event", event_id=event["id"])["outcome"] == "duplicate"
    assert ask("replay_event", "req_2", event_id=event["id"])["outcome"] == "unchanged"


def test_a_replayed_event_releases_a_payment_once_its_package_is_for_sale(till: Till) -> None:
    price = till.account.create_price(unit_amount_minor=900, currency="usd", product_name="Gold")
    session_id, _ = sell_held(till, line_items=[(price["id"], 1)], metadata={"user_id": "user_123"})
    assert till.payment(session_id)["held_reason"] == "unknown_package"
    till.execute("INSERT INTO packages VALUES ('gold', 'Gold', 70, 9.00, ARRAY[%s])", price["id"])
    event_id = till.rows("SELECT event_id FROM stripe_events")[0]["event_id"]
    assert ask("replay_event", event_id=event_id)["delta"] == 70


def test_an_event_that_nobody_knows_cannot_be_replayed(till: Till) -> None:
    assert error_code(ask("replay_event", event_id="evt_none")) == "unknown_event"


def test_an_erased_user_leaves_every_total_as_it_was(till: Till) -> None:
    session_id = till.sell(customer_email="buyer@example.com")
    till.deliver(completed(till.account.complete(session_id)))
    ask("adjust_credits", user_id="user_123", delta=-100)
    totals = (
        "SELECT sum(amount_paid), sum(credits_granted), (SELECT sum(credits) FROM users),"
        " (SELECT sum(delta) FROM credit_ledger) FROM payment_transactions"
    )
    before = till.rows(totals)
    assert ask("erase_user", "req_2", user_id="user_123")["payments"] == 1
    assert till.rows(totals) == before
    text = "SELECT string_agg(t::text, ' ') AS all FROM {} t"
    for table in ("users", "payment_transactions", "credit_ledger", "stripe_events"):
        everything = str(till.rows(text.format(table))[0]["all"])
        assert "user_123" not in everything
        assert "buyer@example.com" not in everything


def test_an_erased_user_stays_erased_when_stripe_speaks_again(till: Till) -> None:
    paid = till.sell(customer_email="buyer@example.com")
    declined = till.sell(customer_email="buyer@example.com")
    till.deliver(completed(till.account.complete(paid)))
    till.deliver_all(till.account.decline(declined))
    ask("erase_user", user_id="user_123")
    till.account.refund(paid, 300)
    till.deliver(till.account.events[-1])
    till.deliver(completed(till.account.complete(declined)))
    rows = till.rows("SELECT DISTINCT user_id, customer_email FROM payment_transactions")
    (row,) = rows
    assert row["customer_email"] is None
    assert row["user_id"].startswith("erased_")
    assert till.credits(row["user_id"]) == 1700


BAD: dict[str, tuple[object, str]] = {
    "no object": ([], "bad_request"),
    "no operation": ({}, "unknown_operation"),
    "another operation": ({"operation": "drop_tables"}, "unknown_operation"),
    "no actor": ({"operation": "erase_user", "user_id": "u", "request_id": "r"}, "bad_request"),
    "no request id": ({"operation": "erase_user", "user_id": "u", "actor": "a"}, "bad_request"),
}


@pytest.mark.parametrize(("request_", "code"), BAD.values(), ids=list(BAD))
def test_a_request_with_a_mistake_is_refused_by_name(request_: object, code: str) -> None:
    assert error_code(operations.handler(request_, None)) == code


@pytest.mark.parametrize("delta", [0, True, 1.5, "5", None, 10**16])
def test_a_delta_must_be_a_whole_number_of_credits(delta: object) -> None:
    assert error_code(ask("adjust_credits", user_id="u", delta=delta)) == "bad_request"


def test_a_field_that_is_not_of_the_operation_is_refused() -> None:
    assert error_code(ask("erase_user", user_id="u", usr_id="v")) == "bad_request"


def test_an_erased_user_is_gone_from_the_totals_of_customers_too(till: Till) -> None:
    till.deliver(completed(till.account.complete(till.sell())))
    ask("erase_user", user_id="user_123")
    for table in ("payment_changes", "folded_customer_totals"):
        text = till.rows(f"SELECT coalesce(string_agg(t::text, ' '), '') AS all FROM {table} t")
        assert "user_123" not in text[0]["all"]
