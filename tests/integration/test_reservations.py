"""Money that a card is reserved for: a payment once it is captured, for as much as was captured."""

from decimal import Decimal

import pytest

from handlers import reconcile
from tests.till import Till


@pytest.fixture
def reserved(till: Till, sound_books: None) -> str:
    """A completed session whose money is only reserved."""
    session_id = till.sell(capture_method="manual")
    for event in till.account.complete(session_id):
        till.deliver(event)
    return session_id


def test_what_is_only_reserved_is_pending(till: Till, reserved: str) -> None:
    row = till.payment(reserved)
    assert (row["payment_status"], row["amount_paid"], till.credits()) == ("pending", 0, 0)


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "the other way round"])
def test_a_part_that_is_captured_is_all_that_was_paid(
    till: Till, reserved: str, order: int
) -> None:
    for event in till.account.capture(reserved, 600)[::order]:
        till.deliver(event)
    row = till.payment(reserved)
    assert (row["payment_status"], row["amount_paid"], row["amount_charged"]) == ("paid", 6, 6)
    assert (row["amount_refunded"], till.credits()) == (0, 1000)


def test_half_of_it_refunded_takes_half_of_the_tokens(till: Till, reserved: str) -> None:
    till.account.capture(reserved, 600)
    till.account.refund(reserved, 300)
    till.deliver(till.latest("refund.created"))
    assert (till.payment(reserved)["amount_refunded"], till.credits()) == (3, 500)


def test_a_reservation_that_lapsed_was_never_paid(till: Till, reserved: str) -> None:
    for event in till.account.lapse(reserved):
        till.deliver(event)
    row = till.payment(reserved)
    assert (row["payment_status"], row["amount_paid"], till.credits()) == ("canceled", 0, 0)


def test_reconcile_takes_what_was_released_for_no_refund(till: Till, reserved: str) -> None:
    for event in till.account.capture(reserved, 600):
        till.deliver(event)
    assert reconcile.handler({"days": 1}, None)["repairs_total"] == 0


def test_a_foreign_part_has_the_dollars_that_it_was_settled_for(till: Till) -> None:
    price = till.account.create_price(1000, "eur", "Starter")["id"]
    till.execute("UPDATE packages SET stripe_price_ids = %s WHERE package_id = 'starter'", [price])
    session_id = till.sell(
        line_items=[(price, 1)], capture_method="manual", exchange_rate=Decimal("1.1")
    )
    till.account.complete(session_id)
    for event in till.account.capture(session_id, 600):
        till.deliver(event)
    row = till.payment(session_id)
    assert (row["amount_charged"], row["amount_paid"]) == (6, Decimal("6.60"))


@pytest.mark.parametrize(("disputed", "left"), [(1100, 0), (550, 500)])
def test_a_dispute_in_dollars_takes_its_share_of_a_charge_in_euros(
    till: Till, sound_books: None, disputed: int, left: int
) -> None:
    price = till.account.create_price(1000, "eur", "Starter")["id"]
    till.execute("UPDATE packages SET stripe_price_ids = %s WHERE package_id = 'starter'", [price])
    session_id = till.sell_paid(line_items=[(price, 1)], exchange_rate=Decimal("1.1"))
    till.account.lose_dispute(till.account.dispute(session_id, disputed, currency="usd")["id"])
    till.deliver(till.latest("charge.dispute.closed"))
    assert till.credits() == left
    assert reconcile.handler({"days": 1}, None)["repairs_total"] == 0
