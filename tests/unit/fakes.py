"""Hand-written stand-ins for the two sides of the five steps; they remember what was asked."""

from collections.abc import Sequence

from domain.converge import Found, Recorded, RowRefused, StoredPayment, Write
from domain.events import Hint, Reference
from domain.packages import Package
from domain.payment import Payment
from domain.stripe_objects import Retrieved, RetrievedEvent
from tests.unit.purchases import PACKAGES


def found(
    stored: Payment | None = None,
    revision: int = 1,
    packages: Sequence[Package] = PACKAGES,
) -> Found:
    """What a read finds for an event never seen: this row, if any."""
    row = None if stored is None else StoredPayment("pay_1", revision, stored)
    return Found(event_is_known=False, known_payment_id=None, stored=row, packages=packages)


def found_event(payment_id: str | None) -> Found:
    """What a read finds for an event that was done before."""
    return Found(event_is_known=True, known_payment_id=payment_id, stored=None, packages=PACKAGES)


class FakeTill:
    """Finds what it is given, read by read (the last one again and again); the first
    `lost_races` writes find that somebody else wrote, the first `refusals` that the row cannot be
    stored."""

    def __init__(
        self,
        *finds: Found,
        lost_races: int = 0,
        refusals: int = 0,
        held_reason: str | None = None,
    ) -> None:
        self._finds = list(finds or (found(),))
        self._lost_races = lost_races
        self._refusals = refusals
        self._held_reason = held_reason
        self.reads: list[tuple[str, Reference]] = []
        self.tried: list[Write] = []
        self.ignored: list[Hint] = []

    @property
    def written(self) -> list[Write]:
        """The writes that won."""
        return self.tried[self._lost_races + self._refusals :]

    def find(self, event_id: str, reference: Reference) -> Found:
        self.reads.append((event_id, reference))
        return self._finds[min(len(self.reads), len(self._finds)) - 1]

    def record(self, write: Write) -> Recorded | RowRefused | None:
        self.tried.append(write)
        if len(self.tried) <= self._lost_races:
            return None
        if len(self.tried) <= self._lost_races + self._refusals:
            return RowRefused("the database refuses the payment")
        return Recorded(write.stored.payment_id if write.stored else "pay_new", self._held_reason)

    def record_ignored(self, hint: Hint) -> None:
        self.ignored.append(hint)


class FakeStripe:
    """Answers what it is given, call by call; the last one again and again. It knows one `event`,
    or none."""

    def __init__(self, *answers: Retrieved, event: RetrievedEvent = None) -> None:
        self._answers = answers
        self._event = event
        self.asked: list[Reference] = []
        self.asked_for: list[str] = []

    def retrieve(self, reference: Reference) -> Retrieved:
        self.asked.append(reference)
        return self._answers[min(len(self.asked), len(self._answers)) - 1]

    def event(self, event_id: str) -> RetrievedEvent:
        self.asked_for.append(event_id)
        return self._event
