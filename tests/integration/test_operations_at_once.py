"""Operations at once: the same request from everywhere is done once, and whatever else happens to
its user or payment meanwhile comes before it or after it."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg
import pytest

from handlers import operations
from tests.integration.operators import ask, error_code, nobodys
from tests.integration.reports.truth import assert_reports_are_true, reported
from tests.till import Till, another_container, completed

pytestmark = pytest.mark.usefixtures("sound_books")

PROJECT = Path(__file__).resolve().parents[2]
AT_ONCE = 6

# Waits for the others at a line, and makes its request several times.
PROCESS = """
import json, sys
from handlers import operations
request = json.loads(sys.stdin.readline())
print("ready", flush=True)
sys.stdin.readline()
for _ in range(5):
    print("answer", json.dumps(operations.handler(request, None)), flush=True)
"""

Json = dict[str, Any]
Words = dict[str, Any]
SIGNED = {"actor": "olga", "request_id": "req_1"}


def outcome(answer: Json) -> str:
    return str(answer.get("outcome") or answer["error"]["code"])


def from_processes(requests: list[Words]) -> Counter[str]:
    """Makes each request from a process of its own, all at once; the outcomes counted."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS],
            env={**os.environ, "PYTHONPATH": str(PROJECT / "src")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in requests
    ]
    for process, request in zip(processes, requests, strict=True):
        assert process.stdin is not None
        process.stdin.write(json.dumps({**SIGNED, **request}) + "\n")
        process.stdin.flush()
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate()[0] for process in processes]
    lines = [line for output in outputs for line in output.splitlines()]
    # The handler's log lines come by the same way.
    return Counter(outcome(json.loads(line[7:])) for line in lines if line.startswith("answer "))


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
    "words", [adjustment, erasure, erasure_of_a_payment, dismissal, resolution, replay]
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
    assert from_processes([words(till)] * 3) == {"recorded": 1, "duplicate": 14}
    assert len(till.rows("SELECT FROM stripe_events WHERE source = 'operations'")) == 1


def test_one_id_with_different_words_at_once_is_used_for_one_of_them(till: Till) -> None:
    till.sell_paid("ana")
    requests = [{**adjustment(till), "delta": delta} for delta in (1, 2, 3)]
    outcomes = from_processes(requests)
    assert outcomes == {"recorded": 1, "duplicate": 4, "request_id_reused": 10}
    assert till.credits("ana") in (1001, 1002, 1003)


def test_a_payment_is_resolved_to_one_of_two_users_or_dismissed(till: Till) -> None:
    _, payment_id = nobodys(till)
    named = {"payment_id": payment_id}
    requests = [
        {"request_id": "a", "operation": "resolve_payment", "user_id": "ana", **named},
        {"request_id": "b", "operation": "resolve_payment", "user_id": "zoe", **named},
        {"request_id": "c", "operation": "dismiss_payment", **named},
    ]
    outcomes = from_processes(requests)
    assert (outcomes["recorded"], outcomes["duplicate"]) == (1, 4)
    assert outcomes["not_held"] + outcomes["not_done"] == 10
    assert till.count("users") <= 1
    assert_reports_are_true(till)


def test_a_user_is_erased_once_by_whoever_asks_first(till: Till) -> None:
    till.sell_paid("ana")
    requests = [{**erasure(till), "request_id": each} for each in "abc"]
    assert from_processes(requests) == {"recorded": 1, "duplicate": 4, "unknown_user": 10}


@contextmanager
def at_work(till: Till) -> Iterator[psycopg.Connection[Any]]:
    """Somebody else's transaction, committed at the end of the block."""
    with psycopg.connect(till.database_url) as connection:
        yield connection


def begun(till: Till, pool: ThreadPoolExecutor, *args: Any, **words: Any) -> Future[Json]:
    """An operation that has come so far that it waits for a lock."""
    asked = pool.submit(ask, *args, **words)
    waiting = (
        "SELECT FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while not till.rows(waiting):
        assert not asked.done()
    return asked


# A purchase of ana's as one statement writes it; what of it waits depends on the operation.
BUYS = (
    "INSERT INTO payment_transactions (payment_id, user_id, stripe_session_id, package_id,"
    " package_name, tokens_purchased, amount_paid, amount_charged, payment_status,"
    " credits_granted, paid_at) VALUES ('pay_late', 'ana', 'cs_late', 'starter', 'Starter', 1000,"
    " 10, 10, 'paid', 1000, now())",
    "UPDATE users SET credits = credits + 1000, ledger_entries = ledger_entries + 1"
    " WHERE user_id = 'ana'",
    "INSERT INTO credit_ledger (entry_id, user_id, payment_id, delta, balance_after, reason,"
    " entry_number) SELECT 'entry_late', user_id, 'pay_late', 1000, credits, 'purchase',"
    " ledger_entries FROM users WHERE user_id = 'ana'",
)


def test_a_purchase_during_an_erasure_is_erased_too(till: Till) -> None:
    till.sell_paid("ana")
    with ThreadPoolExecutor(1) as pool:
        with at_work(till) as buyer:
            for statement in BUYS:
                buyer.execute(statement)
            erased = begun(till, pool, "erase_user", user_id="ana")
        assert erased.result()["payments"] == 2
    assert till.rows("SELECT FROM payment_transactions WHERE user_id = 'ana'") == []
    assert till.rows("SELECT credits FROM users") == [{"credits": 2000}]


def test_a_payment_resolved_during_an_erasure_is_erased_with_its_credits(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNKNOWN_USERS", "hold")
    till.sell_paid("ana")
    with ThreadPoolExecutor(1) as pool:
        with at_work(till) as resolver:
            resolver.execute(
                "UPDATE payment_transactions SET held_reason = NULL, credits_granted = 1000,"
                " revision = revision + 1"
            )
            resolver.execute(
                "INSERT INTO users (user_id, credits, ledger_entries) VALUES ('ana', 1000, 1)"
            )
            resolver.execute(
                "INSERT INTO credit_ledger (entry_id, user_id, payment_id, delta, balance_after,"
                " reason, entry_number) SELECT 'entry_1', 'ana', payment_id, 1000, 1000,"
                " 'purchase', 1 FROM payment_transactions"
            )
            erased = begun(till, pool, "erase_user", user_id="ana")
        assert erased.result()["payments"] == 1
    assert till.rows("SELECT FROM users WHERE user_id = 'ana'") == []


def test_who_is_erased_first_is_no_longer_there_to_be_adjusted(till: Till) -> None:
    till.sell_paid("ana")
    with ThreadPoolExecutor(1) as pool:
        with at_work(till) as eraser:
            eraser.execute("UPDATE payment_transactions SET user_id = 'erased_1'")
            eraser.execute("UPDATE users SET user_id = 'erased_1'")
            adjusted = begun(till, pool, "adjust_credits", user_id="ana", delta=5)
        assert error_code(adjusted.result()) == "unknown_user"
    assert (till.credits("erased_1"), till.credits("ana")) == (1000, 0)
    assert len(till.rows("SELECT FROM stripe_events WHERE source = 'operations'")) == 0


def test_an_adjustment_counts_what_was_written_while_it_waited(till: Till) -> None:
    till.sell_paid("ana")
    with ThreadPoolExecutor(1) as pool:
        with at_work(till) as buyer:
            for statement in BUYS:
                buyer.execute(statement)
            adjusted = begun(till, pool, "adjust_credits", user_id="ana", delta=5)
        assert adjusted.result()["balance"] == 2005


def test_a_payment_released_meanwhile_is_not_dismissed(till: Till) -> None:
    session_id, payment_id = nobodys(till)
    with ThreadPoolExecutor(1) as pool:
        with at_work(till) as resolver:
            resolver.execute(
                "UPDATE payment_transactions SET held_reason = NULL, user_id = 'ana',"
                " payment_status = 'canceled', paid_at = NULL, amount_paid = 0,"
                " revision = revision + 1"
            )
            dismissed = begun(till, pool, "dismiss_payment", payment_id=payment_id)
        assert error_code(dismissed.result()) == "not_held"
    assert till.payment(session_id)["dismissed"] is False


def test_a_payment_refunded_meanwhile_is_dismissed_as_it_is_then(till: Till) -> None:
    session_id, payment_id = nobodys(till)
    till.execute("DELETE FROM payment_changes")
    till.execute("UPDATE payment_transactions SET is_counted = false")
    with ThreadPoolExecutor(1) as pool:
        with at_work(till) as refunder:
            refunder.execute(
                "UPDATE payment_transactions SET amount_refunded = 4, is_counted = true,"
                " revision = revision + 1"
            )
            refunder.execute(
                "INSERT INTO payment_changes (payment_id, revision, created_at, became)"
                " SELECT payment_id, revision, created_at, ROW (paid_at, user_id, package_name,"
                " payment_status, payment_method, currency, amount_paid, amount_charged,"
                " amount_refunded, amount_disputed)::counted_payment FROM payment_transactions"
            )
            dismissed = begun(till, pool, "dismiss_payment", payment_id=payment_id)
        assert dismissed.result()["outcome"] == "recorded"
    assert str(till.payment(session_id)["amount_refunded"]) == "4.000"
    assert_reports_are_true(till)
    assert reported("rollup_audit") + reported("customers_audit") == []


def test_a_payment_is_resolved_and_then_dismissed_behind_the_operators_back(till: Till) -> None:
    """Stripe has answered the resolution when the payment is dismissed: it must ask again."""
    session_id, payment_id = nobodys(till)

    def dismiss(_method: str, _path: str) -> None:
        till.stripe.faults.before_answer = None
        with another_container():
            assert ask("dismiss_payment", "b", payment_id=payment_id)["outcome"] == "recorded"

    till.stripe.faults.before_answer = dismiss
    answer = ask("resolve_payment", "a", payment_id=payment_id, user_id="ana")
    assert error_code(answer) == "not_done"
    assert "somebody else has decided" in answer["error"]["message"]
    assert (till.count("users"), till.payment(session_id)["dismissed"]) == (0, True)
    assert error_code(ask("resolve_payment", "a", payment_id=payment_id, user_id="ana")) == (
        "not_held"
    )
