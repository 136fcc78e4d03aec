"""From an event, in any of its forms, to the purchase that it hints at.

Forms: snapshot events (`data.object`), thin events (`related_object`), and either of them inside
an EventBridge envelope, which the caller has opened.
https://docs.stripe.com/event-destinations
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from domain.stripe_objects import Purchase, expanded, id_of, text, whole


class Origin(StrEnum):
    """By which way in a hint reached the till."""

    WEBHOOK = "webhook"
    EVENTBRIDGE = "eventbridge"
    RECONCILE = "reconcile"
    OPERATIONS = "operations"


class ReferenceKind(StrEnum):
    """Which of Stripe's objects leads to the purchase."""

    CHECKOUT_SESSION = "checkout.session"
    PAYMENT_INTENT = "payment_intent"
    CHARGE = "charge"
    REFUND = "refund"
    DISPUTE = "dispute"


# The events that can change what a purchase is worth, and the object that each is about.
# https://docs.stripe.com/api/events/types
ABOUT = {
    ReferenceKind.CHECKOUT_SESSION: (
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    ),
    ReferenceKind.PAYMENT_INTENT: (
        "payment_intent.payment_failed",
        "payment_intent.canceled",
        "payment_intent.succeeded",
    ),
    ReferenceKind.CHARGE: ("charge.refunded",),
    ReferenceKind.REFUND: ("refund.created", "refund.updated", "refund.failed"),
    ReferenceKind.DISPUTE: (
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
    ),
}
EVENT_TYPES = {event_type: kind for kind, types in ABOUT.items() for event_type in types}

# A thin event about an object of the v1 API is named like its snapshot event, with this before it.
THIN_PREFIX = "v1."


@dataclass(frozen=True, slots=True)
class Reference:
    """An object of Stripe's that belongs to one purchase."""

    kind: ReferenceKind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who asks, why, and under which id; the same id twice is done once.

    `asked` are the fields that decide what is done: with others the id may not be used again.
    """

    operation: str
    actor: str
    note: str | None
    request_id: str
    asked: Mapping[str, Any]

    @property
    def event_id(self) -> str:
        """Operations are remembered beside Stripe's events, under an id none of those has."""
        return f"operation:{self.request_id}"

    @property
    def event_type(self) -> str:
        return f"operation.{self.operation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What an operator says of a held payment; None leaves a part as Stripe has it."""

    user_id: str | None
    package_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """That something happened to a purchase. `snapshot` is the session as the event shows it;
    `signed` is the request when an operator asked, `resolution` what it decides, if anything.
    `is_listed`: Stripe itself has shown the event to us. `is_backfill`: sales from before the till
    are asked for."""

    event_id: str
    event_type: str
    api_version: str | None = None
    event_created: datetime | None = None
    origin: Origin
    reference: Reference
    snapshot: Purchase | None = None
    resolution: Resolution | None = None
    is_listed: bool = False
    is_backfill: bool = False
    signed: Signed | None = None


@dataclass(frozen=True, slots=True)
class NotOurs:
    """An event that concerns no purchase of ours, and why."""

    event_id: str
    event_type: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotAnEvent:
    """JSON that is no Stripe event, and why."""

    reason: str


def identify(event: object, origin: Origin, livemode: bool) -> Hint | NotOurs | NotAnEvent:
    """Reads a parsed event. `livemode` is the mode that this deployment serves."""
    if not isinstance(event, Mapping):
        return NotAnEvent("the body is not a JSON object")
    event_id, event_type = text(event.get("id")), text(event.get("type"))
    if event_id is None or event_type is None:
        return NotAnEvent("the body has no event id and type")
    not_ours = why_not_ours(event, event_type, livemode)
    if not_ours is not None:
        return NotOurs(event_id, event_type, not_ours)
    reference = reference_of(event, event_type)
    if not isinstance(reference, Reference):
        return reference or NotOurs(event_id, event_type, "no payment intent")
    return Hint(
        event_id=event_id,
        event_type=event_type,
        api_version=text(event.get("api_version")),
        event_created=created_at(event.get("created")),
        origin=origin,
        reference=reference,
        snapshot=snapshot_of(event, reference),
    )


def why_not_ours(event: Mapping[str, Any], event_type: str, livemode: bool) -> str | None:
    if kind_of(event, event_type) is None:
        return "event type"
    if event.get("livemode") not in (livemode, None):
        return "livemode"
    if text(event.get("context" if is_thin(event) else "account")):
        return "connected account"
    return "session mode" if changed_object(event).get("mode") not in ("payment", None) else None


def is_thin(event: Mapping[str, Any]) -> bool:
    return event.get("object") == "v2.core.event"


def kind_of(event: Mapping[str, Any], event_type: str) -> ReferenceKind | None:
    if is_thin(event):
        is_v1 = event_type.startswith(THIN_PREFIX)
        return EVENT_TYPES.get(event_type.removeprefix(THIN_PREFIX)) if is_v1 else None
    return EVENT_TYPES.get(event_type)


def changed_object(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object that a snapshot event carries; empty in a thin event."""
    return expanded(expanded(event.get("data")).get("object"))


def reference_of(event: Mapping[str, Any], event_type: str) -> Reference | NotAnEvent | None:
    """What leads to the purchase; None when nothing can, because no payment intent is involved."""
    kind, thin = kind_of(event, event_type), is_thin(event)
    about = expanded(event.get("related_object")) if thin else changed_object(event)
    object_id = id_of(about)
    if thin or kind in (ReferenceKind.CHECKOUT_SESSION, ReferenceKind.PAYMENT_INTENT):
        reference = Reference(kind, object_id) if kind and object_id else None
    else:
        reference = reference_of_charge(about)
        if reference is None and object_id is not None:
            return None
    return reference or NotAnEvent("the event does not say which object it is about")


def reference_of_charge(about: Mapping[str, Any]) -> Reference | None:
    """A charge, refund or dispute names its payment intent, in old API versions its charge only;
    its own id leads nowhere else."""
    charge = about.get("charge")
    payment_intent = id_of(about.get("payment_intent")) or id_of(
        expanded(charge).get("payment_intent")
    )
    if payment_intent is not None:
        return Reference(ReferenceKind.PAYMENT_INTENT, payment_intent)
    charge_id = id_of(charge)
    return None if charge_id is None else Reference(ReferenceKind.CHARGE, charge_id)


def created_at(value: object) -> datetime | None:
    """Unix seconds in a snapshot event, ISO 8601 in a thin one; in UTC, where it may lie outside
    of all calendars."""
    try:
        if isinstance(value, str):
            said = datetime.fromisoformat(value)
            return (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
        number = whole(value)
        return None if number is None else datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def snapshot_of(event: Mapping[str, Any], reference: Reference) -> Purchase | None:
    if is_thin(event) or reference.kind is not ReferenceKind.CHECKOUT_SESSION:
        return None
    created = created_at(event.get("created"))
    return Purchase(
        changed_object(event), event_created=int(created.timestamp()) if created else None
    )
