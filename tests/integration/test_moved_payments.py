"""A payment that becomes another user's, with its credits, and stays so whatever Stripe says."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from handlers import reconcile, reports
from tests.integration.at_once import from_processes
from tests.integration.operators import ask, error_code, everything, nobodys
from tests.integration.reports.truth import assert_reports_are_true, fold, reported
from tests.till import Till, completed

pytestmark = pytest.mark.usefixtures("sound_books")


def payment_id(till: Till, session_id: str) -> str:
    return str(till.payment(session_id)["payment_id"])


def move(till: Till, session_id: str, user_id: str = "zoe", request_id: str = "req_1") -> Any:
    moved = payment_id(till, session_id)
    return ask("move_payment", request_id, payment_id=moved, user_id=user_id)


def refund(till: Till, session_id: str, amount_minor: int) -> None:
    till.account.refund(session_id, amount_minor)
    till.deliver(till.latest("refund.created"))


def test_a_payment_and_its_credits_become_another_users(till: Till) -> None:
    session_id = till.sell_paid("ana")
    till.add_user("zoe")
    before = till.payment(session_id)
    assert move(till, session_id) == {
        "operation": "move_payment",
        "request_id": "req_1",
        "outcome": "recorded",
        "payment_id": before["payment_id"],
        "user_id": "zoe",
        "delta": 1000,
    }
    after = till.payment(session_id)
    assert after == before | {
        "user_id": "zoe",
        "resolved": True,
        "revision": before["revision"] + 1,
        "updated_at": after["updated_at"],
        "is_counted": after["is_counted"],
    }
    assert till.ledger("ana") == [("purchase", 1000, 1000), ("transfer", -1000, 0)]
    assert till.ledger("zoe") == [("transfer", 1000, 1000)]


def test_both_entries_say_who_moved_it_and_why(till: Till) -> None:
    move(till, till.sell_paid("ana"))
    assert till.rows(
        "SELECT DISTINCT actor, note, event_id FROM credit_ledger WHERE reason = 'transfer'"
    ) == [{"actor": "olga", "note": "a ticket", "event_id": "operation:req_1"}]


def test_both_timelines_show_the_transfer_and_the_operation_behind_it(till: Till) -> None:
    moved = payment_id(till, till.sell_paid("ana"))
    ask("move_payment", payment_id=moved, user_id="zoe")
    for user_id, delta in (("ana", -1000), ("zoe", 1000)):
        answer: Any = reports.handler(
            {"report": "user_timeline", "params": {"user_id": user_id}}, None
        )
        latest = answer["rows"][0]
        assert (latest["reason"], latest["delta"], latest["payment_id"]) == (
            "transfer",
            delta,
            moved,
        )
        assert (latest["event_type"], latest["source"]) == ("operation.move_payment", "operations")


def test_a_user_who_is_not_there_is_made_as_by_a_resolution(till: Till) -> None:
    move(till, till.sell_paid("ana"), "somebody new")
    assert till.credits("somebody new") == 1000


def test_a_later_refund_is_the_new_users(till: Till) -> None:
    session_id = till.sell_paid("ana")
    move(till, session_id)
    refund(till, session_id, 300)
    assert (till.credits("ana"), till.credits("zoe")) == (0, 700)
    assert till.payment(session_id)["user_id"] == "zoe"


def test_a_refund_that_fails_gives_back_to_the_new_user(till: Till) -> None:
    session_id = till.sell_paid("ana")
    refund(till, session_id, 1000)
    assert move(till, session_id)["delta"] == 0
    assert (till.count("credit_ledger"), till.credits("zoe")) == (2, 0)
    till.account.fail_refund(till.latest("refund.created")["data"]["object"]["id"])
    till.deliver(till.latest("refund.failed"))
    assert (till.credits("ana"), till.credits("zoe")) == (0, 1000)


def test_neither_later_events_nor_reconcile_move_it_back(till: Till) -> None:
    session_id = till.sell(None, metadata={"user_id": "ana"})
    event = completed(till.account.complete(session_id))
    till.deliver(event)
    move(till, session_id)
    till.deliver({**event, "id": "evt_again"})
    ask("replay_event", "req_2", event_id=event["id"])
    assert reconcile.handler({"days": 1}, None)["error"] is None
    assert reconcile.handler({"prove": True, "days": 1}, None)["equal"] is True
    assert (till.payment(session_id)["user_id"], till.credits("zoe")) == ("zoe", 1000)


def test_what_was_spent_already_is_owed_by_who_had_it(till: Till) -> None:
    session_id = till.sell_paid("ana")
    till.execute("SELECT spend_credits('ana', 400, 'job')")
    move(till, session_id)
    assert (till.credits("ana"), till.credits("zoe")) == (-400, 1000)


def test_a_payment_can_be_moved_on_and_back(till: Till) -> None:
    session_id = till.sell_paid("ana")
    for number, user_id in enumerate(("zoe", "bob", "ana")):
        assert move(till, session_id, user_id, str(number))["delta"] == 1000
    assert [till.credits(user_id) for user_id in ("ana", "bob", "zoe")] == [1000, 0, 0]
    refund(till, session_id, 1000)
    assert [till.credits(user_id) for user_id in ("ana", "bob", "zoe")] == [0, 0, 0]


def test_the_summaries_of_customers_follow(till: Till) -> None:
    session_id = till.sell_paid("ana")
    fold(till)
    move(till, session_id)
    assert_reports_are_true(till)
    fold(till)
    assert [row["user_id"] for row in reported("top_customers")] == ["zoe"]
    assert reported("rollup_audit") + reported("customers_audit") == []


def test_the_same_request_is_done_once(till: Till) -> None:
    session_id = till.sell_paid("ana")
    outcomes = [move(till, session_id)["outcome"] for _ in range(2)]
    assert outcomes == ["recorded", "duplicate"]
    assert error_code(move(till, session_id, "bob")) == "request_id_reused"
    assert till.credits("zoe") == 1000


def held(till: Till) -> str:
    return nobodys(till)[0]


def pending(till: Till) -> str:
    session_id = till.sell("ana")
    till.deliver_all(till.account.complete_unpaid(session_id))
    return session_id


def dismissed(till: Till) -> str:
    session_id, unwanted = nobodys(till)
    ask("dismiss_payment", "earlier", payment_id=unwanted)
    return session_id


def zoes(till: Till) -> str:
    return till.sell_paid("zoe")


@pytest.mark.parametrize(
    ("made", "code", "message"),
    [
        (held, "held", "is held: send resolve_payment with the user_id"),
        (pending, "not_paid", "is pending: only what was paid can be moved"),
        (dismissed, "not_paid", "is canceled: only what was paid can be moved"),
        (zoes, "same_user", "belongs to 'zoe' already"),
    ],
)
def test_what_cannot_be_moved_is_refused_in_a_sentence(
    till: Till, made: Any, code: str, message: str
) -> None:
    session_id = made(till)
    before = everything(till)
    error = move(till, session_id)["error"]
    assert (error["code"], error["message"]) == (code, f"{payment_id(till, session_id)} {message}")
    assert everything(till) == before


def test_a_payment_that_is_not_there_is_not_moved(till: Till) -> None:
    assert error_code(ask("move_payment", payment_id="pay_none", user_id="zoe")) == (
        "unknown_payment"
    )


@pytest.mark.usefixtures("impatient")
def test_what_stripe_was_not_asked_about_is_moved_once_it_was(till: Till) -> None:
    session_id = till.sell(
        "ana", metadata={"package_id": "starter", "user_id": "ana"}, line_items=[(1000, 1)]
    )
    event = completed(till.account.complete(session_id))
    till.stripe.faults.answer(503, times=10)
    till.deliver(event)
    till.stripe.faults.clear()
    assert till.payment(session_id)["enriched"] is False
    assert error_code(move(till, session_id)) == "not_done"
    ask("replay_event", "req_2", event_id=event["id"])
    assert move(till, session_id)["delta"] == 1000


def test_payments_moved_there_and_back_at_once_are_somewhere(till: Till) -> None:
    """Each move locks both users: none waits for another in a ring."""
    sessions = [till.sell_paid(user_id) for user_id in ("ana", "zoe")]
    requests = [
        {
            "operation": "move_payment",
            "payment_id": payment_id(till, session_id),
            "user_id": user_id,
            "actor": "olga",
            "request_id": f"{number} {session_id} {user_id}",
        }
        for number in range(3)
        for session_id in sessions
        for user_id in ("ana", "zoe")
    ]
    answers = from_processes("operations", requests, times=1)
    outcomes = Counter(answer.get("outcome") or error_code(answer) for answer in answers)
    # Who looks why nothing was written may find that it has been moved once more.
    meanwhile = [
        answer["error"] for answer in answers if answer.get("error", {}).get("code") == "not_done"
    ]
    assert all("just moved" in error["message"] for error in meanwhile)
    assert outcomes.keys() <= {"recorded", "same_user", "not_done"}
    assert till.count("credit_ledger") == 2 + 2 * outcomes["recorded"]
    for user_id in ("ana", "zoe"):
        held_by = [each for each in sessions if till.payment(each)["user_id"] == user_id]
        assert till.credits(user_id) == 1000 * len(held_by)


def test_what_was_refunded_while_a_move_waited_is_not_moved(till: Till) -> None:
    session_id = till.sell_paid("ana")
    moving = payment_id(till, session_id)
    with ThreadPoolExecutor(1) as pool:
        with psycopg.connect(till.database_url) as refunder:
            refunder.execute(
                "UPDATE payment_transactions SET amount_refunded = 4, credits_granted = 600,"
                " revision = revision + 1"
            )
            refunder.execute(
                "UPDATE users SET credits = credits - 400, ledger_entries = ledger_entries + 1"
            )
            refunder.execute(
                "INSERT INTO credit_ledger (entry_id, user_id, payment_id, delta, balance_after,"
                " reason, entry_number) VALUES ('late', 'ana', %s, -400, 600, 'refund', 2)",
                [moving],
            )
            asked = pool.submit(ask, "move_payment", payment_id=moving, user_id="zoe")
            while not till.rows(
                "SELECT FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ):
                assert not asked.done()
        assert asked.result()["delta"] == 600
    assert (till.credits("ana"), till.credits("zoe")) == (0, 600)
