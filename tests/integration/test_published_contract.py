"""What other programs rely on: the published columns and the published queries, verbatim."""

from decimal import Decimal
from typing import Any

import pytest

from tests.till import Till, completed

PUBLISHED_COLUMNS = [
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

PAYMENTS_OF_USER = (
    "SELECT * FROM payment_transactions WHERE user_id = 'user_123' ORDER BY created_at DESC;"
)
TOTAL_REVENUE = (
    "SELECT SUM(amount_paid) as total_revenue FROM payment_transactions"
    " WHERE payment_status = 'paid';"
)
BY_PACKAGE = (
    "SELECT package_name, COUNT(*) as count, SUM(amount_paid) as revenue"
    " FROM payment_transactions\n  WHERE payment_status = 'paid' GROUP BY package_name;"
)
RECENT = (
    "SELECT pt.*, u.user_id FROM payment_transactions pt JOIN users u ON pt.user_id = u.user_id\n"
    "  WHERE payment_status = 'paid' ORDER BY created_at DESC LIMIT 100;"
)


@pytest.fixture
def sold(till: Till) -> Till:
    """Two Starters and a Professional paid, one more expired, one of another user pending."""
    for package, user in [
        ("starter", "user_123"),
        ("starter", "user_456"),
        ("professional", "user_123"),
    ]:
        session_id = till.sell(user, line_items=[(till.price_of(package), 1)])
        till.deliver(completed(till.account.complete(session_id)))
    till.deliver(completed(till.account.expire(till.sell())))
    till.deliver(completed(till.account.complete_unpaid(till.sell("user_456"))))
    return till


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


def test_the_published_columns_come_first_and_in_order(till: Till) -> None:
    rows = till.rows(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = 'payment_transactions' ORDER BY ordinal_position"
    )
    assert column(rows, "column_name")[:13] == PUBLISHED_COLUMNS


def test_the_published_query_lists_a_users_payments_newest_first(sold: Till) -> None:
    rows = sold.rows(PAYMENTS_OF_USER)
    assert column(rows, "payment_status") == ["expired", "paid", "paid"]
    assert column(rows, "package_name") == ["Starter", "Professional", "Starter"]


def test_the_published_query_sums_the_revenue(sold: Till) -> None:
    assert sold.rows(TOTAL_REVENUE) == [{"total_revenue": Decimal("65.00")}]


def test_the_published_query_groups_by_package(sold: Till) -> None:
    rows = sorted(sold.rows(BY_PACKAGE), key=lambda row: str(row["package_name"]))
    assert rows == [
        {"package_name": "Professional", "count": 1, "revenue": Decimal("45.00")},
        {"package_name": "Starter", "count": 2, "revenue": Decimal("20.00")},
    ]


def test_the_published_query_joins_recent_payments_to_their_users(sold: Till) -> None:
    rows = sold.rows(RECENT)
    assert column(rows, "user_id") == ["user_123", "user_456", "user_123"]
    assert column(rows, "package_name") == ["Professional", "Starter", "Starter"]
