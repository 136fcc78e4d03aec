"""What the summaries must say, worked out of the payments themselves."""

from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from adapters import totals
from adapters.connecting import connect
from adapters.postgres import Database
from handlers import reports
from tests.till import Till


def _share(returned: str) -> str:
    """The part of amount_paid that so much of amount_charged stands for, rounded half even."""
    share = f"amount_paid * least({returned}, amount_charged) / nullif(amount_charged, 0)"
    return (
        f"coalesce(CASE WHEN mod({share} * 1000, 20) = 5 THEN trunc({share}, 2)"
        f" ELSE round({share}, 2) END, 0)"
    )


_UNKNOWN = "count(*) FILTER (WHERE amount_paid IS NULL)"
_GROSS = "coalesce(sum(amount_paid), 0)::numeric(20, 2)"
_BACK = f"coalesce(sum({_share('amount_refunded')}), 0)::numeric(20, 2)"
_ALL_BACK = f"coalesce(sum({_share('amount_refunded + amount_disputed')}), 0)::numeric(20, 2)"
_LEFT = f"{_BACK} AS refunded_usd, {_ALL_BACK} - {_BACK} AS disputed_usd, {_GROSS} - {_ALL_BACK}"

TRUTH = {
    "total_revenue": "SELECT sum(amount_paid) AS total_revenue, count(*) AS paid_payments,"
    f" {_UNKNOWN} AS payments_without_usd_amount"
    " FROM payment_transactions WHERE payment_status = 'paid'",
    "payments_by_package": "SELECT package_name, count(*) AS count, sum(amount_paid) AS revenue"
    " FROM payment_transactions WHERE payment_status = 'paid' GROUP BY package_name",
    "payments_by_status": "SELECT payment_status, count(*) AS payments,"
    f" count(held_reason) AS held_payments, {_GROSS} AS amount_usd,"
    f" {_UNKNOWN} AS unknown_usd_payments FROM payment_transactions GROUP BY payment_status",
    "payments_by_method": f"SELECT payment_method, count(*) AS payments, {_GROSS} AS gross_usd,"
    f" {_UNKNOWN} AS unknown_usd_payments"
    " FROM payment_transactions WHERE paid_at IS NOT NULL GROUP BY payment_method",
    "revenue_by_currency": "SELECT currency, count(*) AS payments, sum(amount_charged) AS charged,"
    f" sum(amount_refunded) AS refunded, sum(amount_disputed) AS disputed, {_GROSS} AS gross_usd,"
    f" {_UNKNOWN} AS unknown_usd_payments"
    " FROM payment_transactions WHERE paid_at IS NOT NULL GROUP BY currency",
    "revenue_by_day": "SELECT (paid_at AT TIME ZONE 'UTC')::date AS day, count(*) AS payments,"
    f" {_GROSS} AS gross_usd, {_LEFT} AS net_usd,"
    f" {_UNKNOWN} AS unknown_usd_payments"
    " FROM payment_transactions WHERE paid_at IS NOT NULL GROUP BY day",
    "top_customers": f"SELECT user_id, count(*) AS payments, {_GROSS} AS gross_usd,"
    f" {_LEFT} AS net_usd,"
    f" {_UNKNOWN} AS unknown_usd_payments, credits"
    " FROM payment_transactions JOIN users USING (user_id)"
    " WHERE paid_at IS NOT NULL GROUP BY user_id, credits",
}


def fold(till: Till) -> int:
    """Counts what the totals do not have yet; how many payments that were."""
    with closing(Database(lambda: connect(till.database_url))) as database:
        return totals.fold_totals(database)


def reported(report: str) -> list[dict[str, Any]]:
    """The rows that the report's handler answers with."""
    answer: Any = reports.handler({"report": report}, None)
    return list(answer["rows"])


def assert_reports_are_true(till: Till) -> None:
    """Every summary says what its query over all payments says, in whatever order."""
    for report, query in TRUTH.items():
        true = [_plain(row) for row in till.rows(query)]
        columns = true[0] if true else ()
        said = [{name: row[name] for name in columns} for row in reported(report) if _counts(row)]
        assert sorted(said, key=str) == sorted(true, key=str), report


def _counts(row: dict[str, Any]) -> bool:
    # Reports by day and by status have lines for what never happened.
    return row.get("payments") != 0


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    written = {Decimal: str, date: date.isoformat, datetime: datetime.isoformat}
    return {name: written.get(type(value), lambda v: v)(value) for name, value in row.items()}
