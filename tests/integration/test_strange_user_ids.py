"""A user id is exactly what it is: whatever it contains reaches that user, and no other."""

from itertools import product
from typing import Any

import pytest

from handlers import reports
from tests.integration.operators import STRANGE_IDS, ask, error_code, everything, nobodys
from tests.till import Till

pytestmark = pytest.mark.usefixtures("sound_books")

# With those that they may be taken for.
IDS = ["ana", "a", "fox", *STRANGE_IDS.values()]


@pytest.fixture
def customers(till: Till) -> Till:
    """A till at which each of them has bought something, as metadata says."""
    for user_id in IDS:
        till.sell_paid(None, metadata={"user_id": user_id}, customer_email="buyer@example.com")
    return till


def balances(till: Till) -> dict[str, int]:
    return {row["user_id"]: row["credits"] for row in till.rows("SELECT * FROM users")}


def test_an_adjustment_reaches_exactly_that_user(customers: Till) -> None:
    for number, user_id in enumerate(IDS, start=1):
        answer = ask("adjust_credits", f"req_{number}", user_id=user_id, delta=number)
        assert (answer["user_id"], answer["balance"]) == (user_id, 1000 + number)
    assert balances(customers) == {each: 1001 + number for number, each in enumerate(IDS)}


def test_an_erasure_reaches_exactly_that_user(customers: Till) -> None:
    for number, user_id in enumerate(IDS):
        ask("adjust_credits", f"adjust_{number}", user_id=user_id, delta=-5)
        assert ask("erase_user", f"erase_{number}", user_id=user_id)["payments"] == 1
        assert user_id not in balances(customers)
        assert balances(customers).keys() >= set(IDS[number + 1 :])
    assert set(everything(customers)) & set(IDS) == set()


def test_a_payment_is_resolved_to_exactly_that_user(till: Till) -> None:
    for user_id in IDS:
        _, payment_id = nobodys(till)
        ask("resolve_payment", payment_id, payment_id=payment_id, user_id=user_id)
    assert balances(till) == dict.fromkeys(IDS, 1000)


def test_a_report_is_about_exactly_that_user(customers: Till) -> None:
    for report, user_id in product(("payments_for_user", "user_timeline"), IDS):
        answer: Any = reports.handler({"report": report, "params": {"user_id": user_id}}, None)
        [row] = answer["rows"]
        assert customers.rows(
            "SELECT user_id FROM payment_transactions WHERE payment_id = %s", row["payment_id"]
        ) == [{"user_id": user_id}]


@pytest.mark.parametrize("operation", [{"operation": "erase_user"}, {"delta": 1}])
def test_who_is_not_there_is_not_taken_for_another(till: Till, operation: dict[str, Any]) -> None:
    till.sell_paid("ana")
    for user_id in STRANGE_IDS.values():
        asked = {"operation": "adjust_credits", "user_id": user_id, **operation}
        assert error_code(ask(**asked)) == "unknown_user"
    assert balances(till) == {"ana": 1000}
