"""The two sides of the five steps with a stopwatch each."""

from dataclasses import dataclass

from adapters.telemetry import Telemetry
from domain.converge import (
    Found,
    PaymentStore,
    Recorded,
    Retrieved,
    RetrievedEvent,
    RowRefused,
    Stripe,
    Write,
)
from domain.events import Hint, Reference
from domain.measurements import DATABASE_LATENCY, STRIPE_LATENCY


@dataclass(frozen=True, slots=True)
class TimedTill:
    """A till whose every statement is measured."""

    till: PaymentStore
    telemetry: Telemetry

    def find(self, event_id: str, reference: Reference) -> Found:
        with self.telemetry.timed(DATABASE_LATENCY):
            return self.till.find(event_id, reference)

    def record(self, write: Write) -> Recorded | RowRefused | None:
        with self.telemetry.timed(DATABASE_LATENCY):
            return self.till.record(write)

    def record_ignored(self, hint: Hint) -> None:
        with self.telemetry.timed(DATABASE_LATENCY):
            self.till.record_ignored(hint)


@dataclass(frozen=True, slots=True)
class TimedStripe:
    """A Stripe account whose every answer is measured."""

    stripe: Stripe
    telemetry: Telemetry

    def retrieve(self, reference: Reference) -> Retrieved:
        with self.telemetry.timed(STRIPE_LATENCY):
            return self.stripe.retrieve(reference)

    def event(self, event_id: str) -> RetrievedEvent:
        with self.telemetry.timed(STRIPE_LATENCY):
            return self.stripe.event(event_id)
