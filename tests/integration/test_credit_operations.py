"""Credits granted and spent by operators, as the functions for credits say."""

from typing import Any

import pytest

from handlers import reports
from tests.integration.operators import ask, error_code
from tests.till import Till

pytestmark = pytest.mark.usefixtures("sound_books")

BIGINT = 2**63 - 1


def test_a_grant_gives_credits_and_says_what_there_is(till: Till) -> None:
    till.sell_paid("ana")
    till.execute("SELECT reserve_credits('ana', 300, 'job')")
    assert ask("grant_credits", user_id="ana", amount=50) == {
        "operation": "grant_credits",
        "request_id": "req_1",
        "outcome": "recorded",
        "user_id": "ana",
        "amount": 50,
        "balance": 1050,
        "available": 750,
    }
    assert till.ledger("ana") == [("purchase", 1000, 1000), ("grant", 50, 1050)]


def test_a_grant_makes_a_user_who_is_not_there(till: Till) -> None:
    assert ask("grant_credits", user_id="ana", amount=50)["balance"] == 50
    assert till.ledger("ana") == [("grant", 50, 50)]


def test_credits_that_are_there_are_spent(till: Till) -> None:
    till.sell_paid("ana")
    answer = ask("spend_credits", user_id="ana", amount=1000)
    assert (answer["outcome"], answer["amount"], answer["balance"], answer["available"]) == (
        "recorded",
        1000,
        0,
        0,
    )
    assert till.ledger("ana") == [("purchase", 1000, 1000), ("spend", -1000, 0)]


def test_the_ledger_says_who_spent_and_why_and_the_request_is_remembered(till: Till) -> None:
    till.sell_paid("ana")
    ask("spend_credits", user_id="ana", amount=7)
    assert till.rows("SELECT actor, note FROM credit_ledger WHERE reason = 'spend'") == [
        {"actor": "olga", "note": "a ticket"}
    ]
    assert till.rows(
        "SELECT event_type, object_id, outcome, request, actor, note FROM stripe_events"
        " WHERE event_id = 'operation:req_1'"
    ) == [
        {
            "event_type": "operation.spend_credits",
            "object_id": "ana",
            "outcome": "recorded",
            "request": {"user_id": "ana", "amount": 7},
            "actor": "olga",
            "note": "a ticket",
        }
    ]


def test_the_timeline_has_the_operation_behind_what_an_operator_spent(till: Till) -> None:
    till.sell_paid("ana")
    ask("spend_credits", user_id="ana", amount=7)
    answer: Any = reports.handler({"report": "user_timeline", "params": {"user_id": "ana"}}, None)
    latest = answer["rows"][0]
    assert (latest["event_type"], latest["event_id"]) == ("operation.spend_credits", "req_1")


def test_what_is_reserved_is_not_spent(till: Till) -> None:
    till.sell_paid("ana")
    till.execute("SELECT reserve_credits('ana', 300, 'job')")
    error = ask("spend_credits", user_id="ana", amount=701)["error"]
    assert error == {
        "code": "insufficient",
        "message": "'ana' has 700 credits to spend, and not 701",
    }
    assert till.credits("ana") == 1000


@pytest.mark.parametrize("unknown_users", ["create", "hold"])
def test_a_user_who_is_not_there_spends_nothing(
    till: Till, monkeypatch: pytest.MonkeyPatch, unknown_users: str
) -> None:
    monkeypatch.setenv("UNKNOWN_USERS", unknown_users)
    till.add_user("ana")
    error = ask("spend_credits", user_id="anna", amount=1)["error"]
    assert error == {"code": "unknown_user", "message": "there is no user 'anna'"}
    assert (till.count("users"), till.count("stripe_events")) == (1, 0)


@pytest.mark.parametrize("operation", ["grant_credits", "spend_credits"])
def test_the_same_request_is_done_once(till: Till, operation: str) -> None:
    till.sell_paid("ana")
    first, again = (ask(operation, user_id="ana", amount=5) for _ in range(2))
    assert (first["outcome"], again["outcome"]) == ("recorded", "duplicate")
    assert len(till.ledger("ana")) == 2
    assert error_code(ask(operation, user_id="ana", amount=6)) == "request_id_reused"
    assert error_code(ask(operation, user_id="zoe", amount=5)) == "request_id_reused"


def test_what_was_spent_can_be_returned_by_its_id(till: Till) -> None:
    till.sell_paid("ana")
    ask("spend_credits", user_id="ana", amount=5)
    till.execute("SELECT return_credits('req_1', 5)")
    assert till.credits("ana") == 1000
    assert ask("spend_credits", user_id="ana", amount=5)["outcome"] == "duplicate"


def refusal(till: Till, operation: str, **words: Any) -> dict[str, str]:
    """The error, and nothing has changed."""
    before = [till.count(table) for table in ("users", "credit_ledger", "stripe_events")]
    error: dict[str, str] = ask(operation, **words)["error"]
    assert [till.count(table) for table in ("users", "credit_ledger", "stripe_events")] == before
    return error


def test_a_grant_beyond_any_balance_is_refused(till: Till) -> None:
    till.sell_paid("ana")
    till.execute("SELECT grant_credits('ana', %s, 'gift')", BIGINT - 1000)
    assert refusal(till, "grant_credits", user_id="ana", amount=1)["code"] == "out_of_range"


@pytest.mark.parametrize("operation", ["grant_credits", "spend_credits"])
def test_an_id_that_no_function_takes_is_refused_in_a_sentence(till: Till, operation: str) -> None:
    error = refusal(till, operation, user_id="a" * 256, amount=1)
    assert error == {
        "code": "not_possible",
        "message": "the functions for credits take user ids of up to 255 characters",
    }
