"""The five steps while Stripe cannot be asked: a snapshot where that is safe, else later."""

import pytest

from domain.converge import Found, TryLater, converge
from domain.events import Hint, Origin, Reference, ReferenceKind
from domain.payment import Entry, Reason
from domain.stripe_objects import ObjectGone, StripeRefused, StripeUnreachable
from tests.unit.builders import intent_charged
from tests.unit.fakes import FakeStripe, FakeTill, found
from tests.unit.purchases import derived, hint, payment, purchase, snapshot

INTENT = Reference(ReferenceKind.PAYMENT_INTENT, "pi_1")
REFUNDED = purchase(payment_intent=intent_charged(amount_refunded=900))
UNREACHABLE = StripeUnreachable("timeout")
REFUSED = StripeRefused("no permission")
OF_INTENT = hint("payment_intent.payment_failed", reference=INTENT)
WITH_SNAPSHOT = hint(snapshot=snapshot())


def test_a_snapshot_is_recorded_while_stripe_is_unreachable() -> None:
    till = FakeTill(found())
    converge(WITH_SNAPSHOT, till, FakeStripe(UNREACHABLE))
    (write,) = till.written
    assert (write.payment.enriched, write.entry) == (False, Entry(5000, Reason.PURCHASE))


@pytest.mark.parametrize(
    ("event", "row", "answer"),
    [
        pytest.param(WITH_SNAPSHOT, found(payment()), UNREACHABLE, id="a row stands"),
        pytest.param(WITH_SNAPSHOT, found(packages=()), UNREACHABLE, id="package unknown"),
        pytest.param(OF_INTENT, found(), UNREACHABLE, id="no snapshot"),
        pytest.param(WITH_SNAPSHOT, found(), REFUSED, id="refused"),
        pytest.param(WITH_SNAPSHOT, found(payment()), REFUSED, id="refused, a row stands"),
    ],
)
def test_without_an_answer_from_stripe_everything_else_is_tried_later(
    event: Hint, row: Found, answer: StripeUnreachable | StripeRefused
) -> None:
    till = FakeTill(row)
    assert converge(event, till, FakeStripe(answer)) == TryLater("evt_1", answer.why)
    assert (till.tried, till.ignored) == ([], [])


def test_a_snapshot_that_lost_a_race_gives_way_to_the_row_that_won() -> None:
    till = FakeTill(found(), found(payment()), lost_races=1)
    outcome = converge(WITH_SNAPSHOT, till, FakeStripe(UNREACHABLE))
    assert (outcome, till.written) == (TryLater("evt_1", "timeout"), [])


def test_a_snapshot_does_not_count_while_stripe_answers() -> None:
    till = FakeTill(found())
    converge(WITH_SNAPSHOT, till, FakeStripe(REFUNDED))
    assert till.written[0].payment == derived(REFUNDED)


def test_what_an_operator_asks_for_and_is_gone_is_said_to_be_gone() -> None:
    asked = hint(origin=Origin.OPERATIONS)
    assert converge(asked, FakeTill(found()), FakeStripe(ObjectGone())) == TryLater(
        "evt_1", "Stripe has no such object", is_gone=True
    )
