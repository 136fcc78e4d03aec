"""What was sold before the till was installed: another program may have given the tokens."""

import time
from collections.abc import Iterator

import pytest

from handlers import operations, reconcile
from tests.integration.reconcile.past import Past, open_past
from tests.till import completed


@pytest.fixture
def past(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Past]:
    """A till that was installed yesterday, and an account with sales of the day before."""
    with open_past(database_url, monkeypatch) as opened:
        opened.till.execute("UPDATE till SET installed_at = now() - interval '1 day'")
        opened.at(days_ago=2)
        yield opened


@pytest.fixture
def old_sale(past: Past) -> str:
    """A sale of before the till, and then the account's clock is now."""
    session_id = past.till.sell()
    past.account.complete(session_id)
    past.clock.at = time.time()
    return session_id


def refunded(past: Past, session_id: str) -> None:
    past.account.refund(session_id, 500)
    past.till.deliver(past.till.latest("refund.created"))


def test_a_refund_of_half_an_old_sale_gives_nobody_credits(past: Past, old_sale: str) -> None:
    refunded(past, old_sale)
    row = past.till.payment(old_sale)
    assert (row["payment_status"], row["held_reason"], past.till.credits()) == (
        "paid",
        "before_till",
        0,
    )


def test_nor_does_a_dispute_of_one_that_is_won(past: Past, old_sale: str) -> None:
    past.account.win_dispute(past.account.dispute(old_sale)["id"])
    past.till.deliver(past.till.latest("charge.dispute.closed"))
    past.till.deliver(past.till.latest("charge.dispute.created"))
    assert (past.till.payment(old_sale)["held_reason"], past.till.credits()) == ("before_till", 0)


def test_an_operator_who_knows_better_grants_it(past: Past, old_sale: str) -> None:
    refunded(past, old_sale)
    request = {
        "operation": "resolve_payment",
        "payment_id": past.till.payment(old_sale)["payment_id"],
        "actor": "olga",
        "request_id": "1",
    }
    assert operations.handler(request, None)["delta"] == 500
    assert past.till.audit() == []


def test_an_old_sale_that_no_event_is_about_is_not_looked_for(past: Past, old_sale: str) -> None:
    assert reconcile.handler({}, None)["finished"]
    assert past.till.count("credit_ledger") == 0


@pytest.mark.parametrize("known", [True, False], ids=["held already", "not known yet"])
def test_a_backfill_grants_what_was_sold_before_the_till(
    past: Past, old_sale: str, known: bool
) -> None:
    if known:
        refunded(past, old_sale)
    answer = reconcile.handler({"days": 10}, None)
    assert (answer["finished"], answer["repairs_total"]) == (True, 1)
    assert past.till.credits() == (500 if known else 1000)
    assert reconcile.handler({"days": 10}, None)["repairs_total"] == 0


def test_a_held_old_sale_is_no_difference(past: Past, old_sale: str) -> None:
    refunded(past, old_sale)
    assert past.differences() == []


def test_the_schedule_leaves_a_held_old_sale_as_it_is(past: Past, old_sale: str) -> None:
    refunded(past, old_sale)
    past.till.execute(
        "UPDATE reconcile_checkpoints SET begins_at = begins_at - interval '10 days',"
        " resume_from = resume_from - interval '10 days'"
    )
    assert reconcile.handler({}, None)["repairs_total"] == 0
    assert past.till.payment(old_sale)["held_reason"] == "before_till"


def test_a_sale_since_the_till_is_granted(past: Past) -> None:
    past.clock.at = time.time()
    past.deliver([completed(past.account.complete(past.till.sell()))])
    assert past.till.credits() == 1000


def test_a_new_till_knows_when_it_was_installed(past: Past) -> None:
    (row,) = past.till.rows("SELECT installed_at <= now() AS is_past FROM till")
    assert row["is_past"]
