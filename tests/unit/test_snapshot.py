"""What is recorded from an event's snapshot while Stripe cannot be asked."""

from dataclasses import replace
from typing import Any

import pytest

from domain.derive import payment_from_snapshot
from domain.packages import Rules
from domain.payment import HeldReason, Payment, PaymentStatus
from tests.unit.builders import EVENT_CREATED, SESSION_CREATED, line_item, payment_intent
from tests.unit.purchases import PACKAGES, at, hint, payment, snapshot


def recorded(event_type: str = "checkout.session.completed", **fields: Any) -> Payment | None:
    return payment_from_snapshot(hint(event_type, snapshot=snapshot(**fields)), PACKAGES)


def without(*names: str) -> Payment | None:
    """What is recorded from a snapshot that lacks these fields."""
    whole = snapshot()
    session = {name: value for name, value in whole.session.items() if name not in names}
    return payment_from_snapshot(hint(snapshot=replace(whole, session=session)), PACKAGES)


def test_a_paid_session_is_recorded_in_full_but_not_enriched() -> None:
    assert recorded() == payment(enriched=False, paid_at=at(EVENT_CREATED))


def test_without_the_event_s_time_it_was_paid_when_the_session_was_made() -> None:
    undated = replace(snapshot(), event_created=None)
    made = payment_from_snapshot(hint(snapshot=undated), PACKAGES)
    assert made is not None
    assert made.paid_at == at(SESSION_CREATED)


def test_a_free_session_is_recorded_with_all_its_tokens() -> None:
    free = recorded(payment_status="no_payment_required", amount_total=0, payment_intent=None)
    assert free == payment(
        enriched=False,
        paid_at=at(EVENT_CREATED),
        amount_paid_cents=0,
        amount_charged_minor=0,
        stripe_payment_intent_id=None,
        payment_method=None,
    )


def test_a_paid_session_without_a_user_is_recorded_as_held() -> None:
    held = recorded(client_reference_id=None)
    assert held is not None
    assert (held.held_reason, held.credits_granted) == (HeldReason.NO_USER, 0)


def test_a_sale_from_before_the_till_is_recorded_as_held() -> None:
    rules = Rules(installed_at=at(EVENT_CREATED + 1))
    held = payment_from_snapshot(hint(snapshot=snapshot()), PACKAGES, rules)
    assert held is not None
    assert (held.held_reason, held.credits_granted) == (HeldReason.BEFORE_TILL, 0)


@pytest.mark.parametrize(
    ("event_type", "fields", "status"),
    [
        ("checkout.session.completed", {"payment_status": "unpaid"}, PaymentStatus.PENDING),
        (
            "checkout.session.async_payment_failed",
            {"payment_status": "unpaid"},
            PaymentStatus.FAILED,
        ),
        ("checkout.session.async_payment_succeeded", {}, PaymentStatus.PAID),
        (
            "checkout.session.expired",
            {"payment_status": "unpaid", "status": "expired", "payment_intent": None},
            PaymentStatus.EXPIRED,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_each_event_of_a_session_is_recorded_in_its_status(
    event_type: str, fields: dict[str, Any], status: PaymentStatus
) -> None:
    made = recorded(event_type, **fields)
    assert made is not None
    assert made.payment_status is status


@pytest.mark.parametrize(
    "event_type",
    ["checkout.session.completed", "checkout.session.async_payment_failed"],
)
def test_the_payment_intent_s_id_is_kept(event_type: str) -> None:
    made = recorded(event_type, payment_status="unpaid", payment_intent=payment_intent(status="x"))
    assert made is not None
    assert made.stripe_payment_intent_id == "pi_1"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"metadata": {}}, id="no metadata"),
        pytest.param({"metadata": {"user_id": "user_123"}}, id="no package named"),
        pytest.param({"metadata": {"package_id": "platinum"}}, id="package unknown"),
        pytest.param({"amount_subtotal": 9000}, id="price of another quantity"),
        pytest.param({"currency": "eur"}, id="not in dollars"),
        pytest.param({"payment_status": None}, id="payment status null"),
        pytest.param({"payment_status": ""}, id="payment status empty"),
        pytest.param({"amount_total": None}, id="total null"),
        pytest.param({"mode": "subscription"}, id="subscription"),
        pytest.param({"mode": "setup"}, id="setup"),
    ],
)
def test_a_paid_session_whose_package_is_uncertain_is_not_recorded(fields: dict[str, Any]) -> None:
    assert recorded(**fields) is None


@pytest.mark.parametrize("missing", ["payment_status", "amount_total", "amount_subtotal", "mode"])
def test_a_snapshot_of_an_old_api_version_that_lacks_a_field_is_not_recorded(missing: str) -> None:
    assert without(missing) is None


def test_an_unknown_package_of_an_unpaid_session_is_not_recorded() -> None:
    assert recorded(payment_status="unpaid", metadata={"package_id": "platinum"}) is None


def test_an_event_without_a_snapshot_is_not_recorded() -> None:
    assert payment_from_snapshot(hint(snapshot=None), PACKAGES) is None


def test_an_empty_catalogue_knows_no_package() -> None:
    assert payment_from_snapshot(hint(snapshot=snapshot()), ()) is None


def test_line_items_that_a_snapshot_happens_to_show_decide_as_ever() -> None:
    shown = replace(snapshot(), line_items=[line_item("price_starter")])
    assert payment_from_snapshot(hint(snapshot=shown), PACKAGES) is None
