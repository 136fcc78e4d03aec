"""Money taken before the till was installed may have been credited by another program."""

from dataclasses import replace

import pytest

from domain.derive import derive
from domain.packages import Rules
from domain.payment import HeldReason, Payment
from domain.stripe_objects import Purchase
from tests.unit.builders import CHARGE_CREATED, dispute, intent_charged
from tests.unit.purchases import PACKAGES, at, charged, payment, purchase, resolution

INSTALLED_LATER = Rules(installed_at=at(CHARGE_CREATED + 1))
INSTALLED_THEN = Rules(installed_at=at(CHARGE_CREATED))
HELD = payment(held_reason=HeldReason.BEFORE_TILL, credits_granted=0)


def made(bought: Purchase, rules: Rules, stored: Payment | None = None) -> Payment:
    payment = derive(bought, PACKAGES, stored, rules=rules)
    assert payment is not None
    return payment


def test_an_old_sale_is_held() -> None:
    assert made(purchase(), INSTALLED_LATER) == HELD


def test_a_sale_of_the_second_of_the_installation_is_granted() -> None:
    assert made(purchase(), INSTALLED_THEN) == payment()


@pytest.mark.parametrize(
    "bought",
    [charged(amount_refunded=2250), charged(dispute("won")), charged(dispute("needs_response"))],
    ids=["half of it refunded", "a dispute won", "disputed"],
)
def test_what_becomes_of_an_old_sale_moves_no_credits(bought: Purchase) -> None:
    assert made(bought, INSTALLED_LATER).credits_granted == 0
    assert made(bought, INSTALLED_LATER, HELD).credits_granted == 0


@pytest.mark.parametrize(
    "bought",
    [purchase(client_reference_id=None), purchase(metadata={"package_id": "starter"})],
    ids=["nobody", "mismatch"],
)
def test_it_stays_held_for_its_age_when_another_reason_has_gone(bought: Purchase) -> None:
    first = made(bought, INSTALLED_LATER)
    assert first.held_reason is HeldReason.BEFORE_TILL
    assert made(purchase(), INSTALLED_LATER, first) == HELD


def test_what_was_granted_is_not_called_in_question() -> None:
    assert made(purchase(), INSTALLED_LATER, payment()) == payment()


def test_a_backfill_grants_what_was_held() -> None:
    assert made(purchase(), Rules(installed_at=None), HELD) == payment()


def test_an_operator_grants_what_was_held() -> None:
    resolved = derive(purchase(), PACKAGES, HELD, resolution(), rules=INSTALLED_LATER)
    assert resolved == payment(resolved=True)
    assert made(purchase(), INSTALLED_LATER, resolved) == resolved


def test_an_old_session_that_was_never_paid_is_not_held() -> None:
    unpaid = purchase(payment_status="unpaid", payment_intent=None)
    assert made(unpaid, INSTALLED_LATER).held_reason is None


def test_a_delayed_payment_is_as_old_as_its_money() -> None:
    settled_later = intent_charged()
    settled_later["latest_charge"]["balance_transaction"]["created"] = CHARGE_CREATED + 1
    assert made(purchase(payment_intent=settled_later), INSTALLED_LATER).held_reason is None


def test_a_free_session_is_as_old_as_itself() -> None:
    free = purchase(payment_status="no_payment_required", amount_total=0, payment_intent=None)
    assert made(free, INSTALLED_LATER).held_reason is HeldReason.BEFORE_TILL


def test_an_old_sale_recorded_from_its_snapshot_stays_granted_when_stripe_confirms_it() -> None:
    unconfirmed = replace(payment(), enriched=False)
    assert made(purchase(), INSTALLED_LATER, unconfirmed) == payment()
