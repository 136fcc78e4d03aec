"""Any sequence of purchase steps, any order, repetition and interleaving of deliveries: the books
are sound after every step, and once everything was delivered the database is what Stripe says.

The sequences are the same each time, and one that fails is told as it is. With EXAMPLES=5000 in
the environment that many others are tried, and one that fails is made as short as can be.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from adapters import stripe_api
from tests.integration.forms import FORMS, Deliver, Json, post
from tests.integration.purchases_machine import Purchases, World, world_of
from tests.lanes import IS_LONG, size
from tests.till import Till, another_container

EXAMPLES = int(os.environ.get("EXAMPLES", "0"))
SETTINGS = settings(
    max_examples=EXAMPLES or size(15, 400),
    stateful_step_count=30,
    derandomize=not EXAMPLES,
    phases=(Phase.generate, Phase.shrink) if EXAMPLES else (Phase.generate,),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Deliveries(Purchases):
    """Purchases, and how their events arrive."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.delivered: list[Json] = []
        self.told: list[str] = []

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), form=st.sampled_from(FORMS))
    def deliver(self, data: st.DataObject, form: Deliver) -> None:
        assert self.brought(data.draw(_one_of(self.waiting)), form) != "503"

    @precondition(lambda self: self.delivered)
    @rule(data=st.data(), form=st.sampled_from(FORMS))
    def deliver_again(self, data: st.DataObject, form: Deliver) -> None:
        assert self.brought(data.draw(_one_of(self.delivered)), form) == "duplicate"

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), answers=st.integers(0, 1), breaks=st.sampled_from(["garbage", "drop"]))
    def deliver_while_stripe_fails(self, data: st.DataObject, answers: int, breaks: str) -> None:
        """Stripe fails from the first call, or from the second."""
        event = data.draw(_one_of(self.waiting))
        getattr(self.till.stripe.faults, breaks)(times=100, skip=answers)
        outcome = self.brought(event)
        self.till.stripe.faults.clear()
        query = b"SELECT FROM stripe_events WHERE event_id = %s"
        is_known = self.books.execute(query, [event["id"]]).rowcount == 1
        assert is_known == (outcome != "503")

    @precondition(lambda self: self.waiting)
    @rule(
        data=st.data(),
        form=st.sampled_from(FORMS),
        answers=st.integers(0, 1),
        inner=st.sampled_from(["the newest", "the oldest", "the same", "nothing"]),
    )
    def deliver_and_be_overtaken(
        self, data: st.DataObject, form: Deliver, answers: int, inner: str
    ) -> None:
        """With an answer of Stripe under way, Stripe moves on, and an event comes and is done by
        another container."""
        event = data.draw(_one_of(self.waiting))
        move = data.draw(st.sampled_from([*self.legal_moves(), None]))
        answers_left, outcomes = [None] * answers, []

        def overtake(_method: str, _path: str) -> None:
            if answers_left:
                answers_left.pop()
                return
            self.till.stripe.faults.before_answer = None
            if move is not None:
                self.make(move)
            outcomes.extend(self.brought_by_another_container(inner, event))

        self.till.stripe.faults.before_answer = overtake
        outcomes.append(self.brought(event, form))
        self.till.stripe.faults.clear()
        assert "503" not in outcomes

    def brought_by_another_container(self, which: str, event: Json) -> list[str]:
        if which == "nothing":
            return []
        oldest, newest = self.waiting[0], self.waiting[-1]
        with another_container():
            return [self.brought({"the same": event, "the oldest": oldest}.get(which, newest))]

    def brought(self, event: Json, form: Deliver = post) -> str:
        """Delivers an event; its outcome."""
        outcome = form(self.till, event)
        self.told.append(f"{event['type']} of {event['data']['object']['id']}: {outcome}")
        if outcome != "503" and event in self.waiting:
            self.waiting.remove(event)
            self.delivered.append(event)
        return outcome

    @invariant()
    def tell(self) -> None:
        """What was delivered in a step, told by the thread that Hypothesis listens to."""
        while self.told:
            note(self.told.pop(0))

    def teardown(self) -> None:
        """In the end everything arrives, and then once more."""
        while self.waiting:
            assert self.brought(self.waiting[-1]) != "503"
        assert {self.brought(event) for event in self.delivered} <= {"duplicate"}
        self.the_books_are_sound()
        for row in self.rows.values():
            if not (row["enriched"] or row["dismissed"]):
                self.replay(row)
        self.the_books_are_sound()
        assert self.till.audit("rollup_audit") == []
        for session_id in self.sessions:
            self.world.truth.check(session_id)

    def replay(self, row: Json) -> None:
        """Asks Stripe about a payment whose last word was a snapshot."""
        about = (row["stripe_session_id"], row["stripe_payment_intent_id"])
        ids = [e["id"] for e in self.delivered if e["data"]["object"]["id"] in about]
        answer = self.ask("replay_event", f"replay {ids[0]}", event_id=ids[0])
        assert answer["outcome"] == "recorded"


def _one_of(events: list[Json]) -> st.SearchStrategy[Json]:
    return st.integers(0, len(events) - 1).map(lambda at: events[at])


@pytest.mark.timeout(0 if EXAMPLES or IS_LONG else 300)
def test_every_sequence_ends_with_what_stripe_says(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_api, "RETRIES", 0)
    with world_of(till) as world:

        class DeliveriesHere(Deliveries):
            def __init__(self) -> None:
                super().__init__(world)

        run_state_machine_as_test(DeliveriesHere, settings=SETTINGS)
