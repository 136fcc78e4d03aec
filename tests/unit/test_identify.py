"""From an event in any of its forms to the purchase that it hints at."""

from typing import Any

import pytest

from domain.events import EVENT_TYPES, Hint, NotAnEvent, NotOurs, Origin, Reference, ReferenceKind
from domain.events import identify as identify_from
from domain.stripe_objects import Purchase
from tests.unit.builders import EVENT_CREATED as CREATED
from tests.unit.builders import (
    Json,
    charge,
    dispute,
    event,
    payment_intent,
    refund,
    session,
    thin_event,
)
from tests.unit.purchases import at

ABOUT: dict[str, Json] = {
    "checkout.session": session(payment_intent="pi_1"),
    "payment_intent": payment_intent(latest_charge="ch_1"),
    "charge": charge(balance_transaction="txn_1"),
    "refund": refund(),
    "dispute": dispute("needs_response"),
}
OURS = {
    "checkout.session": "completed async_payment_succeeded async_payment_failed expired",
    "payment_intent": "payment_failed canceled succeeded",
    "charge": "refunded",
    "refund": "created updated failed",
    "charge.dispute": "created updated closed funds_withdrawn funds_reinstated",
}
TYPES = [
    (f"{prefix}.{change}", "dispute" if prefix == "charge.dispute" else prefix)
    for prefix, changes in OURS.items()
    for change in changes.split()
]
SESSION = Reference(ReferenceKind.CHECKOUT_SESSION, "cs_test_1")
INTENT = Reference(ReferenceKind.PAYMENT_INTENT, "pi_1")
COMPLETED = "checkout.session.completed"


def identify(
    received: object, livemode: bool = False, origin: Origin = Origin.WEBHOOK
) -> Hint | NotOurs | NotAnEvent:
    return identify_from(received, origin, livemode)


def referred(received: object) -> Reference:
    identified = identify(received)
    assert isinstance(identified, Hint)
    return identified.reference


def why_not_ours(received: object, livemode: bool = False) -> str:
    identified = identify(received, livemode)
    assert isinstance(identified, NotOurs)
    return identified.reason


def completed(**fields: Any) -> Json:
    return event(COMPLETED, session(payment_intent="pi_1"), **fields)


def test_the_ways_in_are_the_words_that_the_database_admits() -> None:
    assert [*Origin] == ["webhook", "eventbridge", "reconcile", "operations"]


def test_the_event_types_are_the_published_ones() -> None:
    assert set(EVENT_TYPES) == {event_type for event_type, _ in TYPES}


@pytest.mark.parametrize(("event_type", "about"), TYPES)
def test_each_snapshot_event_leads_to_its_session_or_intent(event_type: str, about: str) -> None:
    expected = SESSION if about == "checkout.session" else INTENT
    assert referred(event(event_type, ABOUT[about])) == expected


@pytest.mark.parametrize(("event_type", "about"), TYPES)
def test_each_thin_event_leads_to_its_related_object(event_type: str, about: str) -> None:
    thin = thin_event(f"v1.{event_type}", "obj_1")
    assert referred(thin) == Reference(ReferenceKind(about), "obj_1")


def test_a_snapshot_event_of_a_session_hints_with_the_session_as_it_was() -> None:
    assert identify(completed()) == Hint(
        event_id="evt_1",
        event_type=COMPLETED,
        api_version="2026-10-28.endive",
        event_created=at(CREATED),
        origin=Origin.WEBHOOK,
        reference=SESSION,
        snapshot=Purchase(session(payment_intent="pi_1"), event_created=CREATED),
    )


def test_a_thin_event_hints_without_a_snapshot_or_a_version() -> None:
    assert identify(thin_event(f"v1.{COMPLETED}", "cs_test_1")) == Hint(
        event_id="evt_1",
        event_type=f"v1.{COMPLETED}",
        event_created=at(CREATED),
        origin=Origin.WEBHOOK,
        reference=SESSION,
    )


@pytest.mark.parametrize(
    ("event_type", "about"), [each for each in TYPES if "session" not in each[0]]
)
def test_only_a_session_s_event_carries_a_snapshot(event_type: str, about: str) -> None:
    hint = identify(event(event_type, ABOUT[about]))
    assert isinstance(hint, Hint)
    assert hint.snapshot is None


@pytest.mark.parametrize("origin", list(Origin))
@pytest.mark.parametrize("received", [completed(), thin_event(f"v1.{COMPLETED}", "cs_test_1")])
def test_the_way_in_is_kept(received: Json, origin: Origin) -> None:
    hint = identify(received, origin=origin)
    assert isinstance(hint, Hint)
    assert hint.origin is origin


EXPANDED = {"id": "ch_1", "payment_intent": {"id": "pi_1"}}


@pytest.mark.parametrize(
    ("about", "reference"),
    [
        pytest.param({"payment_intent": "pi_1", "charge": None}, INTENT, id="intent alone"),
        pytest.param({"payment_intent": {"id": "pi_1"}}, INTENT, id="intent expanded"),
        pytest.param({"payment_intent": None, "charge": EXPANDED}, INTENT, id="charge expanded"),
        pytest.param(
            {"payment_intent": None},
            Reference(ReferenceKind.CHARGE, "ch_1"),
            id="old versions: the charge alone",
        ),
        pytest.param(
            {"payment_intent": None, "charge": {"id": "ch_1"}},
            Reference(ReferenceKind.CHARGE, "ch_1"),
            id="charge expanded without its intent",
        ),
    ],
)
@pytest.mark.parametrize("event_type", ["refund.created", "charge.dispute.created"])
def test_a_refund_or_dispute_names_its_intent_or_its_charge(
    about: Json, reference: Reference, event_type: str
) -> None:
    base = refund() if event_type.startswith("refund") else dispute("lost")
    assert referred(event(event_type, {**base, **about})) == reference


@pytest.mark.parametrize(
    ("event_type", "about"),
    [
        ("charge.refunded", charge(payment_intent=None)),
        ("refund.created", refund(payment_intent=None, charge=None)),
        ("charge.dispute.created", {"id": "du_1"}),
    ],
    ids=["charge", "refund", "dispute"],
)
def test_money_without_a_payment_intent_is_not_ours(event_type: str, about: Json) -> None:
    assert why_not_ours(event(event_type, about)) == "no payment intent"


@pytest.mark.parametrize(
    "received",
    [
        event("invoice.paid", {"id": "in_1"}),
        event("charge.succeeded", charge()),
        event(f"v1.{COMPLETED}", session()),
        event("CHECKOUT.SESSION.COMPLETED", session()),
        thin_event("v1.invoice.paid", "in_1"),
        thin_event("v2.core.account.updated", "acct_1"),
        thin_event(COMPLETED, "cs_test_1"),
        thin_event(f"v1.v1.{COMPLETED}", "cs_test_1"),
    ],
    ids=lambda received: f"{received['object']} {received['type']}",
)
def test_another_type_of_event_is_not_ours(received: Json) -> None:
    assert why_not_ours(received) == "event type"


@pytest.mark.parametrize("livemode", [True, False])
@pytest.mark.parametrize(
    "make", [completed, lambda **fields: thin_event(f"v1.{COMPLETED}", "cs_test_1", **fields)]
)
def test_the_other_livemode_is_not_ours(make: Any, livemode: bool) -> None:
    assert why_not_ours(make(livemode=not livemode), livemode) == "livemode"


@pytest.mark.parametrize("livemode", [True, False])
def test_this_deployment_s_livemode_is_ours(livemode: bool) -> None:
    assert isinstance(identify(completed(livemode=livemode), livemode), Hint)


@pytest.mark.parametrize(
    "received",
    [
        completed(account="acct_1"),
        thin_event(f"v1.{COMPLETED}", "cs_test_1", context="acct_1"),
    ],
    ids=["snapshot", "thin"],
)
def test_a_connected_account_s_event_is_not_ours(received: Json) -> None:
    assert why_not_ours(received) == "connected account"


@pytest.mark.parametrize("mode", ["subscription", "setup"])
def test_a_session_in_another_mode_is_not_ours(mode: str) -> None:
    assert why_not_ours(event(COMPLETED, session(mode=mode))) == "session mode"
