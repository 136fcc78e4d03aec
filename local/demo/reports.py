"""Shows the four published reports and the audit after the story."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from local.demo.page import NotAsTold, Page
from local.demo.shop import Shop

_TOTAL = ("total_revenue", "paid_payments", "payments_without_usd_amount")
_BY_PACKAGE = ("package_name", "count", "revenue")
_OF_A_USER = (
    "package_name",
    "tokens_purchased",
    "amount_paid",
    "payment_status",
    "credits_granted",
)
_REVENUES = ["200.00", "45.00", "20.00"]
_RECENT = ("user_id", "package_name", "amount_paid", "payment_method", "customer_email")


def show_reports(shop: Shop, page: Page) -> None:
    """Ask the reports handler for each report, and check it against the story.

    Raises NotAsTold.
    """
    total = _shown(shop, page, "total_revenue", _TOTAL)
    _check("total_revenue", [row["total_revenue"] for row in total], ["265.00"])
    by_package = _shown(shop, page, "payments_by_package", _BY_PACKAGE)
    _check("payments_by_package", [row["revenue"] for row in by_package], _REVENUES)
    of_ana = _shown(shop, page, "payments_for_user", _OF_A_USER, user_id="ana")
    statuses = [row["payment_status"] for row in of_ana]
    _check("payments_for_user", statuses, ["paid", "expired", "paid"])
    recent = _shown(shop, page, "recent_payments", _RECENT)
    _check("recent_payments", [row["user_id"] for row in recent], ["ana", "chloe", "ben", "ana"])
    _show_audit(shop, page)


def _shown(
    shop: Shop, page: Page, name: str, columns: Sequence[str], **params: str
) -> list[dict[str, Any]]:
    answer = _answer(shop, name, params)
    asked = "".join(f", {key} = {value}" for key, value in params.items())
    left_out = len(answer["columns"]) - len(columns)
    rest = f" ({left_out} more columns are not shown)" if left_out else ""
    page.heading(f"Report {name}{asked}{rest}")
    page.table(columns, answer["rows"])
    return list(answer["rows"])


def _show_audit(shop: Shop, page: Page) -> None:
    rows = _answer(shop, "ledger_audit", {})["rows"]
    page.heading("Report ledger_audit")
    if rows:
        page.table(list(rows[0]), rows)
    _check("ledger_audit", rows, [])
    page.line("  no rows: sound. Every balance is the sum of its ledger, every entry is earned.")
    page.line()


def _answer(shop: Shop, name: str, params: dict[str, str]) -> dict[str, Any]:
    answer = shop.report(name, **params)
    if "error" in answer:
        raise NotAsTold(f"the report {name} answered {answer['error']['message']}")
    return answer


def _check(name: str, seen: list[Any], expected: list[Any]) -> None:
    if seen != expected:
        raise NotAsTold(f"the report {name} should show {expected}; saw {seen}")
