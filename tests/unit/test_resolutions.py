"""An operator's word on a held payment, and personal data that was erased."""

from dataclasses import replace

import pytest

from domain.payment import HeldReason, Payment
from domain.stripe_objects import Purchase
from tests.unit.builders import intent_charged, line_item
from tests.unit.purchases import (
    PROFESSIONAL,
    STARTER,
    by_metadata,
    derived,
    payment,
    purchase,
    resolution,
    unknown_price,
)

NO_USER = purchase(client_reference_id=None)
RESOLVED = payment(resolved=True)
PLATINUM = purchase(unknown_price(), metadata={"package_id": "platinum"})


@pytest.mark.parametrize(
    ("bought", "user_id", "package_id"),
    [
        pytest.param(NO_USER, "user_123", None, id="no user"),
        pytest.param(PLATINUM, None, "professional", id="unknown package"),
        pytest.param(by_metadata(amount_subtotal=1), None, None, id="amount accepted"),
        pytest.param(by_metadata(amount_subtotal=1), None, "professional", id="amount, by name"),
        pytest.param(
            purchase(metadata={"package_id": "starter"}), None, None, id="mismatch: by its price"
        ),
        pytest.param(
            purchase(line_item("price_starter"), metadata={"package_id": "professional"}),
            None,
            "professional",
            id="mismatch: by its metadata",
        ),
        pytest.param(purchase(client_reference_id="user_x"), "user_123", None, id="wrong user"),
    ],
)
def test_a_resolved_payment_grants_its_credits(
    bought: Purchase, user_id: str | None, package_id: str | None
) -> None:
    held = payment(held_reason=HeldReason.NO_USER, credits_granted=0)
    assert derived(bought, held, resolution(user_id, package_id)) == RESOLVED


@pytest.mark.parametrize(
    "bought", [NO_USER, PLATINUM, purchase(unknown_price()), by_metadata(amount_subtotal=1)]
)
@pytest.mark.parametrize("enriched", [True, False])
def test_what_an_operator_resolved_overrides_what_stripe_says_from_then_on(
    bought: Purchase, enriched: bool
) -> None:
    assert derived(bought, replace(RESOLVED, enriched=enriched)) == RESOLVED


def test_a_price_does_not_override_an_operator_though_stripe_was_never_asked() -> None:
    starter = purchase(line_item("price_starter"))
    assert derived(starter, replace(RESOLVED, enriched=False)) == RESOLVED


def test_resolving_twice_changes_nothing_the_second_time() -> None:
    assert derived(NO_USER, RESOLVED, resolution("user_x", "starter")) == RESOLVED


def test_a_refund_of_a_resolved_payment_takes_back_its_share() -> None:
    refunded = purchase(
        client_reference_id=None, payment_intent=intent_charged(amount_refunded=900)
    )
    assert derived(refunded, RESOLVED).credits_granted == 4000


def test_a_package_that_is_still_unknown_keeps_the_payment_held() -> None:
    made = derived(
        PLATINUM, payment(held_reason=HeldReason.UNKNOWN_PACKAGE), resolution("user_123")
    )
    assert (made.held_reason, made.credits_granted) == ("unknown_package", 0)


@pytest.mark.parametrize("order", [1, -1], ids=["starter first", "professional first"])
def test_accepting_two_packages_never_grants_more_than_both(order: int) -> None:
    two = purchase(*[line_item("price_starter"), line_item("price_professional")][::order])
    held = payment(held_reason=HeldReason.PACKAGE_MISMATCH, credits_granted=0)
    both = STARTER.tokens + PROFESSIONAL.tokens
    assert derived(two, held, resolution()).credits_granted in (0, both)


ERASED = payment(user_id="erased_1", customer_email=None, erased=True)


def test_erased_personal_data_does_not_come_back_from_stripe() -> None:
    assert derived(purchase(), ERASED) == ERASED


def test_a_held_payment_s_erased_user_does_not_come_back_from_stripe() -> None:
    held: Payment = replace(ERASED, held_reason=HeldReason.UNKNOWN_USER, credits_granted=0)
    assert derived(purchase(), held).user_id == "erased_1"
