"""What each summary adds up."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from adapters.sql_files import SQL_ROOT
from reports.declaration import read_report
from reports.pages import STYLE
from tests.integration.reports.books import START, Books

_JANUARY = {"from": "2026-01-01", "to": "2026-01-04"}


def rows(answered: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rows by their first column."""
    first = answered["columns"][0]
    return {str(row[first]): row for row in answered["rows"]}


def test_every_day_of_the_range_is_there_and_its_end_is_not(books: Books) -> None:
    books.pay(paid_at=datetime(2026, 1, 2, 23, 59, 59, tzinfo=UTC))
    by_day = rows(books.asked("revenue_by_day", params=_JANUARY))
    assert list(by_day) == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert [row["payments"] for row in by_day.values()] == [0, 1, 0]
    assert by_day["2026-01-01"]["gross_usd"] == "0.00"


def test_a_day_is_drawn_as_tall_as_its_gross_and_each_part_has_a_colour(books: Books) -> None:
    books.pay(amount_paid=45, amount_charged=45, amount_refunded=15, credits_granted=666)
    books.pay(payment_status="lost", amount_disputed=10, credits_granted=0, paid_at=START)
    day = rows(books.asked("revenue_by_day", params=_JANUARY))["2026-01-01"]
    file = SQL_ROOT / "reports" / "revenue_by_day.sql"
    chart = read_report("revenue_by_day", file.read_text(encoding="utf-8")).chart
    assert chart is not None
    assert sum(Decimal(day[part]) for part in chart.values) == Decimal(day["gross_usd"])
    for place in range(1, len(chart.values) + 1):
        assert STYLE.count(f"--series-{place}: #") == 2


def test_a_day_begins_and_ends_in_utc(books: Books) -> None:
    for moment in ("2026-01-01T23:59:59.999999+00", "2026-01-03T00:00:00+01"):
        books.pay(paid_at=moment)
    by_day = rows(books.asked("revenue_by_day", params=_JANUARY))
    assert [row["payments"] for row in by_day.values()] == [1, 1, 0]


def test_a_day_counts_what_was_taken_and_what_went_back_since(books: Books) -> None:
    books.pay(amount_paid=45, amount_charged=45, amount_refunded=15, credits_granted=666)
    books.pay(amount_paid=10, payment_status="pending")
    books.pay(amount_paid=None, currency="eur")
    day = rows(books.asked("revenue_by_day", params=_JANUARY))["2026-01-01"]
    assert day == {
        "day": "2026-01-01",
        "payments": 2,
        "gross_usd": "45.00",
        "refunded_usd": "15.00",
        "disputed_usd": "0.00",
        "net_usd": "30.00",
        "unknown_usd_payments": 1,
    }


@pytest.mark.parametrize(
    ("paid", "charged", "refunded", "expected"),
    [
        ("10.05", "2.000", "1.000", "5.02"),
        ("10.07", "2.000", "1.000", "5.04"),
        ("10.00", "3.000", "1.000", "3.33"),
        ("10.00", "3.000", "2.000", "6.67"),
        ("10.00", "9.000", "9.000", "10.00"),
    ],
)
def test_the_refunded_part_of_a_foreign_charge_is_rounded_half_even(
    books: Books, paid: str, charged: str, refunded: str, expected: str
) -> None:
    left = Decimal(charged) - Decimal(refunded)
    books.pay(
        amount_paid=paid,
        amount_charged=charged,
        amount_refunded=refunded,
        currency="eur",
        credits_granted=int(1000 * left / Decimal(charged)),
    )
    day = rows(books.asked("revenue_by_day", params=_JANUARY))["2026-01-01"]
    assert day["refunded_usd"] == expected


@pytest.mark.parametrize(
    ("status", "refunded", "disputed", "left"),
    [
        pytest.param("lost", 0, 10, "0.00", id="lost"),
        pytest.param("disputed", 0, 10, "0.00", id="withdrawn while the dispute is open"),
        pytest.param("lost", 4, 3, "3.00", id="a part refunded, a part lost"),
        pytest.param("lost", 5, 10, "0.00", id="more than there was"),
    ],
)
def test_what_disputes_took_is_not_left(
    books: Books, status: str, refunded: int, disputed: int, left: str
) -> None:
    granted = max(10 - refunded - disputed, 0) * 100
    books.pay(
        payment_status=status,
        amount_refunded=refunded,
        amount_disputed=disputed,
        credits_granted=granted,
        paid_at=datetime(2026, 1, 1, 12, tzinfo=UTC),
    )
    day = rows(books.asked("revenue_by_day", params=_JANUARY))["2026-01-01"]
    assert (day["gross_usd"], day["net_usd"]) == ("10.00", left)


def test_the_last_thirty_days_are_shown_when_none_are_named(books: Books) -> None:
    by_day = list(rows(books.asked("revenue_by_day")))
    assert len(by_day) == 30
    assert by_day[-1] == datetime.now(UTC).date().isoformat()


def test_too_many_days_are_refused(books: Books) -> None:
    answered = books.asked("revenue_by_day", params={"from": "2010-01-01"})
    assert answered["error"]["code"] == "too_many_rows"


def test_currencies_are_kept_apart_and_summed_in_dollars(books: Books) -> None:
    books.pay(amount_paid=10)
    books.pay(
        amount_paid=11, currency="eur", amount_charged=10, amount_refunded=5, credits_granted=500
    )
    books.pay(amount_paid=None, currency="eur")
    books.pay(currency="eur", payment_status="pending", amount_paid=0)
    by_currency = rows(books.asked("revenue_by_currency"))
    assert list(by_currency) == ["eur", "usd"]
    assert by_currency["eur"] == {
        "currency": "eur",
        "payments": 2,
        "charged": "20.000",
        "refunded": "5.000",
        "disputed": "0.000",
        "gross_usd": "11.00",
        "unknown_usd_payments": 1,
    }


def test_every_status_is_listed_with_its_payments(books: Books) -> None:
    books.pay(amount_paid=10)
    books.pay(amount_paid=20, held_reason="unknown_package")
    books.pay(payment_status="pending", amount_paid=0)
    by_status = rows(books.asked("payments_by_status"))
    assert list(by_status)[:3] == ["paid", "pending", "failed"]
    assert len(by_status) == 8
    paid = by_status["paid"]
    assert (paid["payments"], paid["held_payments"], paid["amount_usd"]) == (2, 1, "30.00")
    assert (by_status["pending"]["payments"], by_status["lost"]["payments"]) == (1, 0)


def test_methods_are_those_that_were_really_used(books: Books) -> None:
    books.pay(payment_method="card", amount_paid=10)
    books.pay(payment_method="card", amount_paid=20)
    books.pay(payment_method="link", amount_paid=20)
    books.pay(payment_method=None, amount_paid=0, amount_charged=0)
    books.pay(payment_method="card", payment_status="failed", amount_paid=0)
    by_method = books.asked("payments_by_method")["rows"]
    assert [(row["payment_method"], row["payments"], row["gross_usd"]) for row in by_method] == [
        ("card", 2, "30.00"),
        ("link", 1, "20.00"),
        (None, 1, "0.00"),
    ]


def test_empty_books_have_empty_or_zero_summaries(books: Books) -> None:
    assert books.asked("revenue_by_currency")["rows"] == []
    assert books.asked("payments_by_method")["rows"] == []
    assert {row["payments"] for row in books.asked("payments_by_status")["rows"]} == {0}
    assert START.date().isoformat() not in rows(books.asked("revenue_by_day"))
