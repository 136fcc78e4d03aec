"""Who is asked when there is no answer, and what that means for a run."""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.converge import TryLater
from domain.events import Reference
from domain.stripe_objects import Purchase, Retrieved, StripeRefused, StripeUnreachable
from reconcile.checkpoints import Listing, Window
from reconcile.ports import NoAnswer, Page
from reconcile.work import Stop, outage

SILENT = StripeUnreachable("Stripe: APIConnectionError")
KEY = StripeRefused("Stripe: AuthenticationError, check STRIPE_API_KEY")
OBJECT = StripeRefused("Stripe: resource_missing", about_object=True)


class Pinged:
    """Stripe, answering pings only; it counts them."""

    def __init__(self, answer: NoAnswer | None) -> None:
        self._answer = answer
        self.pings = 0

    def ping(self) -> NoAnswer | None:
        self.pings += 1
        return self._answer

    def page(self, listing: Listing, window: Window) -> Page | NoAnswer:
        raise NotImplementedError

    def purchase(self, session: Mapping[str, Any]) -> Purchase | NoAnswer:
        raise NotImplementedError

    def retrieve(self, reference: Reference) -> Retrieved:
        raise NotImplementedError


def test_an_object_that_gets_no_answer_is_its_own_fault_when_stripe_answers_others() -> None:
    assert outage(SILENT, Pinged(None)) is None


@pytest.mark.parametrize("silence", [StripeUnreachable("timeout"), KEY])
def test_it_is_an_outage_when_stripe_answers_nobody(silence: NoAnswer) -> None:
    assert outage(SILENT, Pinged(silence)) == Stop("stripe", silence.why)


@pytest.mark.parametrize(
    ("why_not", "stop"),
    [
        (KEY, Stop("stripe", KEY.why)),
        (OBJECT, None),
        (TryLater("evt_1", "others kept writing to this payment"), None),
    ],
)
def test_what_says_whose_fault_it_is_needs_no_second_question(
    why_not: TryLater | NoAnswer, stop: Stop | None
) -> None:
    stripe = Pinged(None)
    assert (outage(why_not, stripe), stripe.pings) == (stop, 0)
