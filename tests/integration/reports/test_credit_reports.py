"""What became of credits: of one user's and of all, by month and by package; what ran out."""

import random
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.reports.books import Books

PACKAGES = {"Starter": 1000, "Professional": 5000, "Enterprise": 25000}


def call(books: Books, function: str, *arguments: Any) -> str:
    """The outcome of a function for credits."""
    places = ", ".join(["%s"] * len(arguments))
    (row,) = books.rows(f"SELECT outcome FROM {function}({places})", *arguments)
    return str(row["outcome"])


def recorded(books: Books, function: str, *arguments: Any) -> None:
    assert call(books, function, *arguments) == "recorded"


def refund(books: Books, payment_id: str, share: str) -> int:
    """So much of a payment's ten dollars goes back; the credits that go with it."""
    (row,) = books.rows(
        "SELECT user_id, credits_granted, div(tokens_purchased * (10 - %s::numeric), 10)::bigint"
        " AS kept FROM payment_transactions WHERE payment_id = %s",
        share,
        payment_id,
    )
    books.execute(
        "UPDATE payment_transactions SET amount_refunded = %s, credits_granted = %s"
        " WHERE payment_id = %s",
        share,
        row["kept"],
        payment_id,
    )
    taken = int(row["credits_granted"] - row["kept"])
    books.enter(row["user_id"], payment_id, -taken, reason="refund")
    return taken


def run_out(books: Books, request_id: str, hours: int = 1) -> None:
    books.execute(
        "UPDATE credit_requests SET lasts_until = now() - %s * interval '1 hour'"
        " WHERE request_id = %s",
        hours,
        request_id,
    )


def column(page: dict[str, Any], name: str) -> list[Any]:
    return [row[name] for row in page["rows"]]


# A timeline


def timeline(books: Books, **fields: Any) -> dict[str, Any]:
    return books.asked("user_timeline", params={"user_id": "user_1"}, **fields)


def test_a_timeline_shows_what_an_application_asked_for(books: Books) -> None:
    recorded(books, "grant_credits", "user_1", 100, "trial", "welcome", "signup")
    recorded(books, "spend_credits", "user_1", 30, "job-1", "a page", "ana")
    recorded(books, "return_credits", "job-1", 10)
    page = timeline(books)
    assert column(page, "reason") == ["return", "spend", "grant"]
    assert column(page, "delta") == [10, -30, 100]
    assert column(page, "balance_after") == [80, 70, 100]
    assert column(page, "event_id") == ["job-1", "job-1", "trial"]
    assert column(page, "note")[1:] == ["a page", "welcome"]
    assert column(page, "actor")[1:] == ["ana", "signup"]


def test_a_timeline_shows_a_reservation_above_the_entry_it_was_made_after(books: Books) -> None:
    recorded(books, "grant_credits", "user_1", 100, "trial")
    recorded(books, "reserve_credits", "user_1", 60, "job-1")
    recorded(books, "spend_credits", "user_1", 5, "page")
    recorded(books, "capture_credits", "job-1", 50)
    page = timeline(books)
    assert column(page, "reason") == ["spend", "spend", "reservation", "grant"]
    assert column(page, "delta") == [-50, -5, 0, 100]
    assert column(page, "entry_number") == [3, 2, 1, 1]
    assert column(page, "reserved") == [60, None, 60, None]
    assert column(page, "available_after") == [40, None, 40, None]
    assert column(page, "reservation") == ["captured", None, "captured", None]


def test_a_timeline_says_what_became_of_each_reservation(books: Books) -> None:
    recorded(books, "grant_credits", "user_1", 100, "trial")
    for request_id in ("open", "late", "released", "captured"):
        recorded(books, "reserve_credits", "user_1", 10, request_id)
    run_out(books, "late")
    recorded(books, "release_credits", "released")
    recorded(books, "capture_credits", "captured", 0)
    rows = timeline(books)["rows"]
    became = {row["event_id"]: row["reservation"] for row in rows}
    assert became == {
        "trial": None,
        "open": "open",
        "late": "run out",
        "released": "released",
        "captured": "captured",
    }


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_timeline_with_reservations_is_paged_without_gap_or_repeat(
    books: Books, limit: int
) -> None:
    recorded(books, "grant_credits", "user_1", 100, "trial")
    for number in range(4):
        recorded(books, "reserve_credits", "user_1", 2, f"job-{number}")
    recorded(books, "capture_credits", "job-2", 1)
    pages = books.all_pages("user_timeline", params={"user_id": "user_1"}, limit=limit)
    seen = [(row["reason"], row["event_id"]) for page in pages for row in page]
    reservations = [("reservation", f"job-{number}") for number in (3, 2, 1, 0)]
    assert seen == [("spend", "job-2"), *reservations, ("grant", "trial")]


def test_an_event_of_stripes_by_the_id_of_a_request_is_not_behind_it(books: Books) -> None:
    books.execute(
        "INSERT INTO stripe_events (event_id, event_type, source, outcome)"
        " VALUES ('evt_1', 'charge.refunded', 'webhook', 'recorded')"
    )
    recorded(books, "grant_credits", "user_1", 100, "evt_1")
    assert column(timeline(books), "event_type") == [None]


# Reservations run out


def test_reservations_that_ran_out_are_listed_with_who_asked(books: Books) -> None:
    recorded(books, "grant_credits", "user_1", 100, "trial")
    for hours, request_id in ((2, "early"), (1, "late"), (3, "captured"), (3, "released")):
        recorded(
            books,
            "reserve_credits",
            "user_1",
            10,
            request_id,
            "1 hour",
            "a film",
            f"by {request_id}",
        )
        run_out(books, request_id, hours)
    recorded(books, "reserve_credits", "user_1", 10, "open")
    recorded(books, "capture_credits", "captured", 10)
    recorded(books, "release_credits", "released")
    page = books.asked("reservations_run_out")
    assert column(page, "request_id") == ["late", "early"]
    assert column(page, "actor") == ["by late", "by early"]
    assert [column(page, name)[0] for name in ("user_id", "amount", "note")] == [
        "user_1",
        10,
        "a film",
    ]


def test_reservations_that_ran_out_can_be_asked_for_of_one_user(books: Books) -> None:
    for user_id in ("user_1", "user_2"):
        recorded(books, "grant_credits", user_id, 100, f"trial of {user_id}")
        recorded(books, "reserve_credits", user_id, 10, user_id)
        run_out(books, user_id)
    page = books.asked("reservations_run_out", params={"user_id": "user_2"})
    assert column(page, "request_id") == ["user_2"]


# Credits by month


DAYS = ("02-01", "02-02", "02-28", "04-01", "04-02", "04-03")


def at(books: Books, entry: int, day: str) -> None:
    books.execute(
        "UPDATE credit_ledger SET created_at = %s WHERE user_id = 'user_1' AND entry_number = %s",
        day,
        entry,
    )


def test_a_month_says_what_became_of_credits_and_what_was_left(books: Books) -> None:
    sold = books.pay("user_1", "Professional")  # 1: + 5000
    recorded(books, "grant_credits", "user_1", 300, "gift")  # 2
    recorded(books, "spend_credits", "user_1", 700, "job-1")  # 3
    recorded(books, "reserve_credits", "user_1", 50, "job-2")
    recorded(books, "capture_credits", "job-2", 40)  # 4
    recorded(books, "return_credits", "job-1", 200)  # 5
    assert refund(books, sold, "4") == 2000  # 6
    books.enter("user_1", None, -60)  # 7
    for entry, day in enumerate(
        ["2026-01-31T23:59:59Z", *(f"2026-{day}" for day in DAYS)],
        start=1,
    ):
        at(books, entry, day)
    period = {"from": "2026-01-15", "to": "2026-05-01"}
    assert books.asked("credits_by_month", params=period)["rows"] == [
        month("2026-01", sold=5000, balance=5000),
        month("2026-02", given=300, spent=740, balance=4560),
        month("2026-03", balance=4560),
        month("2026-04", returned=200, clawed_back=2000, adjusted=-60, balance=2700),
    ]


def month(name: str, **said: int) -> dict[str, Any]:
    nothing = dict.fromkeys(
        ("sold", "given", "spent", "returned", "clawed_back", "adjusted", "balance"), 0
    )
    return {"month": name, **nothing, **said}


def test_what_a_dispute_gave_back_lowers_what_was_clawed_back(books: Books) -> None:
    sold = books.pay("user_1")
    books.enter("user_1", sold, -1000, reason="dispute")
    books.enter("user_1", sold, 1000, reason="reinstatement")
    (row,) = books.asked("credits_by_month", params={"from": "today"})["rows"]
    assert (row["sold"], row["clawed_back"], row["balance"]) == (1000, 0, 1000)


def test_a_month_goes_on_from_balances_of_before(books: Books) -> None:
    books.pay("user_1")
    at(books, 1, "2025-01-01")
    (row,) = books.asked("credits_by_month", params={"from": "2026-03-05", "to": "2026-03-06"})[
        "rows"
    ]
    assert row == month("2026-03", balance=1000)


# Credits outstanding


def outstanding(books: Books, **params: str) -> dict[str | None, int]:
    """By package, or else by what it came from."""
    rows = books.asked("credits_outstanding", params=params)["rows"]
    for row in rows:
        assert row["credits"] == row["owed_to_customers"] - row["owed_by_customers"]
    return {row["package_name"] or row["came_from"]: row["credits"] for row in rows}


def test_gifts_count_as_spent_first_and_then_the_oldest_purchase(books: Books) -> None:
    books.pay("user_1", "Starter")
    books.pay("user_1", "Professional")
    recorded(books, "grant_credits", "user_1", 300, "gift")
    recorded(books, "spend_credits", "user_1", 100, "a")
    assert outstanding(books) == {"gift": 200, "Starter": 1000, "Professional": 5000}
    recorded(books, "spend_credits", "user_1", 600, "b")
    assert outstanding(books) == {"Starter": 600, "Professional": 5000}
    recorded(books, "spend_credits", "user_1", 700, "c")
    assert outstanding(books) == {"Professional": 4900}
    recorded(books, "return_credits", "c", 700)
    assert outstanding(books) == {"Starter": 600, "Professional": 5000}


def test_a_clawback_takes_from_its_own_payment(books: Books) -> None:
    books.pay("user_1", "Starter")
    latest = books.pay("user_1", "Professional")
    recorded(books, "spend_credits", "user_1", 400, "a")
    refund(books, latest, "5")
    assert outstanding(books) == {"Starter": 600, "Professional": 2500}


def test_what_was_spent_and_clawed_back_is_owed_for_that_package(books: Books) -> None:
    sold = books.pay("user_1", "Starter")
    recorded(books, "spend_credits", "user_1", 400, "a")
    refund(books, sold, "10")
    (row,) = books.asked("credits_outstanding")["rows"]
    assert row == {
        "came_from": "purchase",
        "package_id": "starter",
        "package_name": "Starter",
        "users": 1,
        "owed_to_customers": 0,
        "owed_by_customers": 400,
        "credits": -400,
    }


def test_a_purchase_pays_a_debt_first(books: Books) -> None:
    refund_of = books.pay("user_1", "Starter")
    recorded(books, "spend_credits", "user_1", 400, "a")
    refund(books, refund_of, "10")
    books.pay("user_1", "Professional")
    assert outstanding(books) == {"Professional": 4600}


def test_what_one_customer_owes_is_not_set_off_against_another(books: Books) -> None:
    books.pay("user_1", "Starter")
    books.execute("INSERT INTO users (user_id) VALUES ('user_2')")
    books.enter("user_2", None, -70)
    assert outstanding(books) == {"Starter": 1000, "adjustment": -70}
    assert outstanding(books, from_user="user_2") == {"adjustment": -70}
    assert outstanding(books, to_user="user_1") == {"Starter": 1000}


@dataclass
class Lot:
    """What one purchase, or all gifts, gave and has left of it."""

    name: str
    given: int
    kept: int
    left: int = 0


def left_of(lots: list[Lot], spent: int) -> dict[str, int]:
    """Spends what was given from one lot after the other, takes back what was clawed back of each,
    and has those in debt paid by the others, the oldest by the oldest."""
    for lot in lots:
        used = min(lot.given, spent)
        spent -= used
        lot.left = lot.kept - used
    lots = [*lots, Lot("adjustment", 0, 0, -spent)]
    for creditor in lots:
        for debtor in reversed(lots):
            paid = min(max(creditor.left, 0), max(-debtor.left, 0))
            creditor.left -= paid
            debtor.left += paid
    sums: dict[str, int] = {}
    for lot in lots:
        sums[lot.name] = sums.get(lot.name, 0) + lot.left
    return {name: left for name, left in sums.items() if left}


@pytest.mark.parametrize("seed", range(25))
def test_what_is_outstanding_is_what_spending_lot_by_lot_leaves(books: Books, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    gifts = chance.choice([0, 0, 300])
    spent, lots = 0, [Lot("gift", gifts, gifts)]
    if gifts:
        recorded(books, "grant_credits", "user_1", gifts, "gift")
    for number in range(chance.randint(1, 5)):
        package = chance.choice(list(PACKAGES))
        sold = books.pay("user_1", package)
        amount = chance.randint(1, 6000)
        if call(books, "spend_credits", "user_1", amount, f"job {number}") == "recorded":
            spent += amount
        back = chance.choice(["0", "2.5", "10", "10"])
        taken = refund(books, sold, back) if back != "0" else 0
        lots.append(Lot(package, PACKAGES[package], PACKAGES[package] - taken))
    assert outstanding(books) == left_of(lots, spent)
    (total,) = books.rows("SELECT coalesce(sum(credits), 0) AS credits FROM users")
    assert sum(outstanding(books).values()) == total["credits"]
    assert books.asked("ledger_audit")["rows"] == []
