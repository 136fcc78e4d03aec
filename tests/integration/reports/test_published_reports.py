"""The four published reports answer what the published queries answer."""

from typing import Any

import pytest

from tests.integration.reports.books import Books

_PUBLISHED_COLUMNS = [
    "payment_id",
    "user_id",
    "stripe_session_id",
    "stripe_payment_intent_id",
    "package_id",
    "package_name",
    "tokens_purchased",
    "amount_paid",
    "currency",
    "payment_status",
    "payment_method",
    "customer_email",
    "created_at",
]

# What the totals have of a row, which is of no interest to a reader of payments.
BOOKKEEPING = {"counted", "is_counted"}


@pytest.fixture
def traded(books: Books) -> Books:
    """Books with a little of everything."""
    books.pay("user_1", "Starter")
    books.pay("user_1", "Enterprise", amount_paid="200.00", amount_charged=200)
    books.pay("user_1", "Starter", payment_status="pending", amount_paid=0)
    books.pay("user_2", "Starter", amount_paid=None, currency="eur")
    books.pay("user_2", "Professional", amount_paid="45.00", amount_charged=45)
    return books


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["payment_id"] for row in rows]


def test_payments_for_user_lists_what_the_published_query_lists(traded: Books) -> None:
    published = traded.rows(
        "SELECT * FROM payment_transactions WHERE user_id = 'user_1' ORDER BY created_at DESC;"
    )
    page = traded.asked("payments_for_user", params={"user_id": "user_1"})
    assert ids(page["rows"]) == ids(published)
    assert page["columns"] == [name for name in published[0] if name not in BOOKKEEPING]


@pytest.mark.parametrize("report", ["payments_for_user", "recent_payments"])
def test_the_published_columns_come_first(traded: Books, report: str) -> None:
    params = {"user_id": "user_1"} if report == "payments_for_user" else {}
    assert traded.asked(report, params=params)["columns"][:13] == _PUBLISHED_COLUMNS


def test_a_payment_is_written_exactly(traded: Books) -> None:
    row = traded.asked("payments_for_user", params={"user_id": "user_1"}, limit=1000)["rows"][1]
    assert (row["amount_paid"], row["amount_charged"]) == ("200.00", "200.000")
    assert (row["tokens_purchased"], row["created_at"]) == (25000, "2026-01-01T02:00:00.000000Z")


def test_total_revenue_is_the_published_sum_and_counts_what_it_lacks(traded: Books) -> None:
    [published] = traded.rows(
        "SELECT SUM(amount_paid) as total_revenue FROM payment_transactions"
        " WHERE payment_status = 'paid';"
    )
    [row] = traded.asked("total_revenue")["rows"]
    assert row == {
        "total_revenue": str(published["total_revenue"]),
        "paid_payments": 4,
        "payments_without_usd_amount": 1,
    }


def test_payments_by_package_has_the_published_rows_best_first(traded: Books) -> None:
    published = traded.rows(
        "SELECT package_name, COUNT(*) as count, SUM(amount_paid) as revenue"
        " FROM payment_transactions WHERE payment_status = 'paid' GROUP BY package_name;"
    )
    best_first = sorted(published, key=lambda row: -row["revenue"])
    page = traded.asked("payments_by_package")
    assert page["columns"] == list(published[0])
    assert page["rows"] == [{**row, "revenue": str(row["revenue"])} for row in best_first]


def test_recent_payments_lists_what_the_published_query_lists(traded: Books) -> None:
    published = traded.rows(
        "SELECT pt.*, u.user_id FROM payment_transactions pt JOIN users u"
        " ON pt.user_id = u.user_id WHERE payment_status = 'paid'"
        " ORDER BY created_at DESC LIMIT 100;"
    )
    page = traded.asked("recent_payments", limit=100)
    assert ids(page["rows"]) == ids(published)
    assert set(page["columns"]) == set(published[0]) - BOOKKEEPING


def test_every_report_answers_when_there_is_nothing_to_report(books: Books) -> None:
    for entry in books.asked()["reports"]:
        assert "error" not in books.asked(**entry["example"])
