"""The one ledger entry between two states of a payment, and the word for it."""

import pytest

from domain.payment import Entry, HeldReason, Payment, PaymentStatus, Reason, entry_for
from tests.unit.purchases import payment


def test_a_first_row_s_credits_are_a_purchase() -> None:
    assert entry_for(payment(credits_granted=5000), None) == Entry(5000, Reason.PURCHASE)


def test_a_first_row_that_is_partly_refunded_already_is_one_purchase_of_the_rest() -> None:
    refunded = payment(amount_refunded_minor=900, credits_granted=4000)
    assert entry_for(refunded, None) == Entry(4000, Reason.PURCHASE)


@pytest.mark.parametrize(
    "row",
    [
        payment(credits_granted=0, payment_status=PaymentStatus.PENDING, paid_at=None),
        payment(credits_granted=0, held_reason=HeldReason.NO_USER, user_id=None),
        payment(credits_granted=0, payment_status=PaymentStatus.REFUNDED),
    ],
    ids=["pending", "held", "refunded before it was known"],
)
def test_a_first_row_that_grants_nothing_makes_no_entry(row: Payment) -> None:
    assert entry_for(row, None) is None


def test_the_same_credits_make_no_entry() -> None:
    before = payment(amount_refunded_minor=0, credits_granted=1)
    assert entry_for(payment(amount_refunded_minor=1, credits_granted=1), before) is None


def state(refunded: int, disputed: int, granted: int, held: HeldReason | None = None) -> Payment:
    return payment(
        amount_refunded_minor=refunded,
        amount_disputed_minor=disputed,
        credits_granted=granted,
        held_reason=held,
    )


@pytest.mark.parametrize(
    ("before", "after", "entry"),
    [
        pytest.param(
            state(0, 0, 0), state(0, 0, 5000), Entry(5000, Reason.PURCHASE), id="paid at last"
        ),
        pytest.param(
            state(0, 0, 0, HeldReason.UNKNOWN_USER),
            state(0, 0, 5000),
            Entry(5000, Reason.PURCHASE),
            id="held no more",
        ),
        pytest.param(
            state(0, 0, 0, HeldReason.UNKNOWN_USER),
            state(900, 0, 4000),
            Entry(4000, Reason.PURCHASE),
            id="held no more, partly refunded meanwhile",
        ),
        pytest.param(
            state(0, 0, 5000), state(900, 0, 4000), Entry(-1000, Reason.REFUND), id="part refund"
        ),
        pytest.param(
            state(900, 0, 4000), state(4500, 0, 0), Entry(-4000, Reason.REFUND), id="the rest"
        ),
        pytest.param(
            state(4500, 0, 0),
            state(0, 0, 5000),
            Entry(5000, Reason.REINSTATEMENT),
            id="refund failed",
        ),
        pytest.param(
            state(900, 0, 4000),
            state(450, 0, 4500),
            Entry(500, Reason.REINSTATEMENT),
            id="one of two refunds failed",
        ),
        pytest.param(
            state(0, 0, 5000), state(0, 4500, 0), Entry(-5000, Reason.DISPUTE), id="disputed"
        ),
        pytest.param(
            state(900, 0, 4000),
            state(900, 3600, 0),
            Entry(-4000, Reason.DISPUTE),
            id="rest disputed",
        ),
        pytest.param(
            state(0, 4500, 0),
            state(0, 0, 5000),
            Entry(5000, Reason.REINSTATEMENT),
            id="dispute won",
        ),
        pytest.param(
            state(0, 450, 4500),
            state(900, 0, 4000),
            Entry(-500, Reason.REFUND),
            id="dispute won, more refunded",
        ),
        pytest.param(
            state(450, 0, 4500),
            state(0, 900, 4000),
            Entry(-500, Reason.DISPUTE),
            id="refund failed, more disputed",
        ),
        pytest.param(
            state(0, 0, 5000),
            state(450, 450, 4000),
            Entry(-1000, Reason.DISPUTE),
            id="both at once",
        ),
        pytest.param(
            state(0, 900, 4000),
            state(450, 0, 4500),
            Entry(500, Reason.REINSTATEMENT),
            id="less back",
        ),
        pytest.param(
            state(0, 0, 5000),
            state(0, 0, 1000),
            Entry(-4000, Reason.ADJUSTMENT),
            id="package corrected",
        ),
        pytest.param(
            state(0, 0, 1000),
            state(0, 0, 5000),
            Entry(4000, Reason.ADJUSTMENT),
            id="corrected upwards",
        ),
        pytest.param(
            state(0, 0, 5000),
            state(0, 0, 0, HeldReason.PACKAGE_MISMATCH),
            Entry(-5000, Reason.ADJUSTMENT),
            id="held once Stripe was asked",
        ),
    ],
)
def test_the_entry_is_the_difference_and_says_why(
    before: Payment, after: Payment, entry: Entry
) -> None:
    assert entry_for(after, before) == entry


def test_the_difference_is_exact_at_large_values() -> None:
    before, after = payment(credits_granted=2**60), payment(credits_granted=2**60 + 1)
    assert entry_for(after, before) == Entry(1, Reason.ADJUSTMENT)


def test_the_reasons_are_the_published_words() -> None:
    assert [*Reason] == ["purchase", "refund", "dispute", "reinstatement", "adjustment"]
