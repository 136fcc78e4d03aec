"""Operations and the functions for credits share one name space of request ids: whoever uses one
first has it for good."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.integration.operators import ask, error_code, everything, nobodys
from tests.till import Till, completed

pytestmark = pytest.mark.usefixtures("sound_books")

Words = dict[str, Any]

OPERATIONS = (
    "resolve_payment",
    "dismiss_payment",
    "move_payment",
    "grant_credits",
    "spend_credits",
    "adjust_credits",
    "replay_event",
    "erase_user",
    "erase_payment",
    "repair_totals",
)
FUNCTIONS = {
    "spend": "spend_credits('ana', 5, 'req_1')",
    "reserve": "reserve_credits('ana', 5, 'req_1')",
    "grant": "grant_credits('ana', 5, 'req_1')",
    "grant to a new user": "grant_credits('nobody yet', 5, 'req_1')",
}


@pytest.fixture
def words(till: Till) -> dict[str, Words]:
    """A request that can be done for each operation."""
    held, unwanted, nameless = (nobodys(till)[1] for _ in range(3))
    session_id = till.sell_paid("ana")
    for user_id in ("zoe", "gone"):
        till.sell_paid(user_id)
    event = completed(till.account.complete(till.sell("zoe")))
    return {
        "resolve_payment": {"payment_id": held, "user_id": "ana"},
        "dismiss_payment": {"payment_id": unwanted},
        "move_payment": {"payment_id": till.payment(session_id)["payment_id"], "user_id": "zoe"},
        "grant_credits": {"user_id": "ana", "amount": 5},
        "spend_credits": {"user_id": "ana", "amount": 5},
        "adjust_credits": {"user_id": "ana", "delta": 5},
        "replay_event": {"event_id": event["id"]},
        "erase_user": {"user_id": "gone"},
        "erase_payment": {"operation": "erase_user", "payment_id": nameless},
        "repair_totals": {},
    }


def asked(name: str, words: dict[str, Words]) -> dict[str, Any]:
    return ask(**{"operation": name, **words[name]})


def called(till: Till, call: str) -> str:
    (row,) = till.rows(f"SELECT outcome FROM {call}")
    return str(row["outcome"])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_id_that_an_operation_has_used_is_refused_by_every_function(
    till: Till, words: dict[str, Words], operation: str
) -> None:
    assert asked(operation, words)["outcome"] == "recorded"
    before = everything(till)
    outcomes = {called(till, call) for call in FUNCTIONS.values()}
    assert outcomes == {"request_id_reused"}
    assert everything(till) == before


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_id_that_a_function_has_used_is_refused_by_every_operation(
    till: Till, words: dict[str, Words], function: str
) -> None:
    assert called(till, FUNCTIONS[function]) == "recorded"
    before = everything(till)
    for operation in OPERATIONS:
        error = asked(operation, words)["error"]
        assert error["code"] == "request_id_reused", operation
        assert error["message"] == "request_id 'req_1' was used for something else"
    assert everything(till) == before


def test_a_replay_of_what_is_not_ours_uses_its_id_too(till: Till) -> None:
    till.sell_paid("ana")
    other = till.account.complete(till.sell(None, line_items=[(700, 1)]))
    for _ in range(2):
        assert error_code(ask("replay_event", event_id=completed(other)["id"])) == "not_ours"
    assert called(till, FUNCTIONS["spend"]) == "request_id_reused"


def test_what_is_refused_leaves_its_id_to_a_function(till: Till) -> None:
    till.add_user("ana")
    assert error_code(ask("spend_credits", user_id="ana", amount=5)) == "insufficient"
    assert error_code(ask("move_payment", payment_id="pay_none", user_id="ana")) == (
        "unknown_payment"
    )
    assert called(till, FUNCTIONS["grant"]) == "recorded"


def begun(till: Till, pool: ThreadPoolExecutor, work: Callable[[], Any]) -> Future[Any]:
    """Work that has come so far that it waits for somebody."""
    asked = pool.submit(work)
    waiting = (
        "SELECT FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while not till.rows(waiting):
        assert not asked.done()
    return asked


@pytest.mark.parametrize("ends", ["commit", "rollback"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_waits_for_a_function_with_its_id(
    till: Till, words: dict[str, Words], operation: str, ends: str
) -> None:
    with ThreadPoolExecutor(1) as pool, psycopg.connect(till.database_url) as application:
        application.execute("SELECT grant_credits('nobody yet', 5, 'req_1')")
        answer = begun(till, pool, lambda: asked(operation, words))
        getattr(application, ends)()
        told = answer.result()
    expected = {"commit": "request_id_reused", "rollback": "recorded"}[ends]
    assert (told["outcome"] if "outcome" in told else error_code(told)) == expected


def test_a_function_waits_for_an_operation_with_its_id(till: Till) -> None:
    till.sell_paid("ana")
    till.add_user("zoe")

    def spend() -> str:
        with psycopg.connect(till.database_url) as connection:
            call = FUNCTIONS["spend"].encode()
            (outcome,) = connection.execute(b"SELECT outcome FROM " + call).fetchone() or ("",)
            return str(outcome)

    with ThreadPoolExecutor(1) as pool, psycopg.connect(till.database_url) as operator:
        operator.execute(
            "INSERT INTO credit_requests (request_id, kind) VALUES ('req_1', 'operation')"
        )
        outcome = begun(till, pool, spend)
        operator.commit()
        assert outcome.result() == "request_id_reused"


def test_of_a_function_and_operations_at_once_one_has_the_id(till: Till) -> None:
    till.sell_paid("ana")
    for number in range(20):
        request_id = f"race {number}"

        def spend(request_id: str = request_id) -> str:
            with psycopg.connect(till.database_url, autocommit=True) as connection:
                row = connection.execute(
                    "SELECT outcome FROM spend_credits('ana', 1, %s)", [request_id]
                ).fetchone()
                return str(row[0]) if row else ""

        def adjust(request_id: str = request_id) -> str:
            answer = ask("adjust_credits", request_id, user_id="ana", delta=-1)
            return str(answer.get("outcome") or error_code(answer))

        with ThreadPoolExecutor(2) as pool:
            outcomes = [each.result() for each in (pool.submit(spend), pool.submit(adjust))]
        assert sorted(outcomes) == ["recorded", "request_id_reused"]
    assert till.credits("ana") == 980
