"""The five steps against a till and a Stripe that do as they are told."""

from dataclasses import replace

import pytest

from domain.converge import ROUNDS, Outcome, TryLater, Verdict, converge
from domain.events import Hint, Reference, ReferenceKind
from domain.payment import Entry, Payment, Reason
from domain.stripe_objects import NoCheckoutSession
from tests.unit.builders import intent_charged
from tests.unit.fakes import FakeStripe, FakeTill, found, found_event
from tests.unit.purchases import (
    PACKAGES,
    derived,
    hint,
    payment,
    purchase,
    resolution,
    unknown_price,
)

SESSION = Reference(ReferenceKind.CHECKOUT_SESSION, "cs_test_1")
INTENT = Reference(ReferenceKind.PAYMENT_INTENT, "pi_1")
REFUNDED = purchase(payment_intent=intent_charged(amount_refunded=900))
OF_INTENT = hint("payment_intent.payment_failed", reference=INTENT)


def test_the_outcomes_are_the_published_words() -> None:
    assert [*Verdict] == ["recorded", "unchanged", "duplicate", "ignored"]


@pytest.mark.parametrize("payment_id", ["pay_1", None], ids=["recorded", "ignored before"])
def test_a_duplicate_event_is_answered_at_once(payment_id: str | None) -> None:
    outcome = converge(hint(), FakeTill(found_event(payment_id)), FakeStripe())
    assert outcome == Outcome(verdict=Verdict.DUPLICATE, event_id="evt_1", payment_id=payment_id)


def test_a_duplicate_event_makes_no_call_to_stripe_and_no_write() -> None:
    till, stripe = FakeTill(found_event("pay_1")), FakeStripe()
    converge(hint(), till, stripe)
    assert (stripe.asked, till.tried, till.ignored) == ([], [], [])


def test_a_first_event_records_what_stripe_says_now() -> None:
    till = FakeTill(found())
    converge(hint(), till, FakeStripe(purchase()))
    (write,) = till.written
    assert (write.payment, write.stored, write.entry) == (
        payment(),
        None,
        Entry(5000, Reason.PURCHASE),
    )


def test_a_first_event_s_outcome_names_the_payment_and_the_write() -> None:
    till = FakeTill(found(), held_reason="unknown_user")
    assert converge(hint(), till, FakeStripe(purchase())) == Outcome(
        verdict=Verdict.RECORDED,
        event_id="evt_1",
        payment_id="pay_new",
        write=till.written[0],
        held_reason="unknown_user",
    )


def test_a_later_event_records_the_difference_to_the_row_it_found() -> None:
    row = found(payment(), revision=7)
    till = FakeTill(row)
    converge(hint(), till, FakeStripe(REFUNDED))
    (write,) = till.written
    assert (write.stored, write.verdict, write.entry) == (
        row.stored,
        Verdict.RECORDED,
        Entry(-1000, Reason.REFUND),
    )


def test_an_event_that_changes_nothing_still_writes_to_raise_the_revision() -> None:
    row = found(payment(), revision=7)
    till = FakeTill(row)
    converge(hint(), till, FakeStripe(purchase()))
    (write,) = till.written
    assert (write.stored, write.entry) == (row.stored, None)


def test_an_event_that_changes_nothing_is_unchanged() -> None:
    outcome = converge(hint(), FakeTill(found(payment())), FakeStripe(purchase()))
    assert isinstance(outcome, Outcome)
    assert (outcome.verdict, outcome.payment_id) == (Verdict.UNCHANGED, "pay_1")


@pytest.mark.parametrize("event", [hint(), OF_INTENT], ids=["by session", "by intent"])
def test_till_and_stripe_are_asked_by_the_event_s_own_reference(event: Hint) -> None:
    till, stripe = FakeTill(found()), FakeStripe(purchase())
    converge(event, till, stripe)
    assert (till.reads, stripe.asked) == ([("evt_1", event.reference)], [event.reference])


def test_a_lost_race_goes_back_to_find_with_the_session_s_id() -> None:
    till, stripe = FakeTill(found(), lost_races=1), FakeStripe(purchase())
    converge(OF_INTENT, till, stripe)
    assert (till.reads, stripe.asked) == (
        [("evt_1", INTENT), ("evt_1", SESSION)],
        [INTENT, SESSION],
    )


def test_after_a_lost_race_the_newer_view_is_written_against_the_newer_row() -> None:
    newer = found(payment(), revision=2)
    till = FakeTill(found(), newer, lost_races=1)
    converge(hint(), till, FakeStripe(purchase(), REFUNDED))
    (write,) = till.written
    assert (write.payment, write.stored) == (derived(REFUNDED), newer.stored)


def test_a_race_lost_to_the_same_event_is_a_duplicate() -> None:
    till = FakeTill(found(), found_event("pay_1"), lost_races=1)
    outcome = converge(hint(), till, FakeStripe(purchase()))
    assert outcome == Outcome(verdict=Verdict.DUPLICATE, event_id="evt_1", payment_id="pay_1")


def test_a_race_won_in_the_last_round_is_recorded() -> None:
    outcome = converge(hint(), FakeTill(lost_races=ROUNDS - 1), FakeStripe(purchase()))
    assert isinstance(outcome, Outcome)


def test_a_race_lost_in_every_round_is_tried_later() -> None:
    till = FakeTill(lost_races=ROUNDS)
    outcome = converge(hint(), till, FakeStripe(purchase()))
    assert isinstance(outcome, TryLater)
    assert (outcome.event_id, len(till.tried)) == ("evt_1", ROUNDS)


@pytest.mark.parametrize(
    "nothing",
    [NoCheckoutSession(), purchase(unknown_price(), client_reference_id=None)],
    ids=["no session", "not our sale"],
)
def test_what_is_not_ours_is_ignored_and_remembered(nothing: NoCheckoutSession) -> None:
    till = FakeTill(found())
    outcome = converge(OF_INTENT, till, FakeStripe(nothing))
    assert isinstance(outcome, Outcome)
    assert (outcome.verdict, outcome.payment_id, till.ignored, till.tried) == (
        Verdict.IGNORED,
        None,
        [OF_INTENT],
        [],
    )


def test_the_catalogue_is_the_one_that_was_found() -> None:
    dearer = tuple(replace(package, tokens=1) for package in PACKAGES)
    till = FakeTill(found(packages=dearer))
    converge(hint(), till, FakeStripe(purchase()))
    assert till.written[0].payment.credits_granted == 1


def test_an_operator_s_resolution_goes_into_the_payment() -> None:
    till = FakeTill(found(payment(user_id=None, held_reason="no_user", credits_granted=0)))
    resolved = hint(resolution=resolution("user_9"))
    converge(resolved, till, FakeStripe(purchase(client_reference_id=None)))
    assert till.written[0].payment == payment(user_id="user_9", resolved=True)


def test_a_resolution_that_leaves_the_payment_held_writes_nothing() -> None:
    till = FakeTill(found(payment(held_reason="unknown_package", credits_granted=0)))
    unknown = purchase(unknown_price(), metadata={"package_id": "platinum"})
    outcome = converge(hint(resolution=resolution("user_9")), till, FakeStripe(unknown))
    assert (type(outcome), till.tried) == (TryLater, [])


@pytest.mark.parametrize("stored", [payment(), payment(user_id="user_8", resolved=True)])
def test_a_resolution_of_what_is_no_longer_held_writes_nothing(stored: Payment) -> None:
    till, stripe = FakeTill(found(stored)), FakeStripe(purchase())
    outcome = converge(hint(resolution=resolution("user_9")), till, stripe)
    assert (type(outcome), till.tried, stripe.asked) == (TryLater, [], [])


def test_an_event_that_leaves_a_payment_held_is_recorded() -> None:
    till = FakeTill(found())
    converge(hint(), till, FakeStripe(purchase(client_reference_id=None)))
    assert till.written[0].payment.held_reason == "no_user"
