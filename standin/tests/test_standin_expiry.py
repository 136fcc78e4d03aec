"""A session whose time is over has expired, whoever looks and however."""

from __future__ import annotations

from typing import Any

import pytest

from standin.tests.builders import Clock, an_account, types
from standin.tests.calling import Caller, Json, session_params


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def caller(clock: Clock) -> Caller:
    return Caller(an_account(clock))


def a_session(caller: Caller, **changes: Any) -> Json:
    return caller.post("checkout/sessions", session_params(**changes))


def test_a_session_expires_when_its_time_is_over(caller: Caller, clock: Clock) -> None:
    session = a_session(caller, expires_at=int(clock.now) + 1800)
    clock.now += 1799
    open_until_then = caller.get(f"checkout/sessions/{session['id']}")["status"]
    clock.now += 1
    expired = caller.get(f"checkout/sessions/{session['id']}")
    assert (open_until_then, expired["status"], expired["url"]) == ("open", "expired", None)
    assert types(caller.account.events) == ["checkout.session.expired"]


@pytest.mark.parametrize(
    "look",
    [
        lambda account, session_id: account.session(session_id)["status"],
        lambda account, _: account.sessions()[0]["status"],
        lambda account, _: account.events[-1]["data"]["object"]["status"],
        lambda account, _: Caller(account).get("checkout/sessions")["data"][0]["status"],
        lambda account, _: Caller(account).get("events")["data"][0]["data"]["object"]["status"],
    ],
    ids=["session", "sessions", "events", "list over the API", "events over the API"],
)
def test_whoever_looks_sees_that_a_day_is_over(caller: Caller, clock: Clock, look: Any) -> None:
    session_id = a_session(caller)["id"]
    clock.now += 86_400
    assert look(caller.account, session_id) == "expired"


def test_a_session_that_is_complete_does_not_expire(caller: Caller, clock: Clock) -> None:
    session_id = a_session(caller)["id"]
    caller.account.complete(session_id)
    clock.now += 86_400
    assert caller.account.session(session_id)["status"] == "complete"


def test_listeners_hear_of_a_session_that_expired_by_itself(caller: Caller, clock: Clock) -> None:
    heard: list[str] = []
    caller.account.subscribe(lambda events: heard.extend(types(events)))
    a_session(caller)
    clock.now += 86_400
    caller.get("checkout/sessions")
    assert heard == ["checkout.session.expired"]
