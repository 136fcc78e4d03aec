"""The five steps when Stripe does not have the object, or Postgres will not have the row."""

from typing import Any

import pytest

from domain.converge import GONE_AFTER_SECONDS, Outcome, TryLater, Verdict, converge
from domain.events import Hint, Origin
from domain.payment import Entry, HeldReason, Reason
from domain.stripe_objects import ObjectGone, RetrievedEvent, StripeRefused, StripeUnreachable
from tests.unit.builders import EVENT_CREATED, intent_charged
from tests.unit.fakes import FakeStripe, FakeTill, found
from tests.unit.purchases import derived, hint, payment, purchase, resolution

KNOWN: dict[str, Any] = {"id": "evt_1", "created": EVENT_CREATED}
THIN: dict[str, Any] = {"id": "evt_1", "created": "1970-01-01T00:50:00Z"}


def converged(
    event: RetrievedEvent, age: float, of: Hint | None = None
) -> tuple[Outcome | TryLater, FakeTill]:
    till = FakeTill(found())
    stripe = FakeStripe(ObjectGone(), event=event)
    return converge(of or hint(), till, stripe, lambda: EVENT_CREATED + age), till


@pytest.mark.parametrize("event", [KNOWN, THIN], ids=["snapshot", "thin"])
def test_an_old_event_of_an_object_that_is_gone_is_ignored(event: RetrievedEvent) -> None:
    outcome, till = converged(event, GONE_AFTER_SECONDS)
    assert isinstance(outcome, Outcome)
    assert (outcome.verdict, till.ignored) == (Verdict.IGNORED, [hint()])


@pytest.mark.parametrize("age", [-10, 0, GONE_AFTER_SECONDS - 1])
def test_a_fresh_one_is_tried_again_for_stripe_may_be_behind_itself(age: float) -> None:
    outcome, till = converged(KNOWN, age)
    assert (type(outcome), till.ignored) == (TryLater, [])


@pytest.mark.parametrize("created", [None, "yesterday", 1.5, {}])
def test_an_event_of_no_known_age_is_tried_again(created: object) -> None:
    outcome, _ = converged({"id": "evt_1", "created": created}, 10**9)
    assert isinstance(outcome, TryLater)


def test_an_event_that_stripe_does_not_have_either_is_another_account_s() -> None:
    outcome, till = converged(None, 10**9)
    assert isinstance(outcome, TryLater)
    assert "another account's" in outcome.why
    assert till.ignored == []


@pytest.mark.parametrize("failure", [StripeUnreachable("timeout"), StripeRefused("no permission")])
def test_while_stripe_does_not_say_whose_the_event_is_it_is_tried_again(
    failure: StripeUnreachable | StripeRefused,
) -> None:
    outcome, _ = converged(failure, 10**9)
    assert outcome == TryLater("evt_1", failure.why)


def test_an_event_that_stripe_has_listed_is_ignored_at_once() -> None:
    listed = hint(origin=Origin.RECONCILE, is_listed=True)
    outcome, _ = converged(None, 0, listed)
    assert isinstance(outcome, Outcome)
    assert outcome.verdict is Verdict.IGNORED


def test_stripe_is_asked_about_the_event_only_when_its_object_is_gone() -> None:
    stripe = FakeStripe(purchase())
    converge(hint(), FakeTill(found()), stripe)
    assert stripe.asked_for == []


def test_a_row_that_the_database_will_never_store_is_held() -> None:
    till = FakeTill(found(), refusals=1)
    outcome = converge(hint(), till, FakeStripe(purchase()))
    assert isinstance(outcome, Outcome)
    (write,) = till.written
    assert (write.payment.held_reason, write.payment.user_id, write.entry) == (
        HeldReason.UNREADABLE,
        "user_123",
        None,
    )


def test_its_free_texts_are_left_out_and_its_amounts_kept() -> None:
    till = FakeTill(found(), refusals=1)
    converge(hint(), till, FakeStripe(purchase()))
    kept = till.written[0].payment
    assert kept == payment(
        customer_email=None,
        payment_method=None,
        held_reason=HeldReason.UNREADABLE,
        credits_granted=0,
    )


def test_credits_that_were_granted_are_taken_back_when_their_row_must_be_held() -> None:
    till = FakeTill(found(payment()), refusals=1)
    refunded = purchase(payment_intent=intent_charged(amount_refunded=900))
    converge(hint(), till, FakeStripe(refunded))
    assert till.written[0].entry == Entry(-5000, Reason.REFUND)


def test_a_row_that_is_refused_even_so_is_tried_later() -> None:
    outcome = converge(hint(), FakeTill(found(), refusals=2), FakeStripe(purchase()))
    assert isinstance(outcome, TryLater)


def test_an_operator_is_told_that_the_row_cannot_be_stored() -> None:
    till = FakeTill(found(derived(purchase(client_reference_id=None))), refusals=1)
    outcome = converge(hint(resolution=resolution("user_1")), till, FakeStripe(purchase()))
    assert isinstance(outcome, TryLater)
    assert len(till.tried) == 1
