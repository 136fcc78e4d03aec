"""Tells an outage of Stripe, which ends a run, from what concerns one object, which is passed by.

Whoever gets no answer about an object asks about something else. If that is answered, it was the
object: the rule needs no count, and no number of odd objects in a row looks like an outage.
"""

from dataclasses import dataclass

from domain.converge import TryLater
from domain.stripe_objects import StripeRefused, StripeUnreachable
from reconcile.sources import History, NoAnswer


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a run ends before its work: `because` is "time", "max_pages" or "stripe"; `message`
    says more where there is more to say."""

    because: str
    message: str | None = None


def outage(why_not: TryLater | NoAnswer, history: History) -> Stop | None:
    """Whether it is Stripe that fails; None when it is what was asked about."""
    match why_not:
        case StripeRefused(about_object=False):
            return Stop("stripe", why_not.why)
        case StripeUnreachable():
            silence = history.ping()
            return Stop("stripe", silence.why) if silence is not None else None
    return None
