"""Events as they never should be: every one gets an answer, none raises."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import EVENT_TYPES, Hint, NotAnEvent, NotOurs, Origin, identify
from tests.lanes import size
from tests.unit.builders import Json, event, session, thin_event

TRIED = settings(max_examples=size(40, 1000))
COMPLETED = "checkout.session.completed"
DISPUTES = [each for each in EVENT_TYPES if each.startswith("charge.dispute.")]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
ODD_DATES = st.sampled_from(["0001-01-01", "9999-12-31T23:59:59-23:59", "2026-02-30", "\ud800"])
MISSHAPEN = st.fixed_dictionaries(
    {
        "id": st.just("evt_1"),
        "type": st.sampled_from([*EVENT_TYPES, *(f"v1.{t}" for t in EVENT_TYPES)]),
    },
    optional={
        "object": st.sampled_from(["event", "v2.core.event"]) | JSON,
        "account": JSON,
        "api_version": JSON,
        "context": JSON,
        "created": JSON | ODD_DATES | st.integers(-(10**18), 10**18),
        "data": st.fixed_dictionaries(
            {
                "object": st.dictionaries(
                    st.sampled_from(("id", "mode", "charge", "payment_intent")), JSON
                )
            }
        )
        | JSON,
        "livemode": JSON,
        "related_object": st.fixed_dictionaries({"id": JSON}) | JSON,
    },
)


def identified(received: object) -> Hint | NotOurs | NotAnEvent:
    return identify(received, Origin.WEBHOOK, livemode=False)


@TRIED
@given(JSON)
def test_arbitrary_json_is_no_event(received: object) -> None:
    assert isinstance(identified(received), NotAnEvent)


@TRIED
@given(MISSHAPEN)
def test_a_misshapen_event_of_ours_gets_an_answer(received: Json) -> None:
    assert isinstance(identified(received), Hint | NotOurs | NotAnEvent)


@pytest.mark.parametrize("received", [None, True, 7, 1.5, "text", [], [event(COMPLETED, {})]])
def test_what_is_no_object_is_no_event(received: object) -> None:
    assert isinstance(identified(received), NotAnEvent)


@pytest.mark.parametrize("field", ["id", "type"])
@pytest.mark.parametrize("value", [None, "", 7, {}, [], True])
def test_an_event_needs_an_id_and_a_type(field: str, value: object) -> None:
    whole = event(COMPLETED, session())
    assert isinstance(identified({**whole, field: value}), NotAnEvent)


@pytest.mark.parametrize("field", ["id", "type"])
def test_an_event_that_lacks_its_id_or_type_is_none(field: str) -> None:
    whole = event(COMPLETED, session())
    del whole[field]
    assert isinstance(identified(whole), NotAnEvent)


@pytest.mark.parametrize(
    "received",
    [
        event(COMPLETED, None),
        event(COMPLETED, {}),
        event(COMPLETED, {"id": ""}),
        event(COMPLETED, {"id": 7}),
        event(COMPLETED, "cs_test_1"),
        event(COMPLETED, session(), data=None),
        event(COMPLETED, session(), data=[session()]),
        event("charge.refunded", {"amount": 100}),
        thin_event(f"v1.{COMPLETED}", ""),
        thin_event(f"v1.{COMPLETED}", "cs_test_1", related_object=None),
        thin_event(f"v1.{COMPLETED}", "cs_test_1", related_object="cs_test_1"),
        # A thin event is about its related object, whatever data it carries along.
        thin_event(f"v1.{COMPLETED}", "", data={"object": session()}),
    ],
)
def test_an_event_of_ours_must_say_what_it_is_about(received: Json) -> None:
    assert isinstance(identified(received), NotAnEvent)


@pytest.mark.parametrize(
    "created",
    [None, "", "yesterday", "2026-02-30", 10**30, -(10**30), 1.5, {}, [], "\ud800", "0001-01-01"],
)
def test_an_event_of_a_senseless_time_is_an_event_all_the_same(created: Any) -> None:
    assert isinstance(identified(event(COMPLETED, session(), created=created)), Hint)


@pytest.mark.parametrize("created", [None, "yesterday", 10**30, 1.5])
def test_a_senseless_time_is_no_time(created: Any) -> None:
    hint = identified(event(COMPLETED, session(), created=created))
    assert isinstance(hint, Hint)
    assert hint.event_created is None


@pytest.mark.parametrize("missing", ["livemode", "api_version", "created", "object"])
def test_an_old_event_that_lacks_a_field_is_still_ours(missing: str) -> None:
    old = event(COMPLETED, session())
    del old[missing]
    assert isinstance(identified(old), Hint)


def test_an_old_session_without_a_mode_is_still_ours() -> None:
    old = session()
    del old["mode"]
    assert isinstance(identified(event(COMPLETED, old)), Hint)


@pytest.mark.parametrize("api_version", [None, "", 2020, {}])
def test_a_senseless_api_version_is_none(api_version: object) -> None:
    hint = identified(event(COMPLETED, session(), api_version=api_version))
    assert isinstance(hint, Hint)
    assert hint.api_version is None


@pytest.mark.parametrize("event_type", ["charge.refunded", "refund.updated", *DISPUTES])
def test_an_object_that_only_leads_to_its_intent_needs_no_id(event_type: str) -> None:
    hint = identified(event(event_type, {"payment_intent": "pi_1"}))
    assert isinstance(hint, Hint)
    assert hint.reference.id == "pi_1"


UNSTORABLE = ["\0", "evt_\0", "\ud800", "x" * 501]


@pytest.mark.parametrize("field", ["id", "type"])
@pytest.mark.parametrize("value", UNSTORABLE, ids=repr)
def test_an_event_whose_id_or_type_cannot_be_stored_is_none(field: str, value: str) -> None:
    assert isinstance(identified({**event(COMPLETED, session()), field: value}), NotAnEvent)


@pytest.mark.parametrize("object_id", UNSTORABLE, ids=repr)
def test_an_object_whose_id_cannot_be_stored_is_not_said(object_id: str) -> None:
    assert isinstance(identified(event(COMPLETED, session(id=object_id))), NotAnEvent)


@pytest.mark.parametrize(
    ("created", "in_utc"),
    [
        ("9999-12-31T23:59:59-14:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59+14:00", "9999-12-31T09:59:59+00:00"),
        (True, None),
        (253402300800, None),
    ],
)
def test_a_time_that_lies_outside_of_the_calendar_in_utc_is_none(
    created: object, in_utc: str | None
) -> None:
    hint = identified(event(COMPLETED, session(), created=created))
    assert isinstance(hint, Hint)
    assert (hint.event_created.isoformat() if hint.event_created else None) == in_utc
