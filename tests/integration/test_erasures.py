"""Personal data erased, by user or by payment: nothing of it is left, and every amount is."""

import pytest

from tests.integration.operators import ask, error_code, everything, nobodys, sell_held
from tests.integration.reports.truth import fold
from tests.till import Till, completed

pytestmark = pytest.mark.usefixtures("sound_books")

EMAIL = "buyer@example.com"
HELD_MISMATCH = {"metadata": {"package_id": "professional"}}


def assert_no_trace(till: Till, *of: str) -> None:
    """No table says it, not even as a part of something longer."""
    texts = everything(till)
    assert [text for text in texts if any(each in text for each in of)] == []


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
    assert_no_trace(till, "user_123", "buyer@example.com")


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


def test_an_erased_user_is_gone_from_the_totals_of_customers_too(till: Till) -> None:
    till.sell_paid()
    fold(till)
    assert till.rows("SELECT user_id FROM folded_customer_totals") == [{"user_id": "user_123"}]
    ask("erase_user", user_id="user_123")
    assert_no_trace(till, "user_123")


def test_what_operators_asked_for_says_no_longer_for_whom(till: Till) -> None:
    _, payment_id = nobodys(till)
    ask("resolve_payment", "a", payment_id=payment_id, user_id="user_123")
    ask("adjust_credits", "b", user_id="user_123", delta=-5)
    ask("erase_user", "c", user_id="user_123")
    assert_no_trace(till, "user_123")
    requests = till.rows(
        "SELECT request FROM stripe_events WHERE source = 'operations' ORDER BY received_at"
    )
    assert [row["request"] for row in requests] == [
        {"payment_id": payment_id, "user_id": None},
        {"user_id": None, "delta": -5},
        {"user_id": None},
    ]


def test_what_operators_asked_for_others_is_left(till: Till) -> None:
    till.add_user("user_1234")
    till.add_user()
    ask("adjust_credits", "a", user_id="user_1234", delta=-5)
    ask("erase_user", "b", user_id="user_123")
    assert ask("adjust_credits", "a", user_id="user_1234", delta=-5)["outcome"] == "duplicate"


@pytest.mark.parametrize("unknown_users", ["create", "hold"])
def test_who_is_not_there_is_not_erased(
    till: Till, monkeypatch: pytest.MonkeyPatch, unknown_users: str
) -> None:
    monkeypatch.setenv("UNKNOWN_USERS", unknown_users)
    till.add_user("ana")
    answer = ask("erase_user", user_id="anna")
    assert error_code(answer) == "unknown_user"
    assert "'anna'" in answer["error"]["message"]
    assert till.count("stripe_events") == 0


def test_a_user_without_a_payment_is_erased(till: Till) -> None:
    till.add_user("ana")
    assert ask("erase_user", user_id="ana")["payments"] == 0
    assert_no_trace(till, "ana")


def test_a_user_of_held_payments_alone_is_erased(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNKNOWN_USERS", "hold")
    session_id, _ = sell_held(till, user_id="ana", customer_email=EMAIL)
    assert till.count("users") == 0
    assert ask("erase_user", user_id="ana")["payments"] == 1
    assert_no_trace(till, "ana", EMAIL)
    assert till.payment(session_id)["held_reason"] == "unknown_user"


def test_the_same_person_is_erased_once(till: Till) -> None:
    till.sell_paid()
    ask("erase_user", "a", user_id="user_123")
    assert ask("erase_user", "a", user_id="user_123")["outcome"] == "duplicate"
    assert error_code(ask("erase_user", "b", user_id="user_123")) == "unknown_user"


def test_a_person_who_comes_back_is_erased_by_a_request_of_its_own(till: Till) -> None:
    till.sell_paid()
    ask("erase_user", "a", user_id="user_123")
    till.sell_paid()
    assert error_code(ask("erase_user", "a", user_id="user_123")) == "request_id_reused"
    assert till.credits() == 1000
    assert ask("erase_user", "b", user_id="user_123")["payments"] == 1
    assert till.count("users") == 2


def test_a_payment_of_nobody_is_erased_by_its_id(till: Till) -> None:
    session_id, payment_id = nobodys(till, customer_email=EMAIL)
    _, other_id = nobodys(till, customer_email="another@example.com")
    before = till.payment(session_id)
    assert ask("erase_user", payment_id=payment_id)["payments"] == 1
    assert_no_trace(till, EMAIL)
    after = till.payment(session_id)
    assert after == before | {
        "customer_email": None,
        "erased": True,
        "revision": before["revision"] + 1,
        "updated_at": after["updated_at"],
    }
    assert "another@example.com" in everything(till)
    assert ask("erase_user", payment_id=payment_id)["outcome"] == "duplicate"
    assert error_code(ask("erase_user", payment_id=other_id)) == "request_id_reused"


def test_an_erased_payment_of_nobody_stays_erased_when_stripe_speaks_again(till: Till) -> None:
    session_id, payment_id = nobodys(till, customer_email=EMAIL)
    ask("erase_user", payment_id=payment_id)
    till.account.refund(session_id, 300)
    till.deliver(till.latest("refund.created"))
    assert str(till.payment(session_id)["amount_refunded"]) == "3.000"
    assert_no_trace(till, EMAIL)


def test_an_erased_payment_of_nobody_can_be_resolved(till: Till) -> None:
    session_id, payment_id = nobodys(till, customer_email=EMAIL)
    ask("erase_user", "a", payment_id=payment_id)
    assert error_code(ask("resolve_payment", "b", payment_id=payment_id)) == "user_required"
    assert ask("resolve_payment", "b", payment_id=payment_id, user_id="user_9")["delta"] == 1000
    assert till.credits("user_9") == 1000
    till.account.refund(session_id, 300)
    till.deliver(till.latest("refund.created"))
    assert (till.credits("user_9"), till.payment(session_id)["erased"]) == (700, True)
    assert_no_trace(till, EMAIL)


def test_an_erased_payment_of_nobody_can_be_dismissed(till: Till) -> None:
    session_id, payment_id = nobodys(till, customer_email=EMAIL)
    ask("erase_user", "a", payment_id=payment_id)
    assert ask("dismiss_payment", "b", payment_id=payment_id)["outcome"] == "recorded"
    payment = till.payment(session_id)
    assert (payment["erased"], payment["dismissed"]) == (True, True)


def test_a_payment_of_a_user_is_not_erased_by_its_id(till: Till) -> None:
    session_id = till.sell_paid(customer_email=EMAIL)
    before = till.payment(session_id)
    answer = ask("erase_user", payment_id=before["payment_id"])
    assert error_code(answer) == "has_user"
    assert "send erase_user with the user_id" in answer["error"]["message"]
    assert till.payment(session_id) == before


def test_a_payment_that_is_not_there_is_not_erased(till: Till) -> None:
    assert error_code(ask("erase_user", payment_id="pay_none")) == "unknown_payment"
    assert till.count("stripe_events") == 0


def test_what_operators_noted_of_an_erased_user_is_gone(till: Till) -> None:
    till.sell_paid(customer_email=EMAIL)
    _, held = nobodys(till)
    ask("adjust_credits", "a", user_id="user_123", delta=5, note=f"Ana, {EMAIL}, asked")
    ask("resolve_payment", "b", payment_id=held, user_id="user_123", note="Ana's too")
    mismatched = HELD_MISMATCH | {"user_id": "user_123"}
    _, accepted = sell_held(till, **mismatched)
    ask("resolve_payment", "c", payment_id=accepted, note="Ana says so")
    ask("erase_user", "d", user_id="user_123", note="ticket 9")
    assert_no_trace(till, "Ana", EMAIL)
    notes = till.rows("SELECT note FROM stripe_events WHERE note IS NOT NULL")
    assert notes == [{"note": "ticket 9"}]


@pytest.mark.parametrize("note", ["user_123 wrote to us", "BUYER@example.com wrote to us"])
def test_the_note_of_an_erasure_is_not_kept_if_it_names_the_person(till: Till, note: str) -> None:
    till.sell_paid(customer_email=EMAIL)
    ask("erase_user", user_id="user_123", note=note)
    assert_no_trace(till, note)


def test_what_operators_noted_of_an_erased_payment_is_gone(till: Till) -> None:
    _, payment_id = nobodys(till, customer_email=EMAIL)
    ask("dismiss_payment", "a", payment_id=payment_id, note="Ana bought a mug")
    ask("erase_user", "b", payment_id=payment_id, note=f"{EMAIL} wrote to us")
    assert_no_trace(till, "Ana", EMAIL)


def test_what_operators_noted_of_others_is_left(till: Till) -> None:
    for user_id in ("ana", "bob"):
        till.add_user(user_id)
        ask("adjust_credits", user_id, user_id=user_id, delta=5, note=f"for {user_id}")
    ask("erase_user", user_id="ana")
    assert everything(till).count("for bob") == 2


def test_who_asked_for_credits_of_an_erased_user_and_why_is_gone(till: Till) -> None:
    till.sell_paid()
    for call in (
        "spend_credits('user_123', 5, 'a', 'for Ana', 'Ana')",
        "reserve_credits('user_123', 5, 'b', '1 hour', 'for Ana', 'Ana')",
        "reserve_credits('user_123', 5, 'c', '1 hour', 'for Ana', 'Ana')",
        "capture_credits('c', 4)",
        "return_credits('c', 2)",
        "grant_credits('user_123', 5, 'd', 'for Ana', 'Ana')",
    ):
        till.execute(f"SELECT {call}")
    before = till.rows("SELECT request_id, amount, taken, returned FROM credit_requests ORDER BY 1")
    ask("erase_user", "e", user_id="user_123")
    assert_no_trace(till, "user_123", "Ana")
    for table in ("credit_ledger", "credit_requests"):
        assert till.rows(f"SELECT FROM {table} WHERE actor IS NOT NULL OR note IS NOT NULL") == []
    after = till.rows(
        "SELECT request_id, amount, taken, returned FROM credit_requests"
        " WHERE kind <> 'operation' ORDER BY 1"
    )
    assert after == before


def test_a_reservation_of_an_erased_user_is_captured_by_its_id(till: Till) -> None:
    till.sell_paid()
    till.execute("SELECT reserve_credits('user_123', 5, 'a')")
    ask("erase_user", "b", user_id="user_123")
    (row,) = till.rows("SELECT outcome, balance FROM capture_credits('a', 5)")
    assert row == {"outcome": "recorded", "balance": 995}


def test_an_erased_users_request_ids_are_never_good_again(till: Till) -> None:
    till.sell_paid()
    till.execute("SELECT spend_credits('user_123', 5, 'order of Ana')")
    ask("adjust_credits", "ticket of Ana", user_id="user_123", delta=-5)
    ask("erase_user", "erasure of Ana", user_id="user_123")
    till.sell_paid()
    for request_id in ("order of Ana", "ticket of Ana", "erasure of Ana"):
        (row,) = till.rows("SELECT outcome FROM spend_credits('user_123', 5, %s)", request_id)
        assert row["outcome"] == "request_id_reused"
        refused = ask("spend_credits", request_id, user_id="user_123", amount=5)
        assert error_code(refused) == "request_id_reused"
    assert till.credits() == 1000


def test_what_operators_asked_of_a_user_who_was_erased_names_nobody(till: Till) -> None:
    moved = till.payment(till.sell_paid("ana"))["payment_id"]
    ask("move_payment", "a", payment_id=moved, user_id="user_123", note="it was Ana's")
    ask("grant_credits", "b", user_id="user_123", amount=5, note="for Ana")
    ask("spend_credits", "c", user_id="user_123", amount=5, note="by Ana")
    ask("erase_user", "d", user_id="user_123")
    assert_no_trace(till, "user_123", "Ana")


def test_a_payment_moved_away_from_an_erased_user_keeps_no_address_and_no_note(till: Till) -> None:
    session_id = till.sell_paid(customer_email=EMAIL)
    moved = till.payment(session_id)["payment_id"]
    ask("move_payment", "a", payment_id=moved, user_id="zoe", note="Ana paid for Zoe")
    assert ask("erase_user", "b", user_id="user_123")["payments"] == 1
    assert_no_trace(till, "user_123", "Ana", EMAIL)
    till.account.refund(session_id, 300)
    till.deliver(till.latest("refund.created"))
    assert (till.payment(session_id)["user_id"], till.credits("zoe")) == ("zoe", 700)
    assert_no_trace(till, EMAIL)


def test_an_entry_of_before_there_were_request_ids_is_kept_by_no_name(till: Till) -> None:
    till.add_user("ana")
    till.execute(
        "UPDATE users SET credits = 5, ledger_entries = 1;"
        "INSERT INTO credit_ledger (entry_id, user_id, delta, balance_after, reason, actor,"
        " entry_number) VALUES ('old', 'ana', 5, 5, 'adjustment', 'Ana''s aunt', 1)"
    )
    ask("erase_user", user_id="ana")
    assert_no_trace(till, "Ana")
    assert till.rows("SELECT actor FROM credit_ledger") == [{"actor": "erased"}]
