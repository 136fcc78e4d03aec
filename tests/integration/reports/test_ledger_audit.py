"""The ledger audit is silent about sound books and names every way in which they can be wrong."""

import pytest

from tests.integration.reports.books import Books

Found = tuple[str, str, str | None, str | None]

_BALANCE = "The balance is not the sum of the user's ledger entries."
_COUNT = "The count of ledger entries is not how many the user has."
_GRANTED = "The credits granted are not the sum of the payment's ledger entries."
_ENTITLED = "The credits granted are not what the retained money entitles to."
_NUMBER = "The entry number does not follow the one before: the ledger has a gap or a double."
_RUNNING = "The balance after the entry is not the balance before plus the entry."
_OWNER = "The entry credits another user than its payment belongs to."


@pytest.fixture
def sound(books: Books) -> Books:
    """Sound books: two whole sales, a refund in part, a free, a held and an expired payment."""
    books.pay("user_1")
    books.pay("user_1", amount_refunded="3.33", credits_granted=667)
    books.pay("user_2")
    books.pay("user_2", amount_paid=0, amount_charged=0)
    books.pay("user_3", held_reason="unknown_user")
    books.pay("user_3", payment_status="expired", amount_paid=0)
    books.enter("user_3", None, -50)
    return books


def found(books: Books) -> list[Found]:
    rows = books.asked("ledger_audit")["rows"]
    return [(row["subject"], row["problem"], row["expected"], row["actual"]) for row in rows]


def without_the_entitlement_check(books: Books) -> None:
    books.execute(
        "ALTER TABLE payment_transactions"
        " DROP CONSTRAINT credits_are_what_the_retained_money_entitles_to"
    )


def test_sound_books_have_no_rows(sound: Books) -> None:
    assert found(sound) == []


@pytest.mark.parametrize(
    ("corruption", "row"),
    [
        (
            "UPDATE users SET credits = credits + 1 WHERE user_id = 'user_1'",
            ("user user_1", _BALANCE, "1667", "1668"),
        ),
        (
            "UPDATE users SET ledger_entries = 3 WHERE user_id = 'user_1'",
            ("user user_1", _COUNT, "2", "3"),
        ),
        (
            "UPDATE credit_ledger SET payment_id = NULL WHERE entry_id = 'user_1/2'",
            ("payment pay_2", _GRANTED, "0", "667"),
        ),
        (
            "UPDATE credit_ledger SET entry_number = 3 WHERE entry_id = 'user_1/2'",
            ("ledger entry user_1/2", _NUMBER, "2", "3"),
        ),
        (
            "UPDATE credit_ledger SET balance_after = 1666 WHERE entry_id = 'user_1/2'",
            ("ledger entry user_1/2", _RUNNING, "1667", "1666"),
        ),
        (
            "UPDATE payment_transactions SET user_id = 'user_2' WHERE payment_id = 'pay_1'",
            ("ledger entry user_1/1", _OWNER, "user_2", "user_1"),
        ),
    ],
)
def test_one_thing_wrong_is_one_row(sound: Books, corruption: str, row: Found) -> None:
    sound.execute(corruption)
    assert found(sound) == [row]


@pytest.mark.parametrize(
    ("corruption", "expected", "actual"),
    [
        ("tokens_purchased = 2000 WHERE payment_id = 'pay_1'", "2000", "1000"),
        ("amount_refunded = 3.34 WHERE payment_id = 'pay_2'", "666", "667"),
        ("amount_disputed = 20 WHERE payment_id = 'pay_1'", "0", "1000"),
        ("tokens_purchased = 999 WHERE payment_id = 'pay_4'", "999", "1000"),
        ("held_reason = 'no_user' WHERE payment_id = 'pay_1'", "0", "1000"),
        ("paid_at = NULL, payment_status = 'failed' WHERE payment_id = 'pay_1'", "0", "1000"),
        ("held_reason = NULL WHERE payment_id = 'pay_5'", "1000", "0"),
    ],
)
def test_credits_that_the_money_does_not_entitle_to_are_one_row(
    sound: Books, corruption: str, expected: str, actual: str
) -> None:
    without_the_entitlement_check(sound)
    sound.execute(f"UPDATE payment_transactions SET {corruption}")
    payment_id = corruption.split("'")[-2]
    assert found(sound) == [(f"payment {payment_id}", _ENTITLED, expected, actual)]


def test_a_first_entry_must_be_number_one_and_start_from_nothing(sound: Books) -> None:
    sound.execute(
        "UPDATE credit_ledger SET entry_number = 2, balance_after = -49 WHERE user_id = 'user_3'"
    )
    assert found(sound) == [
        ("ledger entry user_3/1", _RUNNING, "-50", "-49"),
        ("ledger entry user_3/1", _NUMBER, "1", "2"),
    ]


def test_two_entries_of_one_number_are_one_row(sound: Books) -> None:
    sound.execute("ALTER TABLE credit_ledger DROP CONSTRAINT one_entry_a_number")
    sound.execute("UPDATE credit_ledger SET entry_number = 1 WHERE entry_id = 'user_1/2'")
    assert found(sound) == [("ledger entry user_1/2", _NUMBER, "2", "1")]


def test_a_missing_first_entry_shows_in_every_sum(sound: Books) -> None:
    sound.execute("DELETE FROM credit_ledger WHERE entry_id = 'user_2/1'")
    assert {(subject, problem) for subject, problem, _, _ in found(sound)} == {
        ("user user_2", _BALANCE),
        ("user user_2", _COUNT),
        ("payment pay_3", _GRANTED),
        ("ledger entry user_2/2", _NUMBER),
        ("ledger entry user_2/2", _RUNNING),
    }


def test_a_user_without_entries_must_have_no_credits(sound: Books) -> None:
    sound.execute("INSERT INTO users (user_id, credits) VALUES ('user_9', 5)")
    assert found(sound) == [("user user_9", _BALANCE, "0", "5")]


def test_a_payment_that_lost_its_user_is_one_row(sound: Books) -> None:
    sound.execute(
        "ALTER TABLE payment_transactions DROP CONSTRAINT a_paid_payment_names_its_user_or_is_held"
    )
    sound.execute("UPDATE payment_transactions SET user_id = NULL WHERE payment_id = 'pay_1'")
    assert found(sound) == [("ledger entry user_1/1", _OWNER, "no user", "user_1")]


def test_many_problems_are_paged(sound: Books) -> None:
    sound.execute("UPDATE users SET credits = 7, ledger_entries = 7")
    pages = list(sound.all_pages("ledger_audit", limit=4))
    assert [len(page) for page in pages] == [4, 2]


@pytest.mark.parametrize(
    ("params", "subjects"),
    [
        ({"from_user": "user_1", "to_user": "user_1"}, ["payment pay_1", "user user_1"]),
        ({"from_user": "user_2"}, ["user user_3"]),
        ({"to_user": "user_2"}, ["payment pay_1", "user user_1"]),
        ({"from_user": "user_2", "to_user": "user_2"}, []),
    ],
)
def test_a_range_of_users_is_audited_alone(
    sound: Books, params: dict[str, str], subjects: list[str]
) -> None:
    without_the_entitlement_check(sound)
    sound.execute("UPDATE users SET credits = credits + 1 WHERE user_id <> 'user_2'")
    sound.execute("UPDATE payment_transactions SET tokens_purchased = 7 WHERE payment_id = 'pay_1'")
    rows = sound.asked("ledger_audit", params=params)["rows"]
    assert [row["subject"] for row in rows] == subjects
