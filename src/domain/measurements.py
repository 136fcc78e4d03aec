"""What is counted: from what became of an event to the figures that alarms and dashboards read."""

from dataclasses import dataclass
from enum import StrEnum

from domain.converge import Outcome, TryLater, Verdict


class Unit(StrEnum):
    """CloudWatch's names of units."""

    COUNT = "Count"
    MILLISECONDS = "Milliseconds"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure, under the name that it has in CloudWatch."""

    name: str
    value: float = 1
    unit: Unit = Unit.COUNT


SIGNATURE_FAILURE = Measurement("SignatureFailures")
RETRY = Measurement("Retries")
STRIPE_LATENCY = "StripeLatency"
DATABASE_LATENCY = "DatabaseLatency"

_VERDICTS = {
    Verdict.RECORDED: Measurement("EventsRecorded"),
    Verdict.UNCHANGED: Measurement("EventsUnchanged"),
    Verdict.DUPLICATE: Measurement("EventsDuplicate"),
    Verdict.IGNORED: Measurement("EventsIgnored"),
}


def measurements_of(outcome: Outcome | TryLater) -> list[Measurement]:
    """Everything that one event is counted under."""
    if isinstance(outcome, TryLater):
        return [RETRY]
    return [_VERDICTS[outcome.verdict], *_of_write(outcome)]


def _of_write(outcome: Outcome) -> list[Measurement]:
    write = outcome.write
    if write is None or outcome.verdict is not Verdict.RECORDED:
        return []
    measured = []
    if outcome.held_reason is not None:
        measured.append(Measurement("PaymentsHeld"))
    elif write.entry is not None:
        given = write.entry.delta > 0
        name = "CreditsGranted" if given else "CreditsClawedBack"
        measured.append(Measurement(name, abs(write.entry.delta)))
    if not write.payment.enriched:
        measured.append(Measurement("PaymentsUnenriched"))
    return measured
