"""What each list shows, and in which order."""

from datetime import timedelta
from typing import Any

import pytest

from domain.payment import HeldReason
from handlers import reports
from tests.integration.reports.books import START, Books


def column(answered: dict[str, Any], name: str) -> list[Any]:
    return [row[name] for row in answered["rows"]]


def event(books: Books, event_id: str, *, hour: int = 0, **columns: Any) -> None:
    """An event whose work is done."""
    row = {
        "event_id": event_id,
        "event_type": "checkout.session.completed",
        "source": "webhook",
        "outcome": "recorded",
        "received_at": START + timedelta(hours=hour),
        **columns,
    }
    places = ", ".join(["%s"] * len(row))
    books.execute(f"INSERT INTO stripe_events ({', '.join(row)}) VALUES ({places})", *row.values())


def test_held_payments_wait_in_line_and_can_be_told_apart(books: Books) -> None:
    first = books.pay(held_reason="unknown_package")
    second = books.pay(held_reason="amount_mismatch")
    books.pay()
    assert column(books.asked("held_payments"), "payment_id") == [first, second]
    mismatched = books.asked("held_payments", params={"held_reason": "amount_mismatch"})
    assert column(mismatched, "payment_id") == [second]


@pytest.mark.parametrize("reason", HeldReason)
def test_held_payments_are_found_by_each_reason_and_each_is_explained(
    books: Books, reason: HeldReason
) -> None:
    wanted = books.pay(held_reason=reason)
    books.pay(held_reason="no_user" if reason != "no_user" else "unknown_user")
    found = books.asked("held_payments", params={"held_reason": reason.value})
    assert column(found, "payment_id") == [wanted]
    catalogue = {each["name"]: each for each in reports.handler({}, None)["reports"]}
    assert f"{reason}:" in catalogue["held_payments"]["description"]


def test_pending_payments_are_those_whose_money_has_not_come(books: Books) -> None:
    waiting = [books.pay(payment_status="pending") for _ in range(2)]
    books.pay()
    books.pay(payment_status="failed")
    assert column(books.asked("pending_payments"), "payment_id") == waiting


def test_refunds_and_disputes_are_payments_whose_money_went_back(books: Books) -> None:
    books.pay()
    partly = books.pay(amount_refunded=4, credits_granted=600)
    disputed = books.pay(
        payment_status="disputed", amount_disputed=10, credits_granted=0, paid_at=START
    )
    page = books.asked("refunds_and_disputes")
    assert column(page, "payment_id") == [partly, disputed]
    assert column(page, "amount_refunded") == ["4.000", "0.000"]


def test_top_customers_are_those_who_brought_and_left_the_most(books: Books) -> None:
    books.pay("small", amount_paid=10)
    books.pay("large", amount_paid=30, amount_charged=30)
    books.pay("large", amount_paid=10)
    books.pay("refunded", amount_paid=50, amount_charged=50, amount_refunded=50, credits_granted=0)
    books.pay("not yet", payment_status="pending", amount_paid=0)
    page = books.asked("top_customers")
    assert column(page, "user_id") == ["large", "small", "refunded"]
    assert column(page, "net_usd") == ["40.00", "10.00", "0.00"]
    assert column(page, "credits") == [2000, 1000, 0]


def test_a_timeline_explains_a_balance_from_its_last_change_to_its_first(books: Books) -> None:
    paid = books.pay("user_1", "Professional")
    books.enter("user_1", None, -250)
    books.pay("somebody else")
    page = books.asked("user_timeline", params={"user_id": "user_1"})
    assert column(page, "delta") == [-250, 5000]
    assert column(page, "balance_after") == [4750, 5000]
    assert column(page, "payment_id") == [None, paid]
    assert column(page, "package_name") == [None, "Professional"]
    assert column(page, "actor") == ["ops", "ops"]


def test_a_timeline_names_the_event_behind_a_change(books: Books) -> None:
    books.pay("user_1")
    event(books, "evt_1", event_type="charge.refunded")
    books.execute("UPDATE credit_ledger SET event_id = 'evt_1'")
    page = books.asked("user_timeline", params={"user_id": "user_1"})
    assert column(page, "event_type") == ["charge.refunded"]


def test_the_event_log_shows_the_latest_first(books: Books) -> None:
    for hour, event_id in enumerate(("evt_1", "evt_2", "evt_3")):
        event(books, event_id, hour=hour)
    assert column(books.asked("event_log"), "event_id") == ["evt_3", "evt_2", "evt_1"]


def test_the_event_log_says_who_asked_for_an_operation_and_why(books: Books) -> None:
    event(books, "operation:1", source="operations", actor="olivia", note="ticket 17")
    event(books, "evt_1", hour=-1)
    page = books.asked("event_log")
    assert column(page, "actor") == ["olivia", None]
    assert column(page, "note") == ["ticket 17", None]


@pytest.mark.parametrize(
    "params",
    [
        {"payment_id": "pay_1"},
        {"outcome": "ignored"},
        {"source": "reconcile"},
        {"from": "2026-01-01T05:00:00Z"},
        {"to": "2026-01-01T05:00:00Z", "from": "2026-01-01T03:00:00+00:00"},
    ],
)
def test_the_event_log_is_narrowed_by_each_parameter(books: Books, params: dict[str, str]) -> None:
    event(books, "other", hour=1)
    hour = 5 if params.get("from", "").startswith("2026-01-01T05") else 4
    wanted = {key: value for key, value in params.items() if key not in ("from", "to")}
    event(books, "wanted", hour=hour, **wanted)
    assert column(books.asked("event_log", params=params), "event_id") == ["wanted"]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_lists_of_every_kind_of_key_are_paged_without_gap_or_repeat(
    books: Books, limit: int
) -> None:
    for number in range(5):
        books.pay(f"user_{number % 3}", amount_paid=10 * (number % 2 + 1), paid_at=START)
        books.pay(held_reason="unknown_package", paid_at=START)
        event(books, f"evt_{number}")
    for report, key, count in (
        ("top_customers", "user_id", 3),
        ("held_payments", "payment_id", 5),
        ("event_log", "event_id", 5),
    ):
        seen = [row[key] for page in books.all_pages(report, limit=limit) for row in page]
        assert len(seen) == len(set(seen)) == count, report
