"""The ledger audit proves what applications asked for: each fault that is planted is one row."""

import pytest

from tests.integration.reports.books import Books
from tests.integration.reports.test_ledger_audit import Found, found

_TOOK = "The ledger does not have exactly one entry of what the request took."
_RETURNED = "The ledger does not have exactly one entry of what the request returned."
_GRANTED = "The ledger does not have exactly one entry of what the request granted."
_UNAVAILABLE = "The reservation was made of credits that were not available."
_TOO_MUCH = "More was returned than was taken."
_TRANSFERS = "What the payment's transfers took from one user is not what they gave to another."
_OWNER = "The entry credits another user than its payment belongs to."

# The last entry of ana's, with her balance, becomes another amount: sound but for what it is for.
_LAST_ENTRY = (
    "UPDATE credit_ledger SET delta = delta + {0}, balance_after = balance_after + {0}"
    " WHERE user_id = 'ana' AND entry_number = (SELECT ledger_entries FROM users"
    " WHERE user_id = 'ana'); UPDATE users SET credits = credits + {0} WHERE user_id = 'ana'"
)
# The last entry of ana's is as if it had never been made.
_NO_LAST_ENTRY = (
    "UPDATE users SET credits = credits - delta, ledger_entries = ledger_entries - 1"
    " FROM credit_ledger AS entry WHERE entry.user_id = users.user_id"
    " AND users.user_id = 'ana' AND entry_number = ledger_entries;"
    "DELETE FROM credit_ledger AS entry USING users WHERE entry.user_id = users.user_id"
    " AND users.user_id = 'ana' AND entry_number > ledger_entries"
)


@pytest.fixture
def asked(books: Books) -> Books:
    """Sound books of all that an application can ask for."""
    for statement in (
        "SELECT grant_credits('ana', 1000, 'gift')",
        "SELECT spend_credits('ana', 100, 'page')",
        "SELECT return_credits('page', 40)",
        "SELECT reserve_credits('ana', 200, 'film')",
        "SELECT capture_credits('film', 150)",
        "SELECT return_credits('film', 150)",
        "SELECT reserve_credits('ana', 30, 'captured for nothing')",
        "SELECT capture_credits('captured for nothing', 0)",
        "SELECT reserve_credits('ana', 30, 'released')",
        "SELECT release_credits('released')",
        "SELECT reserve_credits('ana', 30, 'open')",
        "SELECT grant_credits('zoe', 5, 'another gift')",
    ):
        books.execute(statement)
    return books


def unguarded(books: Books, statements: str) -> None:
    """Writes as only an owner could who has done away with every rule."""
    for table in ("credit_requests", "credit_ledger", "payment_transactions"):
        rules = books.rows(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'",
            table,
        )
        for rule in rules:
            books.execute(f"ALTER TABLE {table} DROP CONSTRAINT {rule['conname']}")
    for statement in statements.split(";"):
        books.execute(statement)


def test_whatever_an_application_asks_for_has_no_rows(asked: Books) -> None:
    assert found(asked) == []
    assert len(asked.rows("SELECT FROM credit_ledger")) == 6


FAULTS: dict[str, tuple[str, str, list[Found]]] = {
    "a reservation of what was not available": (
        "reserve_credits('ana', 30, 'last')",
        "UPDATE credit_requests SET available_after = -1 WHERE request_id = 'last'",
        [("request last", _UNAVAILABLE, "0", "-1")],
    ),
    "a capture without an entry": (
        "capture_credits('open', 30)",
        _NO_LAST_ENTRY,
        [("request open", _TOOK, "-30", "no entry")],
    ),
    "a capture with an entry of another amount": (
        "capture_credits('open', 30)",
        _LAST_ENTRY.format(1),
        [("request open", _TOOK, "-30", "-29")],
    ),
    "a capture that was entered twice": (
        "spend_credits('ana', 30, 'last')",
        "UPDATE credit_requests SET closed_as = 'captured', taken = 30 WHERE request_id = 'open';"
        "DELETE FROM credit_requests WHERE request_id = 'last';"
        "UPDATE credit_ledger SET event_id = 'open' WHERE event_id = 'last';"
        "INSERT INTO credit_ledger (entry_id, user_id, delta, balance_after, reason, event_id,"
        " entry_number) SELECT 'again', user_id, -30, credits - 30, 'spend', 'open',"
        " ledger_entries + 1 FROM users WHERE user_id = 'ana';"
        "UPDATE users SET credits = credits - 30, ledger_entries = ledger_entries + 1"
        " WHERE user_id = 'ana'",
        [("request open", _TOOK, "-30", "-60 in 2 entries")],
    ),
    "a release with an entry": (
        "spend_credits('ana', 30, 'last')",
        "DELETE FROM credit_requests WHERE request_id = 'last';"
        "UPDATE credit_ledger SET event_id = 'released' WHERE event_id = 'last'",
        [("user ana, request released", _TOOK, "no entry", "-30")],
    ),
    "an open reservation with an entry": (
        "spend_credits('ana', 30, 'last')",
        "DELETE FROM credit_requests WHERE request_id = 'last';"
        "UPDATE credit_ledger SET event_id = 'open' WHERE event_id = 'last'",
        [("user ana, request open", _TOOK, "no entry", "-30")],
    ),
    "a spend without an entry": (
        "spend_credits('ana', 7, 'last')",
        _NO_LAST_ENTRY,
        [("request last", _TOOK, "-7", "no entry")],
    ),
    "a spend with an entry of another amount": (
        "spend_credits('ana', 7, 'last')",
        _LAST_ENTRY.format(-1),
        [("request last", _TOOK, "-7", "-8")],
    ),
    "a spend of one user entered for another": (
        "spend_credits('ana', 7, 'last')",
        "UPDATE credit_requests SET user_id = 'zoe' WHERE request_id = 'last'",
        [
            ("request last", _TOOK, "-7", "no entry"),
            ("user ana, request last", _TOOK, "no entry", "-7"),
        ],
    ),
    "an entry that nobody asked for": (
        "spend_credits('ana', 7, 'last')",
        "DELETE FROM credit_requests WHERE request_id = 'last'",
        [("user ana, request last", _TOOK, "no entry", "-7")],
    ),
    "an entry without a request": (
        "spend_credits('ana', 7, 'last')",
        "DELETE FROM credit_requests WHERE request_id = 'last';"
        "UPDATE credit_ledger SET event_id = NULL WHERE event_id = 'last'",
        [("user ana, request without an id", _TOOK, "no entry", "-7")],
    ),
    "a return without an entry": (
        "return_credits('last', 3)",
        _NO_LAST_ENTRY,
        [("request last", _RETURNED, "3", "no entry")],
    ),
    "a return with an entry of another amount": (
        "return_credits('last', 3)",
        _LAST_ENTRY.format(2),
        [("request last", _RETURNED, "3", "5")],
    ),
    "a return of nothing that was asked for": (
        "return_credits('last', 3)",
        "UPDATE credit_requests SET returned = NULL WHERE request_id = 'last'",
        [("user ana, request last", _RETURNED, "no entry", "3")],
    ),
    "more returned than was taken": (
        "return_credits('last', 10)",
        "UPDATE credit_requests SET returned = 11 WHERE request_id = 'last';"
        + _LAST_ENTRY.format(1),
        [("request last", _TOO_MUCH, "10", "11")],
    ),
    "a grant without an entry": (
        "grant_credits('ana', 7, 'last')",
        _NO_LAST_ENTRY,
        [("request last", _GRANTED, "7", "no entry")],
    ),
    "a grant with an entry of another amount": (
        "grant_credits('ana', 7, 'last')",
        _LAST_ENTRY.format(1),
        [("request last", _GRANTED, "7", "8")],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_what_was_asked_for_is_found(asked: Books, fault: str) -> None:
    function, planting, rows = FAULTS[fault]
    if function.startswith("return_credits"):
        asked.execute("SELECT spend_credits('ana', 10, 'last')")
    asked.execute(f"SELECT {function}")
    assert found(asked) == []
    unguarded(asked, planting)
    assert found(asked) == rows


# A payment that became another user's


@pytest.fixture
def moved(books: Books) -> Books:
    """Sound books with a payment that was ana's, and is zoe's."""
    payment_id = books.pay("ana")
    books.pay("ana")
    books.pay("zoe")
    books.execute("UPDATE payment_transactions SET user_id = 'zoe' WHERE payment_id = 'pay_1'")
    books.enter("ana", payment_id, -1000, reason="transfer")
    books.enter("zoe", payment_id, 1000, reason="transfer")
    return books


def test_a_payment_that_was_moved_has_no_rows(moved: Books) -> None:
    assert found(moved) == []
    for user_id in ("ana", "zoe"):
        params = {"from_user": user_id, "to_user": user_id}
        assert moved.asked("ledger_audit", params=params)["rows"] == []


def test_a_transfer_that_gives_more_than_it_takes_is_one_row(moved: Books) -> None:
    moved.enter("zoe", "pay_1", 5, reason="transfer")
    unguarded(
        moved,
        "UPDATE payment_transactions SET credits_granted = 1005, tokens_purchased = 1005"
        " WHERE payment_id = 'pay_1'",
    )
    assert found(moved) == [("payment pay_1", _TRANSFERS, "0", "5")]


def test_what_was_not_wholly_moved_is_named_entry_by_entry(moved: Books) -> None:
    moved.enter("ana", "pay_1", 300)
    moved.enter("zoe", "pay_1", -300)
    assert {(subject, problem) for subject, problem, *_ in found(moved)} == {
        (f"ledger entry ana/{number}", _OWNER) for number in (1, 3, 4)
    }
