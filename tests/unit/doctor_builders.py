"""Builders of what the doctor looks at, sound unless a test says otherwise."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from domain.events import EVENT_TYPES
from operations.doctor.diagnosis import diagnose
from operations.doctor.facts import (
    Check,
    DatabaseFacts,
    Deployment,
    Misfit,
    Offer,
    Stranger,
    StripeFacts,
    Unknown,
)

URL = "https://till.example.com/stripe/webhook"
VERSION = "2026-10-28.endive"
STARTER = Offer(
    package_id="starter",
    package_name="Starter",
    amount=Decimal(10),
    currency="usd",
    stripe_price_ids=("price_1",),
    active=True,
)
GOLD = Offer(
    package_id="gold",
    package_name="Gold",
    amount=Decimal("0.05"),
    currency="usd",
    stripe_price_ids=("price_2",),
    active=True,
)


def deployment(**changed: Any) -> Deployment:
    sound = Deployment(
        url=URL,
        livemode=False,
        api_version=VERSION,
        api_key="sk_test_1",
        webhook_secrets=("whsec_1",),
    )
    return replace(sound, **changed)


def endpoint(**changed: Any) -> dict[str, Any]:
    return {
        "id": "we_1",
        "url": URL,
        "status": "enabled",
        "livemode": False,
        "api_version": VERSION,
        "enabled_events": list(EVENT_TYPES),
        **changed,
    }


def price(**changed: Any) -> dict[str, Any]:
    sound = {"active": True, "type": "one_time", "currency": "usd", "unit_amount": 1000}
    return {**sound, **changed}


def diagnosis(
    *endpoints: Mapping[str, Any],
    deployed: Deployment | None = None,
    offers: tuple[Offer, ...] | Unknown = (STARTER,),
    prices: Mapping[str, Mapping[str, Any] | None] | Unknown | None = None,
    pending: tuple[str, ...] | Misfit | Unknown = (),
    forbidden: tuple[str, ...] = (),
    strangers: tuple[Stranger, ...] = (),
) -> list[Check]:
    stripe = StripeFacts(
        forbidden=forbidden,
        endpoints=endpoints or (endpoint(),),
        prices={"price_1": price()} if prices is None else prices,
    )
    facts = DatabaseFacts(pending=pending, offers=offers, strangers=strangers)
    return diagnose(deployed or deployment(), stripe, facts)


def wrong(checks: list[Check]) -> dict[str, str]:
    """The failed checks, by name."""
    return {each.check: each.message for each in checks if not each.ok}


def said(checks: list[Check], name: str) -> str:
    (check,) = [each for each in checks if each.check == name]
    return check.message
