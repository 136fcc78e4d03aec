"""Operations at once: the same request from everywhere is done once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from handlers import operations
from tests.integration.at_once import from_processes
from tests.integration.operators import nobodys
from tests.integration.reports.truth import assert_reports_are_true
from tests.till import Till, completed

pytestmark = pytest.mark.usefixtures("sound_books")

AT_ONCE = 6

Json = dict[str, Any]
Words = dict[str, Any]
SIGNED = {"actor": "olga", "request_id": "req_1"}


def outcome(answer: Json) -> str:
    return str(answer.get("outcome") or answer["error"]["code"])


def from_containers(requests: list[Words]) -> Counter[str]:
    """Makes each request five times from a process of its own, all at once; the outcomes."""
    signed = [{**SIGNED, **request} for request in requests]
    return Counter(map(outcome, from_processes("operations", signed, times=5)))


def from_threads(requests: list[Words]) -> Counter[str]:
    """The same from threads of one process, which share its connection."""
    together = Barrier(len(requests))

    def made(request: Words) -> str:
        together.wait()
        return outcome(operations.handler({**SIGNED, **request}, None))

    with ThreadPoolExecutor(len(requests)) as pool:
        return Counter(pool.map(made, requests))


def adjustment(_till: Till) -> Words:
    return {"operation": "adjust_credits", "user_id": "ana", "delta": 5}


def grant(_till: Till) -> Words:
    return {"operation": "grant_credits", "user_id": "ana", "amount": 5}


def grant_to_somebody_new(_till: Till) -> Words:
    return {"operation": "grant_credits", "user_id": "zoe", "amount": 5}


def spending(_till: Till) -> Words:
    return {"operation": "spend_credits", "user_id": "ana", "amount": 5}


def move(till: Till) -> Words:
    moved = till.payment(till.sell_paid("ana"))["payment_id"]
    return {"operation": "move_payment", "payment_id": moved, "user_id": "zoe"}


def erasure(_till: Till) -> Words:
    return {"operation": "erase_user", "user_id": "ana"}


def erasure_of_a_payment(till: Till) -> Words:
    return {"operation": "erase_user", "payment_id": nobodys(till)[1]}


def dismissal(till: Till) -> Words:
    return {"operation": "dismiss_payment", "payment_id": nobodys(till)[1]}


def resolution(till: Till) -> Words:
    return {"operation": "resolve_payment", "payment_id": nobodys(till)[1], "user_id": "zoe"}


def replay(till: Till) -> Words:
    event = completed(till.account.complete(till.sell("zoe")))
    return {"operation": "replay_event", "event_id": event["id"]}


every_operation = pytest.mark.parametrize(
    "words",
    [
        adjustment,
        grant,
        grant_to_somebody_new,
        spending,
        move,
        erasure,
        erasure_of_a_payment,
        dismissal,
        resolution,
        replay,
    ],
)


@every_operation
def test_the_same_request_from_threads_at_once_is_done_once(
    till: Till, words: Callable[[Till], Words]
) -> None:
    till.sell_paid("ana")
    assert from_threads([words(till)] * AT_ONCE) == {"recorded": 1, "duplicate": AT_ONCE - 1}
    assert len(till.rows("SELECT FROM stripe_events WHERE source = 'operations'")) == 1


@every_operation
def test_the_same_request_from_processes_at_once_is_done_once(
    till: Till, words: Callable[[Till], Words]
) -> None:
    till.sell_paid("ana")
    assert from_containers([words(till)] * 3) == {"recorded": 1, "duplicate": 14}
    assert len(till.rows("SELECT FROM stripe_events WHERE source = 'operations'")) == 1


def test_one_id_with_different_words_at_once_is_used_for_one_of_them(till: Till) -> None:
    till.sell_paid("ana")
    requests = [{**adjustment(till), "delta": delta} for delta in (1, 2, 3)]
    outcomes = from_containers(requests)
    assert outcomes == {"recorded": 1, "duplicate": 4, "request_id_reused": 10}
    assert till.credits("ana") in (1001, 1002, 1003)


def test_of_all_who_spend_the_last_credit_one_does(till: Till) -> None:
    till.sell_paid("ana")
    till.spend(999, "ana")
    requests = [{**spending(till), "amount": 1, "request_id": f"{each}"} for each in range(8)]
    assert from_threads(requests) == {"recorded": 1, "insufficient": 7}
    assert till.credits("ana") == 0


def test_a_payment_is_resolved_to_one_of_two_users_or_dismissed(till: Till) -> None:
    _, payment_id = nobodys(till)
    named = {"payment_id": payment_id}
    requests = [
        {"request_id": "a", "operation": "resolve_payment", "user_id": "ana", **named},
        {"request_id": "b", "operation": "resolve_payment", "user_id": "zoe", **named},
        {"request_id": "c", "operation": "dismiss_payment", **named},
    ]
    outcomes = from_containers(requests)
    # Who is overtaken while Stripe answers is told to try again, and then that it is not held.
    outcomes["not_held"] += outcomes.pop("not_done", 0)
    assert outcomes == {"recorded": 1, "duplicate": 4, "not_held": 10}
    assert till.count("users") <= 1
    assert_reports_are_true(till)


def test_a_user_is_erased_once_by_whoever_asks_first(till: Till) -> None:
    till.sell_paid("ana")
    requests = [{**erasure(till), "request_id": each} for each in "abc"]
    assert from_containers(requests) == {"recorded": 1, "duplicate": 4, "unknown_user": 10}
