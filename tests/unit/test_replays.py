"""An event sent again by an operator: whatever it is, the answer says what came of it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from domain.converge import Outcome, TryLater, Verdict
from domain.events import Hint, Origin, Reference, ReferenceKind, Signed
from domain.requests import Refused
from domain.stripe_objects import RetrievedEvent, StripeRefused, StripeUnreachable
from operations.operate import Done, Operations, RememberedEvent
from operations.requests import ReplayEvent
from tests.unit.builders import event, session
from tests.unit.test_identify_malformed import JSON, MISSHAPEN, TRIED

SIGNED = Signed(
    operation="replay_event",
    actor="olga",
    note=None,
    request_id="req_1",
    asked={"event_id": "evt_1"},
)
REPLAY = ReplayEvent(signed=SIGNED, replayed_event_id="evt_1")
COMPLETED = event("checkout.session.completed", session())
RECORDED = Outcome(verdict=Verdict.RECORDED, event_id="operation:req_1", payment_id="pay_1")
REMEMBERED = RememberedEvent(
    event_type="checkout.session.completed",
    session_id="cs_1",
    was_ignored=False,
    asked=None,
    user_is_there=False,
)
DONE_BEFORE = replace(REMEMBERED, event_type="operation.replay_event", asked=SIGNED.asked)


class FakeStore:
    """Remembers the events that it is given."""

    def __init__(self, **remembered: RememberedEvent) -> None:
        self._remembered = {name.replace("__", ":"): each for name, each in remembered.items()}

    def find_event(self, event_id: str, _user_id: str | None = None) -> RememberedEvent | None:
        return self._remembered.get(event_id)


def replayed(
    said: RetrievedEvent, outcome: Outcome | TryLater = RECORDED, **remembered: RememberedEvent
) -> tuple[Done | Refused, list[Hint]]:
    """The answer when Stripe says this of the event, and what went through the five steps."""
    hints: list[Hint] = []

    def converge(hint: Hint) -> Outcome | TryLater:
        hints.append(hint)
        return outcome

    store: Any = FakeStore(**remembered)
    return Operations(store, converge, lambda _: said, livemode=False).do(REPLAY), hints


def refusal(*args: Any, **remembered: RememberedEvent) -> Refused:
    answer, _ = replayed(*args, **remembered)
    assert isinstance(answer, Refused)
    return answer


def test_an_event_goes_through_the_five_steps_under_the_requests_id() -> None:
    answer, [hint] = replayed(COMPLETED)
    assert answer == Done(SIGNED, "recorded", {"payment_id": "pay_1", "delta": 0})
    assert (hint.event_id, hint.event_type) == ("operation:req_1", "operation.replay_event")
    assert (hint.origin, hint.signed, hint.snapshot) == (Origin.OPERATIONS, SIGNED, None)


def test_an_event_that_stripe_no_longer_has_is_replayed_from_memory() -> None:
    _, [hint] = replayed(None, evt_1=REMEMBERED)
    assert hint.reference == Reference(ReferenceKind.CHECKOUT_SESSION, "cs_1")
    assert hint.signed == SIGNED


@pytest.mark.parametrize("remembered", [{}, {"evt_1": replace(REMEMBERED, session_id=None)}])
def test_an_event_that_leads_nowhere_is_unknown(remembered: dict[str, RememberedEvent]) -> None:
    assert refusal(None, **remembered).code == "unknown_event"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"type": "price.created"}, "events of its type change no purchase"),
        ({"livemode": True}, "it is of the other livemode"),
        ({"account": "acct_1"}, "it is a connected account's"),
        ({"data": {"object": session(mode="subscription")}}, "its session is no one-time payment"),
        ({"data": {"object": []}}, "the event does not say which object it is about"),
        ({"data": None}, "the event does not say which object it is about"),
        ({"id": None}, "the body has no event id and type"),
        ({"type": 5}, "the body has no event id and type"),
    ],
)
def test_an_event_that_is_not_ours_is_refused_in_a_sentence(
    changes: dict[str, Any], why: str
) -> None:
    answer, hints = replayed({**COMPLETED, **changes})
    message = f"nothing is to be done for this event: {why}"
    assert (answer, hints) == (Refused("not_ours", message), [])


# What is drawn is deep, and the first draw slow on a busy machine.
@settings(TRIED, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(MISSHAPEN)
def test_an_event_of_any_shape_gets_an_answer(said: dict[str, Any]) -> None:
    answer, _ = replayed(said)
    assert isinstance(answer, Done | Refused)


@TRIED
@given(JSON)
def test_what_is_no_event_is_refused(said: Any) -> None:
    assert refusal(said).code in ("not_ours", "unknown_event")


@pytest.mark.parametrize("said", [StripeUnreachable("a timeout"), StripeRefused("no permission")])
def test_why_stripe_does_not_say_is_said(said: StripeUnreachable | StripeRefused) -> None:
    assert refusal(said) == Refused("not_done", said.why)


def test_what_was_not_written_now_may_be_later() -> None:
    refused = refusal(COMPLETED, TryLater("evt_1", "a timeout"))
    assert refused == Refused("not_done", "a timeout; nothing was written")


def test_an_object_that_is_gone_is_said_to_be_gone_for_good() -> None:
    refused = refusal(COMPLETED, TryLater("evt_1", "Stripe: resource_missing", is_gone=True))
    assert refused.code == "gone"
    assert "Stripe does not have what this is about" in refused.message
    assert "again" not in refused.message


def test_an_event_about_no_purchase_of_a_package_is_refused() -> None:
    ignored = Outcome(verdict=Verdict.IGNORED, event_id="e", reason="no purchase of a package")
    refused = refusal(COMPLETED, ignored)
    assert (refused.code, refused.message.endswith(": no purchase of a package")) == (
        "not_ours",
        True,
    )


def test_an_event_that_was_refused_as_none_of_ours_is_refused_again() -> None:
    ignored = replace(DONE_BEFORE, was_ignored=True)
    assert refusal(COMPLETED, operation__req_1=ignored).code == "not_ours"


def test_a_request_that_was_done_before_asks_nobody() -> None:
    answer, hints = replayed(COMPLETED, operation__req_1=DONE_BEFORE)
    assert (answer, hints) == (Done(SIGNED, "duplicate"), [])
