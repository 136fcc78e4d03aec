"""Who bought what: by Stripe's word at first, settled once paid, an operator's word above all."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.derive import derive
from domain.packages import Package
from domain.payment import HeldReason, Payment, PaymentStatus
from domain.stripe_objects import Purchase
from tests.unit.builders import intent_charged, line_item
from tests.unit.purchases import (
    PACKAGES,
    PROFESSIONAL,
    STARTER,
    by_metadata,
    derived,
    payment,
    purchase,
    unknown_price,
)

DEARER = (replace(PROFESSIONAL, tokens=1, amount=Decimal(99), package_name="Pro"), STARTER)


@pytest.mark.parametrize(
    ("reference", "metadata", "user_id"),
    [
        pytest.param("user_a", {"user_id": "user_b"}, "user_b", id="metadata before reference"),
        pytest.param("user_a", {}, "user_a", id="reference alone"),
        pytest.param(None, {"user_id": "user_b"}, "user_b", id="metadata alone"),
        pytest.param("", {"user_id": "user_b"}, "user_b", id="reference empty"),
        pytest.param(None, {"user_id": ""}, None, id="both empty"),
        pytest.param(None, None, None, id="neither"),
    ],
)
def test_the_user_is_named_by_metadata_else_by_the_client_reference(
    reference: str | None, metadata: object, user_id: str | None
) -> None:
    assert derived(purchase(client_reference_id=reference, metadata=metadata)).user_id == user_id


NO_USER = purchase(client_reference_id=None)
TWO_REASONS = purchase(client_reference_id=None, metadata={"package_id": "starter"})


@pytest.mark.parametrize(
    ("bought", "held_reason"),
    [
        pytest.param(purchase(), None, id="nothing wrong"),
        pytest.param(NO_USER, "no_user", id="no user"),
        pytest.param(
            purchase(unknown_price(), metadata={"package_id": "platinum"}),
            "unknown_package",
            id="package",
        ),
        pytest.param(
            purchase(metadata={"package_id": "starter"}), "package_mismatch", id="disagreement"
        ),
        pytest.param(by_metadata(amount_subtotal=1), "amount_mismatch", id="amount"),
        pytest.param(TWO_REASONS, "no_user", id="two reasons, the user first"),
    ],
)
def test_a_paid_payment_is_held_for_a_reason(bought: Purchase, held_reason: str | None) -> None:
    assert derived(bought).held_reason == held_reason


@pytest.mark.parametrize("bought", [NO_USER, TWO_REASONS, by_metadata(amount_subtotal=1)])
def test_a_held_payment_is_paid_and_grants_nothing(bought: Purchase) -> None:
    made = derived(bought)
    assert (made.payment_status, made.credits_granted, made.amount_paid_cents) == ("paid", 0, 4500)


@pytest.mark.parametrize("bought", [NO_USER, TWO_REASONS, by_metadata(amount_subtotal=1)])
def test_an_unpaid_payment_is_never_held(bought: Purchase) -> None:
    session = {**bought.session, "payment_status": "unpaid", "payment_intent": None}
    assert derived(replace(bought, session=session)).held_reason is None


@pytest.mark.parametrize("mode", ["setup", "subscription", None])
def test_a_session_that_is_not_in_payment_mode_is_not_ours(mode: str | None) -> None:
    assert derive(purchase(mode=mode), PACKAGES, None) is None


def test_a_session_of_something_else_is_not_ours() -> None:
    assert derive(purchase(unknown_price(), client_reference_id=None), PACKAGES, None) is None


@pytest.mark.parametrize(
    "bought",
    [
        pytest.param(purchase(client_reference_id="user_x"), id="another user"),
        pytest.param(purchase(client_reference_id=None), id="no user"),
        pytest.param(purchase(metadata={"package_id": "starter"}), id="another package"),
        pytest.param(purchase(line_item(quantity=2)), id="another quantity"),
        pytest.param(purchase(unknown_price()), id="nothing of ours"),
    ],
)
@pytest.mark.parametrize("packages", [PACKAGES, DEARER, ()], ids=["same", "edited", "emptied"])
def test_a_paid_payment_s_terms_stay_whatever_is_edited_later(
    bought: Purchase, packages: tuple[Package, ...]
) -> None:
    assert derived(bought, payment(), packages=packages) == payment()


def test_a_refund_years_later_is_reckoned_on_the_terms_of_the_sale() -> None:
    refunded = purchase(payment_intent=intent_charged(amount_refunded=900))
    assert derived(refunded, payment(), packages=DEARER).credits_granted == 4000


@pytest.mark.parametrize("status", ["refunded", "disputed", "lost"])
def test_the_terms_are_settled_in_every_status_in_which_money_was_taken(status: str) -> None:
    stored = payment(payment_status=PaymentStatus(status), credits_granted=0)
    assert derived(purchase(client_reference_id="user_x"), stored) == payment()


@pytest.mark.parametrize(
    "stored",
    [
        payment(payment_status=PaymentStatus.PENDING, paid_at=None, user_id="user_old"),
        payment(held_reason=HeldReason.UNKNOWN_PACKAGE, user_id="user_old", package_id="platinum"),
        payment(held_reason=HeldReason.UNKNOWN_USER, user_id="user_old"),
    ],
    ids=["pending", "held", "held for its user"],
)
def test_the_terms_of_an_unpaid_or_held_payment_are_still_stripe_s(stored: Payment) -> None:
    assert derived(purchase(), replace(stored, credits_granted=0)) == payment()


UNENRICHED = payment(enriched=False)


def test_enriching_completes_a_payment_and_keeps_its_credits() -> None:
    assert derived(by_metadata(), UNENRICHED) == payment()


def test_enriching_lets_the_price_decide_that_a_snapshot_did_not_show() -> None:
    bought = purchase(line_item("price_starter", quantity=2))
    made = derived(bought, UNENRICHED)
    assert (made.package_id, made.credits_granted) == ("starter", 2000)


def test_enriching_holds_a_payment_whose_price_and_metadata_disagree() -> None:
    made = derived(purchase(metadata={"package_id": "starter"}), UNENRICHED)
    assert (made.held_reason, made.credits_granted) == ("package_mismatch", 0)


@pytest.mark.parametrize("user_id", ["user_x", None])
def test_enriching_never_moves_credits_to_another_user(user_id: str | None) -> None:
    assert derived(by_metadata(client_reference_id=user_id), UNENRICHED).user_id == "user_123"


def test_a_session_once_ours_stays_ours_though_nothing_in_it_is_known_any_more() -> None:
    pending = payment(payment_status=PaymentStatus.PENDING, paid_at=None, credits_granted=0)
    assert derived(purchase(unknown_price()), pending).held_reason == "unknown_package"
