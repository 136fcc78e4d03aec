"""When a payment differs from what Stripe says, how that is put, and why it may be."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.converge import StoredPayment
from domain.packages import ForSale
from domain.payment import HeldReason, Payment, PaymentStatus, held_for_unknown_user
from reconcile.compare import Difference, difference
from reconcile.ports import FoundPayment
from reconcile.tally import Cause, cause_of
from tests.unit.builders import CHARGE_CREATED
from tests.unit.purchases import PACKAGES, charged, payment, purchase

LATER = datetime(2026, 1, 1, tzinfo=UTC)


FOR_SALE = ForSale(PACKAGES)


def found(stored: Payment, user_is_known: bool = True) -> FoundPayment:
    return FoundPayment(StoredPayment("pay_1", 4, stored), user_is_known)


def different(bought: Any, stored: Payment | None) -> Difference | None:
    return difference(bought, FOR_SALE, found(stored) if stored else None, LATER)


def test_a_payment_that_agrees_is_no_difference() -> None:
    assert different(purchase(), payment()) is None


def test_a_session_without_a_row_is_one() -> None:
    differs = different(purchase(), None)
    assert differs is not None
    assert differs.revision == 0
    assert differs.sentences == (
        "Stripe has this session, 45.00 usd paid; the till has no payment.",
    )


def test_a_session_that_is_none_of_ours_is_none() -> None:
    assert different(purchase(mode="setup"), None) is None


@pytest.mark.parametrize(("status", "is_one"), [("open", False), ("complete", True)])
def test_an_unpaid_session_is_one_only_when_the_buyer_is_done(status: str, is_one: bool) -> None:
    unpaid = purchase(status=status, payment_status="unpaid", payment_intent=None)
    assert (different(unpaid, None) is not None) is is_one


def test_every_field_that_differs_has_a_sentence() -> None:
    differs = different(charged(amount_refunded=900), payment())
    assert differs is not None
    assert differs.revision == 4
    assert differs.sentences == (
        "amount_refunded is 9.00 usd by Stripe, and 0.00 usd in the till.",
        "credits_granted is 4000 by Stripe, and 5000 in the till.",
    )


def test_amounts_are_written_in_their_currency() -> None:
    stored = payment(currency="jpy", amount_charged_minor=4500, amount_paid_cents=None)
    bought = charged(amount=4500, amount_refunded=1500, currency="jpy")
    differs = different(bought, stored)
    assert differs is not None
    assert "amount_refunded is 1500 jpy by Stripe, and 0 jpy in the till." in differs.sentences
    assert "amount_paid is 45.00 usd by Stripe, and unknown in the till." in differs.sentences


def test_what_stripe_said_a_moment_ago_is_left_to_its_delivery() -> None:
    moment = datetime.fromtimestamp(CHARGE_CREATED - 30, UTC)
    stored = found(payment(payment_status=PaymentStatus.PENDING, paid_at=None))
    assert difference(purchase(), FOR_SALE, stored, moment) is None
    assert difference(purchase(), FOR_SALE, stored, LATER) is not None


def test_a_payment_held_for_an_unknown_user_agrees_with_stripe() -> None:
    held = payment(held_reason=HeldReason.UNKNOWN_USER, credits_granted=0)
    assert difference(purchase(), FOR_SALE, found(held, user_is_known=False), LATER) is None
    assert difference(purchase(), FOR_SALE, found(held, user_is_known=True), LATER) is not None


def test_a_payment_that_grants_nothing_is_not_held_for_its_user() -> None:
    expired = payment(payment_status=PaymentStatus.EXPIRED, credits_granted=0, paid_at=None)
    assert held_for_unknown_user(expired) == expired


CAUSES: dict[str, tuple[Payment | None, Payment, Cause]] = {
    "no row": (None, payment(), Cause.NO_EVENT),
    "another status": (
        payment(payment_status=PaymentStatus.PENDING),
        payment(),
        Cause.NO_EVENT,
    ),
    "a refund": (payment(), payment(amount_refunded_minor=5), Cause.NO_EVENT),
    "recorded from a snapshot": (payment(enriched=False), payment(), Cause.COMPLETED),
    "not settled": (payment(amount_paid_cents=None), payment(), Cause.COMPLETED),
    "the packages": (payment(tokens_purchased=1), payment(), Cause.TERMS_CHANGED),
    "the user": (payment(user_id="another"), payment(), Cause.TERMS_CHANGED),
}


@pytest.mark.parametrize(("before", "after", "cause"), CAUSES.values(), ids=list(CAUSES))
def test_a_difference_has_a_cause(before: Payment | None, after: Payment, cause: Cause) -> None:
    assert cause_of(before, after) is cause
