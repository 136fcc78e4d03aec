"""Folding, repairing and proving the totals, also while payments are being recorded."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from adapters import totals
from adapters.connecting import connect
from adapters.migrations import Migrated, migrate, migrations_on_disk
from adapters.payments import PostgresPayments
from adapters.postgres import Database
from adapters.report_queries import PostgresReports
from domain.converge import ROUNDS, Verdict, Write
from domain.events import Signed
from domain.payment import Payment, PaymentStatus, entry_for
from reports.answers import ResultPage, answer
from tests.integration.reports.books import START, Books
from tests.unit.purchases import hint, payment

A_PAYMENT = (
    "INSERT INTO payment_transactions (payment_id, user_id, stripe_session_id, package_id,"
    " package_name, tokens_purchased, amount_paid, payment_status, paid_at, amount_charged,"
    " credits_granted) VALUES ('pay_by_hand', 'user_1', 'cs_by_hand', 'starter', 'Starter', 1000,"
    " 10, 'paid', '2026-01-31 23:59:59+00', 10, 1000)"
)

WAITING = (
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@contextmanager
def database(url: str) -> Iterator[Database]:
    with closing(Database(lambda: connect(url))) as opened:
        yield opened


def audited(url: str) -> list[Any]:
    """What the audits of the totals find, on a connection of their own."""
    rows: list[Any] = []
    with database(url) as one:
        for report in ("rollup_audit", "customers_audit"):
            page = answer({"report": report}, PostgresReports(one), START)
            assert isinstance(page, ResultPage)
            rows += page.table.rows
    return rows


def count(books: Books, table: str) -> int:
    return int(books.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"])


def uncounted(books: Books) -> int:
    return count(books, "payment_transactions WHERE NOT is_counted")


def signed(request_id: str = "req_1", note: str | None = None) -> Signed:
    return Signed(
        operation="repair_totals", actor="olga", note=note, request_id=request_id, asked={}
    )


def record(till: PostgresPayments, event_id: str, now: Payment) -> None:
    """Finds and records, again when a fold moved the row from under the write."""
    about = hint(event_id=event_id)
    for _ in range(ROUNDS):
        stored = till.find(event_id, replace(about.reference, id=now.stripe_session_id)).stored
        entry = entry_for(now, stored.payment if stored else None)
        if till.record(Write(about, Verdict.RECORDED, now, stored, entry)):
            return
    raise AssertionError(f"{event_id} was not recorded in {ROUNDS} rounds")


def sell_and_refund(url: str, writer: int) -> None:
    with database(url) as one:
        till = PostgresPayments(one, hold_unknown_users=False)
        for n in range(15):
            name = f"{writer}_{n}"
            paid = payment(
                user_id=f"user_{n % 3}",
                stripe_session_id=f"cs_{name}",
                stripe_payment_intent_id=f"pi_{name}",
            )
            record(till, f"evt_sale_{name}", paid)
            back = {"amount_refunded_minor": 4500, "credits_granted": 0}
            refunded = replace(paid, payment_status=PaymentStatus.REFUNDED, **back)
            record(till, f"evt_refund_{name}", refunded)


def fold_often(url: str) -> None:
    with database(url) as one:
        for _ in range(30):
            totals.fold_totals(one, batch_size=2)


def test_the_totals_are_true_at_every_moment_of_many_writing_and_folding(books: Books) -> None:
    url = books.database_url
    with ThreadPoolExecutor() as threads:
        working = [threads.submit(sell_and_refund, url, writer) for writer in range(4)]
        working += [threads.submit(fold_often, url) for _ in range(2)]
        while not all(work.done() for work in working):
            assert audited(url) == []
        for work in as_completed(working):
            work.result()
    assert audited(url) == []
    [statuses] = [row for row in books.asked("payments_by_status")["rows"] if row["payments"]]
    assert (statuses["payment_status"], statuses["payments"]) == ("refunded", 60)


def test_a_fold_is_bounded(books: Books) -> None:
    for _ in range(totals.BATCHES + 3):
        books.pay()
    with database(books.database_url) as one:
        assert totals.fold_totals(one, batch_size=1) == totals.BATCHES
    assert uncounted(books) == 3
    assert audited(books.database_url) == []


def test_a_second_fold_does_not_wait_for_what_the_first_one_has_taken(books: Books) -> None:
    books.pay()
    with psycopg.connect(books.database_url) as first, database(books.database_url) as second:
        first.execute("SELECT FROM payment_transactions FOR UPDATE")
        assert totals.fold_totals(second) == 0


def test_a_write_that_waited_for_a_fold_is_counted_by_the_next_one(books: Books) -> None:
    books.pay()
    refund = "UPDATE payment_transactions SET amount_refunded = 4, credits_granted = 600"
    with (
        database(books.database_url) as one,
        psycopg.connect(books.database_url, autocommit=True) as writer,
        ThreadPoolExecutor(1) as pool,
    ):
        with one.transaction() as folding:
            folding.execute(totals.FOLD, {"batch_size": 1})
            writing = pool.submit(writer.execute, refund)
            while not books.rows(WAITING):
                assert not writing.done()
        writing.result()
        assert audited(books.database_url) == []
        assert totals.fold_totals(one) == 1
    assert audited(books.database_url) == []


def test_totals_of_nothing_are_removed(books: Books) -> None:
    books.execute("INSERT INTO folded_customer_totals VALUES ('user_1', 0, 0, 0, 0, 0)")
    books.execute(
        "INSERT INTO folded_payment_totals"
        " VALUES ('status', '2026-01-01', 'paid', '', 0, 0, 0, 0, 0, 0, 0, 0)"
    )
    with database(books.database_url) as one:
        totals.fold_totals(one)
    assert count(books, "folded_customer_totals") == 0
    assert count(books, "folded_payment_totals") == 0


def test_totals_of_no_payment_but_an_amount_are_kept_for_the_audit(books: Books) -> None:
    books.execute("INSERT INTO folded_customer_totals VALUES ('user_1', 0, 0, 10, 0, 0)")
    with database(books.database_url) as one:
        totals.fold_totals(one)
    assert count(books, "folded_customer_totals") == 1


def lose_a_payment(books: Books) -> None:
    """A row that says the totals have it, and they do not."""
    books.execute(A_PAYMENT)
    books.execute(
        "UPDATE payment_transactions SET counted = became"
        " FROM countable_payments JOIN payment_transactions AS own USING (payment_id)"
        " WHERE payment_transactions.payment_id = own.payment_id"
    )


def test_the_audits_name_what_the_totals_lack(books: Books) -> None:
    lose_a_payment(books)
    lacking = books.asked("rollup_audit")["rows"]
    assert [row["subject"] for row in lacking] == [
        "currency usd paid 2026-01-31",
        "method paid 2026-01-31",
        "package Starter paid 2026-01-31",
        "status paid 2026-01-31",
    ]
    assert {row["missing_payments"] for row in lacking} == {"1"}
    [customer] = books.asked("customers_audit")["rows"]
    assert (customer["user_id"], customer["missing_gross_usd"]) == ("user_1", "10.00")


@pytest.mark.parametrize(
    ("report", "params", "lines"),
    [
        ("rollup_audit", {"from": "2026-01-31", "to": "2026-02-01"}, 4),
        ("rollup_audit", {"to": "2026-01-31"}, 0),
        ("rollup_audit", {"from": "2026-02-01"}, 0),
        ("customers_audit", {"from_user": "user_1", "to_user": "user_1"}, 1),
        ("customers_audit", {"from_user": "user_2"}, 0),
    ],
)
def test_an_audit_of_a_part_finds_what_is_wrong_in_it(
    books: Books, report: str, params: dict[str, str], lines: int
) -> None:
    lose_a_payment(books)
    assert len(books.asked(report, params=params)["rows"]) == lines


@pytest.mark.parametrize(
    "corruption",
    [
        "UPDATE folded_payment_totals SET payments = payments + 1 WHERE slice = 'method'",
        "UPDATE folded_payment_totals SET refunded_usd = 1 WHERE slice = 'status'",
        "UPDATE folded_payment_totals SET disputed = 1 WHERE slice = 'currency'",
        "DELETE FROM folded_payment_totals WHERE slice = 'package'",
        "UPDATE folded_customer_totals SET gross_usd = 11",
        "INSERT INTO folded_customer_totals VALUES ('nobody', 0, 0, 1, 0, 0)",
    ],
)
def test_one_total_that_is_wrong_is_one_row_until_it_is_repaired(
    books: Books, corruption: str
) -> None:
    books.pay()
    with database(books.database_url) as one:
        totals.fold_totals(one)
        books.execute(corruption)
        assert len(audited(books.database_url)) == 1
        assert totals.repair_totals(one, signed()) == 1
    assert audited(books.database_url) == []


def test_a_repair_changes_nothing_that_is_right(books: Books) -> None:
    books.pay()
    with database(books.database_url) as one:
        totals.fold_totals(one)
        books.pay()
        assert totals.repair_totals(one, signed()) == 0


def test_a_payment_deleted_by_hand_leaves_the_totals_with_a_repair(books: Books) -> None:
    books.execute(A_PAYMENT)
    with database(books.database_url) as one:
        totals.fold_totals(one)
        books.execute("DELETE FROM payment_transactions")
        assert revenue(books) == "10.00"
        assert totals.repair_totals(one, signed()) == 5
    assert revenue(books) == "None"
    assert count(books, "folded_payment_totals") + count(books, "folded_customer_totals") == 0


def test_a_repair_is_remembered_with_who_asked_and_why(books: Books) -> None:
    with database(books.database_url) as one:
        totals.repair_totals(one, signed(note="after the import"))
    [event] = books.rows("SELECT * FROM stripe_events")
    del event["received_at"]
    assert {name: value for name, value in event.items() if value is not None} == {
        "event_id": "operation:req_1",
        "event_type": "operation.repair_totals",
        "source": "operations",
        "outcome": "recorded",
        "request": {},
        "actor": "olga",
        "note": "after the import",
    }


def test_a_repair_is_done_once_a_request(books: Books) -> None:
    lose_a_payment(books)
    with database(books.database_url) as one:
        assert totals.repair_totals(one, signed()) == 5
        books.execute("UPDATE folded_customer_totals SET gross_usd = 11")
        assert totals.repair_totals(one, signed()) is None
        assert len(audited(books.database_url)) == 1
        assert totals.repair_totals(one, signed("req_2")) == 1
    assert audited(books.database_url) == []


def test_an_operator_may_repair_under_the_own_role(books: Books) -> None:
    lose_a_payment(books)
    url = psycopg.conninfo.make_conninfo(books.database_url, options="-c role=operator")
    with database(url) as one:
        assert totals.repair_totals(one, signed()) == 5


@contextmanager
def line_held(books: Books) -> Iterator[None]:
    """Somebody holds a line that a repair must write: it waits, and knows the difference."""
    with psycopg.connect(books.database_url) as holder:
        holder.execute(
            "INSERT INTO folded_payment_totals"
            " VALUES ('currency', '2026-01-31', 'paid', 'usd', 0, 0, 0, 0, 0, 0, 0, 0)"
        )
        yield
        holder.rollback()


def repair_begun(books: Books, pool: ThreadPoolExecutor, request_id: str) -> Future[int | None]:
    """A repair that has come so far that it waits, as every one that began before it."""

    def repair() -> int | None:
        with database(books.database_url) as one:
            return totals.repair_totals(one, signed(request_id))

    before = len(books.rows(WAITING))
    begun = pool.submit(repair)
    while len(books.rows(WAITING)) == before:
        assert not begun.done()
    return begun


def test_payments_are_written_and_folded_while_totals_are_repaired(books: Books) -> None:
    lose_a_payment(books)
    with database(books.database_url) as one, ThreadPoolExecutor(1) as pool:
        with line_held(books):
            repairing = repair_begun(books, pool, "req_1")
            books.pay("user_1")
            assert totals.fold_totals(one) == 1
        assert repairing.result() == 5
    assert audited(books.database_url) == []


def test_a_difference_is_added_once_by_two_repairs_at_once(books: Books) -> None:
    lose_a_payment(books)
    with ThreadPoolExecutor(2) as pool:
        with line_held(books):
            first = repair_begun(books, pool, "req_1")
            second = repair_begun(books, pool, "req_2")
        assert (first.result(), second.result()) == (5, 0)
    assert audited(books.database_url) == []


def test_payments_from_before_the_totals_are_in_them(empty_database_url: str) -> None:
    migrations = migrations_on_disk()
    with database(empty_database_url) as one:
        assert isinstance(migrate(one, migrations[:2]), Migrated)
        with psycopg.connect(empty_database_url) as connection:
            connection.execute(A_PAYMENT)
        assert isinstance(migrate(one, migrations), Migrated)
        revenue = one.one("SELECT sum(gross_usd) AS usd FROM customer_totals", {})
    assert audited(empty_database_url) == []
    assert revenue is not None
    assert str(revenue["usd"]) == "10.00"


def revenue(books: Books) -> str:
    return str(books.asked("total_revenue")["rows"][0]["total_revenue"])


def test_a_payment_written_by_hand_is_in_the_reports_at_once_and_once(books: Books) -> None:
    books.execute("INSERT INTO users (user_id) VALUES ('user_1')")
    books.execute(A_PAYMENT)
    assert revenue(books) == "10.00"
    with database(books.database_url) as one:
        totals.fold_totals(one)
        totals.fold_totals(one)
    assert revenue(books) == "10.00"
    assert [row["gross_usd"] for row in books.asked("top_customers")["rows"]] == ["10.00"]
    assert audited(books.database_url) == []


@pytest.mark.parametrize(
    "change",
    [
        "amount_paid = 12",
        "user_id = 'user_2'",
        "package_name = 'Gold'",
        "currency = 'eur'",
        "payment_method = 'card'",
        "paid_at = '2026-02-01'",
        "amount_refunded = 10, payment_status = 'refunded', credits_granted = 0",
        "amount_disputed = 4, credits_granted = 600",
        "amount_charged = 11",
    ],
)
def test_a_payment_changed_by_hand_is_in_the_reports_at_once(books: Books, change: str) -> None:
    books.execute(A_PAYMENT)
    with database(books.database_url) as one:
        totals.fold_totals(one)
        books.execute(f"UPDATE payment_transactions SET {change}")
        assert uncounted(books) == 1
        assert audited(books.database_url) == []
        totals.fold_totals(one)
    assert uncounted(books) == 0
    assert audited(books.database_url) == []


@pytest.mark.parametrize("folded_before", [True, False])
def test_a_payment_written_by_hand_is_recorded_over_like_any_other(
    books: Books, folded_before: bool
) -> None:
    books.execute(A_PAYMENT)
    back = {"amount_refunded_minor": 1000, "amount_paid_cents": 1000, "credits_granted": 0}
    with database(books.database_url) as one:
        if folded_before:
            totals.fold_totals(one)
        till = PostgresPayments(one, hold_unknown_users=False)
        stored = till.find("evt_1", replace(hint().reference, id="cs_by_hand")).stored
        assert stored is not None
        refunded = replace(stored.payment, payment_status=PaymentStatus.REFUNDED, **back)
        record(till, "evt_1", refunded)
    assert audited(books.database_url) == []
    assert [row["payments"] for row in books.asked("payments_by_status")["rows"]].count(1) == 1


def test_who_read_a_payment_before_it_was_counted_may_write_it(books: Books) -> None:
    books.execute(A_PAYMENT)
    with database(books.database_url) as one:
        till = PostgresPayments(one, hold_unknown_users=False)
        about = hint(event_id="evt_1")
        stored = till.find("evt_1", replace(about.reference, id="cs_by_hand")).stored
        assert stored is not None
        totals.fold_totals(one)
        moved = replace(stored.payment, user_id="user_2")
        assert till.record(Write(about, Verdict.RECORDED, moved, stored, None))
    assert [row["user_id"] for row in books.asked("top_customers")["rows"]] == ["user_2"]
    assert audited(books.database_url) == []


def test_a_page_of_the_best_customers_is_read_in_the_order_of_an_index(books: Books) -> None:
    books.execute("INSERT INTO users SELECT 'user_' || i FROM generate_series(1, 20000) AS i")
    books.execute("INSERT INTO folded_customer_totals SELECT user_id, 1, 0, 10, 0, 0 FROM users")
    books.pay()
    books.execute("ANALYZE")
    plan = books.rows(
        "EXPLAIN SELECT * FROM customer_totals JOIN users USING (user_id)"
        " ORDER BY net_usd DESC, user_id DESC LIMIT 51"
    )
    assert "folded_customer_totals_by_net" in str(plan)
