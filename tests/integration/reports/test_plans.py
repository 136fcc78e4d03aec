"""A page of a list costs what it holds: one range of an index, wherever in the list it is."""

from contextlib import closing
from typing import Any

import pytest

from adapters.connecting import connect
from adapters.postgres import Database
from adapters.report_queries import PostgresReports
from reports.answers import ResultPage, Table, answer
from reports.problems import Problem
from reports.queries import Query
from tests.integration.reports.books import START, Books


class ExplainedReports(PostgresReports):
    """Reports that keep the plan of every query they run."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.plans: list[str] = []

    def read(self, query: Query) -> Table | Problem:
        explained = super().read(Query(query.report, f"EXPLAIN {query.statement}", query.values))
        assert isinstance(explained, Table)
        self.plans.append("\n".join(row["QUERY PLAN"] for row in explained.rows))
        return super().read(query)


def with_many_payments(books: Books) -> Books:
    books.execute("INSERT INTO users SELECT 'user_' || i FROM generate_series(0, 99) AS i")
    books.execute(
        "INSERT INTO payment_transactions (payment_id, user_id, stripe_session_id, package_id,"
        " package_name, tokens_purchased, amount_paid, payment_status, created_at, paid_at,"
        " amount_charged, credits_granted)"
        " SELECT 'pay_' || i, 'user_' || mod(i, 100), 'cs_' || i, 'starter', 'Starter', 1000, 10,"
        " 'paid', now() - i * interval '1 minute', now(), 10, 1000"
        " FROM generate_series(1, 20000) AS i"
    )
    books.execute("ANALYZE")
    return books


def two_pages(reports: PostgresReports, report: str, params: dict[str, Any]) -> None:
    """Asks for the first page and for the second."""
    cursor = None
    for _ in range(2):
        page = answer({"report": report, "params": params, "cursor": cursor}, reports, START)
        assert isinstance(page, ResultPage)
        cursor = page.next_cursor


@pytest.mark.parametrize(
    ("report", "params"),
    [("recent_payments", {}), ("payments_for_user", {"user_id": "user_1"})],
)
def test_a_page_is_one_range_of_an_index(books: Books, report: str, params: dict[str, Any]) -> None:
    with_many_payments(books)
    with closing(Database(lambda: connect(books.database_url))) as database:
        reports = ExplainedReports(database)
        two_pages(reports, report, params)
    first, second = reports.plans
    for plan in (first, second):
        assert "Index Scan using payment_transactions_by_" in plan
        assert "Sort" not in plan
        assert "Seq Scan on payment_transactions" not in plan
    [condition] = [line for line in second.splitlines() if "Index Cond" in line and "ROW(" in line]
    assert "ROW(created_at, payment_id) < ROW(" in condition
