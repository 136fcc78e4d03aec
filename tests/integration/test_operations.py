"""Operators' writes: held payments resolved, balances adjusted, events replayed."""

import pytest

from tests.integration.operators import ask, error_code, nobodys, sell_held
from tests.till import Till, completed


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


@pytest.mark.parametrize(("request_id", "outcome"), [("req_1", "duplicate"), ("req_2", "not_held")])
def test_resolving_twice_grants_once(till: Till, request_id: str, outcome: str) -> None:
    _, payment_id = nobodys(till)
    ask("resolve_payment", payment_id=payment_id, user_id="user_9")
    again = ask("resolve_payment", request_id, payment_id=payment_id, user_id="user_9")
    assert (again["outcome"] if "outcome" in again else error_code(again)) == outcome
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


@pytest.mark.usefixtures("impatient")
def test_nothing_is_resolved_while_stripe_cannot_be_asked(till: Till) -> None:
    _, payment_id = nobodys(till)
    till.stripe.faults.answer(503, times=10)
    answer = ask("resolve_payment", payment_id=payment_id, user_id="user_9")
    assert error_code(answer) == "not_done"
    till.stripe.faults.clear()
    assert ask("resolve_payment", payment_id=payment_id, user_id="user_9")["outcome"] == "recorded"


def test_an_adjustment_changes_the_balance_once(till: Till) -> None:
    till.add_user()
    first = ask("adjust_credits", user_id="user_123", delta=250)
    again = ask("adjust_credits", user_id="user_123", delta=250)
    assert (first["outcome"], first["balance"], again["outcome"]) == ("recorded", 250, "duplicate")
    assert till.ledger() == [("adjustment", 250, 250)]


def test_an_adjustment_may_take_a_balance_below_zero(till: Till) -> None:
    till.add_user()
    assert ask("adjust_credits", user_id="user_123", delta=-30)["balance"] == -30


@pytest.mark.parametrize("unknown_users", ["create", "hold"])
def test_a_user_who_is_not_there_is_not_adjusted(
    till: Till, monkeypatch: pytest.MonkeyPatch, unknown_users: str
) -> None:
    monkeypatch.setenv("UNKNOWN_USERS", unknown_users)
    till.add_user("ana")
    assert error_code(ask("adjust_credits", user_id="anna", delta=1)) == "unknown_user"
    assert (till.count("users"), till.count("stripe_events")) == (1, 0)


def test_a_payment_held_for_an_unknown_user_makes_none_to_adjust(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNKNOWN_USERS", "hold")
    sell_held(till)
    assert error_code(ask("adjust_credits", user_id="user_123", delta=1)) == "unknown_user"


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
    till.execute(
        "INSERT INTO packages VALUES ('gold', 'Gold', 70, 9, 'usd', ARRAY[%s])", price["id"]
    )
    event_id = till.rows("SELECT event_id FROM stripe_events")[0]["event_id"]
    assert ask("replay_event", event_id=event_id)["delta"] == 70


@pytest.mark.parametrize("event_id", ["evt_none", ".", "..", "../events", "?", "#", "a\nb"])
def test_an_event_that_nobody_knows_cannot_be_replayed(till: Till, event_id: str) -> None:
    assert error_code(ask("replay_event", event_id=event_id)) == "unknown_event"


def test_a_request_with_a_mistake_is_refused_by_name() -> None:
    assert ask("erase_user", user_id="u", usr_id="v") == {
        "error": {"code": "bad_request", "message": "erase_user has no field usr_id"}
    }
