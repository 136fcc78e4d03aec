"""What goes wrong is said in a sentence, and "try again" only where that may help."""

from typing import Any

import psycopg
import pytest

from tests.integration.operators import ask, error_code, everything, nobodys
from tests.till import Till, completed

BIGINT = 2**63 - 1


def missed(till: Till, **session: Any) -> tuple[str, str]:
    """A purchase of which no event was delivered; its session, and an event of it."""
    session_id = till.sell(**session)
    return session_id, completed(till.account.complete(session_id))["id"]


def lose(till: Till, session_id: str) -> None:
    till.account.store.tables["checkout.session"].remove(session_id)


def refused(till: Till, *args: Any, **fields: Any) -> dict[str, str]:
    """The error with which it is refused, every time, with nothing written."""
    before = everything(till)
    errors = [ask(*args, **fields)["error"] for _ in range(2)]
    assert errors[0] == errors[1]
    assert everything(till) == before
    return dict(errors[0])


def test_an_event_whose_session_is_gone_is_not_replayed(till: Till) -> None:
    session_id, event_id = missed(till)
    lose(till, session_id)
    error = refused(till, "replay_event", event_id=event_id)
    assert error["code"] == "gone"
    assert "again" not in error["message"]


def test_a_held_payment_whose_session_is_gone_is_not_resolved_but_dismissed(till: Till) -> None:
    session_id, payment_id = nobodys(till)
    lose(till, session_id)
    error = refused(till, "resolve_payment", payment_id=payment_id, user_id="ana")
    assert error["code"] == "gone"
    assert ask("dismiss_payment", payment_id=payment_id)["outcome"] == "recorded"


@pytest.mark.parametrize("amount", ["lots", None, [], {}])
def test_an_object_of_a_shape_that_nobody_foresaw_is_replayed_and_held(
    till: Till, amount: object
) -> None:
    session_id, event_id = missed(till)
    intent = till.account.session(session_id)["payment_intent"]
    charge = till.account.retrieve("payment_intent", intent)["latest_charge"]
    stored = till.account.store.get("charge", charge)
    till.account.store.update(stored, amount=amount, amount_captured=amount)
    assert ask("replay_event", event_id=event_id)["outcome"] == "recorded"
    assert till.payment(session_id)["held_reason"] == "unreadable"


def test_an_event_about_something_else_is_refused_every_time(till: Till) -> None:
    _, event_id = missed(till, user_id=None, line_items=[(700, 1)])
    for _ in range(2):
        assert error_code(ask("replay_event", event_id=event_id)) == "not_ours"


@pytest.mark.parametrize(("balance", "delta"), [(BIGINT, 1), (-BIGINT, -2), (BIGINT - 5, 10**15)])
def test_a_balance_that_cannot_be_is_refused(till: Till, balance: int, delta: int) -> None:
    till.add_user("ana")
    till.execute("UPDATE users SET credits = %s", balance)
    assert refused(till, "adjust_credits", user_id="ana", delta=delta)["code"] == "out_of_range"


def test_a_payment_whose_credits_no_balance_can_take_is_not_resolved(till: Till) -> None:
    till.add_user("ana")
    till.execute("UPDATE users SET credits = %s", BIGINT)
    _, payment_id = nobodys(till)
    error = refused(till, "resolve_payment", payment_id=payment_id, user_id="ana")
    assert error["code"] == "out_of_range"


def test_what_breaks_a_rule_of_the_database_is_refused_for_good(till: Till) -> None:
    till.add_user("ana")
    till.execute("ALTER TABLE users ADD CONSTRAINT nobody_is_poor CHECK (credits >= 0)")
    error = refused(till, "adjust_credits", user_id="ana", delta=-1)
    assert error["code"] == "not_possible"
    assert "CheckViolation" in error["message"]


def test_a_database_that_is_away_may_be_back(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    error = ask("adjust_credits", user_id="ana", delta=1)["error"]
    assert (error["code"], error["message"].endswith("try again")) == ("not_done", True)


def test_a_database_that_can_only_be_read_may_be_another_one_soon(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.add_user("ana")
    url = f"{till.database_url}?options=-c%20default_transaction_read_only%3Don"
    monkeypatch.setenv("DATABASE_URL", url)
    error = refused(till, "adjust_credits", user_id="ana", delta=1)
    assert (error["code"], error["message"].endswith("try again")) == ("not_done", True)


def test_a_row_that_somebody_else_holds_is_let_go_some_time(till: Till) -> None:
    till.add_user("ana")
    url = f"{till.database_url}?options=-c%20lock_timeout%3D50ms"
    with psycopg.connect(till.database_url) as holder, pytest.MonkeyPatch.context() as patched:
        patched.setenv("DATABASE_URL", url)
        holder.execute("UPDATE users SET updated_at = now()")
        error = ask("adjust_credits", user_id="ana", delta=1)["error"]
    assert (error["code"], error["message"].endswith("try again")) == ("not_done", True)
    assert ask("adjust_credits", user_id="ana", delta=1)["outcome"] == "recorded"
