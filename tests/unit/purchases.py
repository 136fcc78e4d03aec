"""Makes packages, purchases, payments and hints; the defaults are one and the same purchase."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from domain.derive import derive
from domain.events import Hint, Origin, Reference, ReferenceKind, Resolution
from domain.packages import Package
from domain.payment import Payment, PaymentStatus
from domain.stripe_objects import Purchase
from tests.unit.builders import (
    CHARGE_CREATED,
    EVENT_CREATED,
    INTENT_ID,
    SESSION_ID,
    Json,
    intent_charged,
    line_item,
    session,
)

STARTER = Package(
    package_id="starter",
    package_name="Starter",
    tokens=1000,
    amount=Decimal(9),
    stripe_price_ids=frozenset(("price_starter", "price_starter_old")),
)
PROFESSIONAL = Package(
    package_id="professional",
    package_name="Professional",
    tokens=5000,
    amount=Decimal(45),
    stripe_price_ids=frozenset(("price_professional",)),
)
PACKAGES = (STARTER, PROFESSIONAL)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def purchase(
    *items: Mapping[str, Any], disputes: Sequence[Mapping[str, Any]] = (), **fields: Any
) -> Purchase:
    """What Stripe answers about a session with these fields; by default one Professional."""
    return Purchase(session(**fields), items or (line_item(),), disputes)


def charged(*disputes: Mapping[str, Any], **fields: Any) -> Purchase:
    """A paid purchase whose charge has these fields."""
    return purchase(disputes=disputes, payment_intent=intent_charged(**fields))


def payment(**fields: Any) -> Payment:
    """The row of the default purchase."""
    defaults: Json = {
        "user_id": "user_123",
        "stripe_session_id": SESSION_ID,
        "stripe_payment_intent_id": INTENT_ID,
        "package_id": "professional",
        "package_name": "Professional",
        "tokens_purchased": 5000,
        "amount_paid_cents": 4500,
        "currency": "usd",
        "payment_status": PaymentStatus.PAID,
        "payment_method": "card",
        "customer_email": "buyer@example.com",
        "amount_charged_minor": 4500,
        "amount_refunded_minor": 0,
        "amount_disputed_minor": 0,
        "credits_granted": 5000,
        "held_reason": None,
        "enriched": True,
        "paid_at": at(CHARGE_CREATED),
    }
    return Payment(**{**defaults, **fields})


def snapshot(**fields: Any) -> Purchase:
    """A session as an event shows it, its package named by its metadata."""
    named = {"metadata": {"package_id": "professional"}, "payment_intent": INTENT_ID}
    return Purchase(session(**{**named, **fields}), event_created=EVENT_CREATED)


def hint(event_type: str = "checkout.session.completed", **fields: Any) -> Hint:
    defaults: Json = {
        "event_id": "evt_1",
        "event_type": event_type,
        "origin": Origin.WEBHOOK,
        "reference": Reference(ReferenceKind.CHECKOUT_SESSION, SESSION_ID),
    }
    return Hint(**{**defaults, **fields})


def unknown_price(**fields: Any) -> Json:
    """A line item that is no package."""
    return line_item("price_of_something_else", **fields)


def by_metadata(*items: Mapping[str, Any], **fields: Any) -> Purchase:
    """A Professional named by its metadata, with no price of ours."""
    named = {"metadata": {"package_id": "professional"}}
    return purchase(*(items or (unknown_price(),)), **{**named, **fields})


def resolution(user_id: str | None = None, package_id: str | None = None) -> Resolution:
    return Resolution(user_id=user_id, package_id=package_id)


def derived(
    bought: Purchase,
    stored: Payment | None = None,
    resolution: Resolution | None = None,
    packages: Sequence[Package] = PACKAGES,
) -> Payment:
    """The payment of a purchase that is ours."""
    made = derive(bought, packages, stored, resolution)
    assert made is not None
    return made
