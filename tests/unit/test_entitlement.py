"""Credits that retained money entitles to: floor(tokens x retained / charged)."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.payment import HeldReason, PaymentStatus, credits_due, entitlement
from tests.unit.purchases import payment

HUGE = 2**60
TOKENS = st.integers(min_value=1, max_value=HUGE)
AMOUNT = st.integers(min_value=0, max_value=HUGE)
CHARGED = st.integers(min_value=1, max_value=HUGE)


@pytest.mark.parametrize(
    ("tokens", "charged", "returned", "granted"),
    [
        pytest.param(5000, 4500, 0, 5000, id="nothing came back"),
        pytest.param(5000, 4500, 4500, 0, id="all came back"),
        pytest.param(5000, 4500, 900, 4000, id="a fifth came back"),
        pytest.param(1000, 3, 1, 666, id="a fraction is rounded down"),
        pytest.param(1, 1000, 1, 0, id="less than one credit is none"),
        pytest.param(5000, 4500, 9000, 0, id="more came back than was charged"),
        pytest.param(5000, 0, 0, 5000, id="a free payment"),
        pytest.param(HUGE, HUGE, 1, HUGE - 1, id="exact where a float is not"),
        pytest.param(HUGE - 1, HUGE, 1, HUGE - 2, id="exact floor of a huge quotient"),
    ],
)
def test_a_payment_entitles_to_its_share(
    tokens: int, charged: int, returned: int, granted: int
) -> None:
    assert entitlement(tokens, charged, returned) == granted


@given(tokens=TOKENS, charged=CHARGED, returned=AMOUNT)
def test_the_share_is_the_floor_of_the_exact_quotient(
    tokens: int, charged: int, returned: int
) -> None:
    retained = max(charged - returned, 0)
    assert entitlement(tokens, charged, returned) == floor(Fraction(tokens * retained, charged))


@given(tokens=TOKENS, charged=AMOUNT, returned=AMOUNT)
def test_the_share_is_never_negative_and_never_above_the_tokens(
    tokens: int, charged: int, returned: int
) -> None:
    assert 0 <= entitlement(tokens, charged, returned) <= tokens


@given(tokens=TOKENS, charged=CHARGED, returned=AMOUNT, more=AMOUNT)
def test_more_money_back_never_means_more_credits(
    tokens: int, charged: int, returned: int, more: int
) -> None:
    assert entitlement(tokens, charged, returned + more) <= entitlement(tokens, charged, returned)


@given(tokens=TOKENS, charged=CHARGED, returned=AMOUNT)
def test_all_tokens_are_kept_only_while_all_money_is_kept(
    tokens: int, charged: int, returned: int
) -> None:
    assume(returned > 0)
    assert entitlement(tokens, charged, returned) < tokens


@given(tokens=TOKENS, charged=AMOUNT, returned=AMOUNT)
def test_the_share_is_a_whole_number(tokens: int, charged: int, returned: int) -> None:
    assert type(entitlement(tokens, charged, returned)) is int


@pytest.mark.parametrize(
    ("status", "taken"),
    [
        (PaymentStatus.PENDING, False),
        (PaymentStatus.FAILED, False),
        (PaymentStatus.EXPIRED, False),
        (PaymentStatus.CANCELED, False),
        (PaymentStatus.PAID, True),
        (PaymentStatus.REFUNDED, True),
        (PaymentStatus.DISPUTED, True),
        (PaymentStatus.LOST, True),
    ],
)
def test_money_was_taken_in_these_statuses(status: PaymentStatus, taken: bool) -> None:
    assert status.taken is taken


def test_the_held_reasons_are_the_published_words() -> None:
    assert {*HeldReason} == {
        "no_user",
        "unknown_user",
        "unknown_package",
        "package_mismatch",
        "amount_mismatch",
        "unreadable",
        "before_till",
    }


def test_a_payment_of_unknown_tokens_is_due_no_credits() -> None:
    assert credits_due(payment(tokens_purchased=None)) == 0
