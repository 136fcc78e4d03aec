"""Builders of what the doctor looks at, sound unless a test says otherwise."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from domain.events import EVENT_TYPES
from operations.doctor import (
    Check,
    Configuration,
    DatabaseFacts,
    Facts,
    PackageRow,
    StripeFacts,
    Unknown,
)
from operations.doctor_checks import diagnose

URL = "https://till.example.com/stripe/webhook"
VERSION = "2026-10-28.endive"
STARTER = PackageRow(
    package_id="starter",
    package_name="Starter",
    amount=Decimal(10),
    currency="usd",
    stripe_price_ids=("price_1",),
    active=True,
)
GOLD = PackageRow(
    package_id="gold",
    package_name="Gold",
    amount=Decimal("0.05"),
    currency="usd",
    stripe_price_ids=("price_2",),
    active=True,
)


def configuration(**changed: Any) -> Configuration:
    sound = Configuration(
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


def stripe_facts(**changed: Any) -> StripeFacts:
    return replace(StripeFacts(endpoints=(endpoint(),), prices={"price_1": price()}), **changed)


def database(**changed: Any) -> DatabaseFacts:
    return replace(DatabaseFacts(pending=(), packages=(STARTER,)), **changed)


def diagnosis(
    *endpoints: Mapping[str, Any],
    configured: Configuration | None = None,
    stripe: StripeFacts | None = None,
    stored: DatabaseFacts | Unknown | None = None,
) -> list[Check]:
    """The checks of a sound deployment, but for what is given; `endpoints` are all that Stripe
    has."""
    asked = stripe or stripe_facts(endpoints=endpoints or (endpoint(),))
    found = database() if stored is None else stored
    facts = Facts(configuration=configured or configuration(), stripe=asked, database=found)
    return diagnose(facts)


def wrong(checks: list[Check]) -> dict[str, str]:
    """The failed checks, by name."""
    return {each.check: each.message for each in checks if not each.ok}


def said(checks: list[Check], name: str) -> str:
    (check,) = [each for each in checks if each.check == name]
    return check.message
