"""The summaries are exact after every write, whether it is folded into the totals yet or not."""

import random
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from adapters import totals
from adapters.connecting import connect
from adapters.payments import PostgresPayments
from adapters.postgres import Database
from domain.converge import Verdict, Write
from domain.events import EVENT_TYPES, Hint, Origin, Reference, ReferenceKind
from handlers import operations
from tests.integration.purchase_moves import legal_moves
from tests.integration.reports.truth import assert_reports_are_true, fold, reported
from tests.lanes import size
from tests.till import Till, completed


def uncounted(till: Till) -> int:
    """How many payments the totals do not have as they are."""
    return till.count("payment_transactions WHERE NOT is_counted")


def ask(operation: str, request_id: str = "req_1", **fields: Any) -> None:
    request = {"operation": operation, "actor": "olga", "request_id": request_id, **fields}
    answer = operations.handler(request, None)
    assert "error" not in answer


def sell_something(till: Till, dice: random.Random) -> str:
    if dice.random() < 0.3:
        return till.sell("user_1", line_items=[(950, 1)], currency="eur")
    return till.sell(f"user_{dice.randrange(3)}")


def move_on(till: Till, sessions: list[str], dice: random.Random) -> None:
    """Makes a move that Stripe allows on one of the purchases, and delivers its events."""
    moves = [move for session in sessions for move in legal_moves(till.account, session)]
    seen = len(till.account.events)
    dice.choice(moves).make()
    for event in till.account.events[seen:]:
        if event["type"] in EVENT_TYPES:
            till.deliver(event)


@pytest.mark.parametrize("seed", range(size(2, 30)))
def test_the_summaries_are_true_whatever_happens_to_the_purchases(till: Till, seed: int) -> None:
    """Nothing is folded at first, and then now and then."""
    dice = random.Random(seed)  # noqa: S311
    sessions = [sell_something(till, dice) for _ in range(12)]
    for number in range(30):
        move_on(till, sessions, dice)
        if number >= 10 and dice.random() < 0.3:
            fold(till)
        assert_reports_are_true(till)
    assert reported("rollup_audit") + reported("customers_audit") == []


def test_a_payment_is_reported_before_it_is_folded(till: Till) -> None:
    till.sell_paid()
    assert uncounted(till) == 1
    assert till.count("folded_payment_totals") == 0
    assert_reports_are_true(till)


def test_folding_counts_every_payment_and_changes_no_report(till: Till) -> None:
    session_id = till.sell_paid()
    till.sell_paid()
    till.account.refund(session_id, 333)
    till.deliver(till.account.events[-1])
    assert fold(till) == 2
    assert uncounted(till) == 0
    assert_reports_are_true(till)


def test_a_foreign_payment_gets_its_worth_when_stripe_settles_it(till: Till) -> None:
    session_id = till.sell(line_items=[(950, 1)], currency="eur", metadata={"package_id": "x"})
    till.deliver(completed(till.account.complete(session_id, settled=False)))
    fold(till)
    assert [row["unknown_usd_payments"] for row in reported("revenue_by_currency")] == [1]
    till.account.settle(session_id)
    ask("replay_event", event_id=till.latest("checkout.session.completed")["id"])
    assert [row["unknown_usd_payments"] for row in reported("revenue_by_currency")] == [0]
    assert_reports_are_true(till)


def test_a_payment_that_ops_resolve_moves_to_its_user_and_package(till: Till) -> None:
    session_id = till.sell_paid(None, line_items=[(4500, 1)], metadata={"package_id": "gold"})
    fold(till)
    payment_id = till.payment(session_id)["payment_id"]
    ask("resolve_payment", payment_id=payment_id, user_id="user_9", package_id="professional")
    assert_reports_are_true(till)
    assert [row["user_id"] for row in reported("top_customers")] == ["user_9"]
    assert [row["package_name"] for row in reported("payments_by_package")] == ["Professional"]


def test_an_erased_user_is_gone_from_the_totals_with_the_next_fold(till: Till) -> None:
    till.sell_paid()
    fold(till)
    till.sell_paid()
    ask("erase_user", user_id="user_123")
    assert_reports_are_true(till)
    fold(till)
    assert_reports_are_true(till)
    for table in ("payment_transactions", "folded_customer_totals", "folded_payment_totals"):
        assert "user_123" not in str(till.rows(f"SELECT t::text FROM {table} AS t"))


def test_a_payment_stays_counted_when_an_event_changes_nothing_of_it(till: Till) -> None:
    event = completed(till.account.complete(till.sell()))
    till.deliver(event)
    fold(till)
    assert till.deliver({**event, "id": "evt_another"}).outcome == "unchanged"
    assert uncounted(till) == 0


def test_a_payment_that_goes_back_to_what_was_counted_is_counted(till: Till) -> None:
    session_id = till.sell_paid()
    fold(till)
    dispute = till.account.dispute(session_id)
    till.deliver(till.latest("charge.dispute.created"))
    assert uncounted(till) == 1
    till.deliver_all(till.account.win_dispute(dispute["id"]))
    assert uncounted(till) == 0
    assert_reports_are_true(till)


def test_a_write_that_lost_its_race_leaves_the_payment_counted(till: Till) -> None:
    session_id = till.sell_paid()
    fold(till)
    reference = Reference(ReferenceKind.CHECKOUT_SESSION, session_id)
    hint = Hint(
        event_id="evt_late",
        event_type="refund.created",
        api_version=None,
        event_created=None,
        origin=Origin.WEBHOOK,
        reference=reference,
    )
    with closing(Database(lambda: connect(till.database_url))) as database:
        store = PostgresPayments(database, hold_unknown_users=False)
        stored = store.find("evt_late", reference).stored
        till.execute("UPDATE payment_transactions SET revision = revision + 1")
        assert stored is not None
        changed = replace(stored.payment, user_id="user_9")
        late = Write(hint, Verdict.RECORDED, changed, stored, None)
        assert store.record(late) is None
    assert uncounted(till) == 0


def test_names_made_of_quotes_and_commas_are_counted_as_they_are(till: Till) -> None:
    hostile = 'Bobby "(,)" \\ tables'
    till.execute("UPDATE packages SET package_name = %s", hostile)
    session_id = till.sell_paid(hostile)
    till.account.refund(session_id, 250)
    till.deliver(till.account.events[-1])
    fold(till)
    assert_reports_are_true(till)
    assert reported("top_customers")[0]["user_id"] == hostile


def test_the_webhook_may_fold_under_its_own_role(till: Till) -> None:
    till.sell_paid()
    url = psycopg.conninfo.make_conninfo(till.database_url, options="-c role=webhook_writer")
    with closing(Database(lambda: connect(url))) as database:
        assert totals.fold_totals(database) == 1
