"""What a run reads and writes: Stripe's lists, the till's records, and its own checkpoint."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from domain.converge import Outcome, StoredPayment, TryLater
from domain.events import Hint, Reference
from domain.packages import ForSale
from domain.stripe_objects import Purchase, Retrieved, StripeRefused, StripeUnreachable
from reconcile.checkpoints import Checkpoint, Listing, Window

NoAnswer = StripeUnreachable | StripeRefused


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first, as Stripe sent it. `next_cursor` is None on the last page
    of its window; `oldest` is when the last object was made, in Unix seconds. `is_cut`: Stripe has
    more, and no object to go on after."""

    items: Sequence[object]
    next_cursor: str | None
    oldest: int | None
    is_cut: bool = False


class History(Protocol):
    """Stripe's side. Answers about an object in a shape that nobody foresaw may raise."""

    def page(self, listing: Listing, window: Window) -> Page | NoAnswer: ...

    def purchase(self, session: Mapping[str, Any]) -> Purchase | NoAnswer:
        """A listed session with what the list leaves out; mostly nothing has to be asked for."""

    def retrieve(self, reference: Reference) -> Retrieved:
        """The purchase, as the five steps retrieve it."""

    def ping(self) -> NoAnswer | None:
        """Why Stripe does not answer a call that concerns no object; None when it does."""


@dataclass(frozen=True, slots=True)
class FoundPayment:
    """A row, and whether credits of its user would be granted or held for an unknown user."""

    stored: StoredPayment
    user_is_known: bool


# The row of one session or payment intent. Raises when it says what no payment can.
FindPayment = Callable[[str], FoundPayment | None]


@dataclass(frozen=True, slots=True)
class RowKey:
    """Where a row stands in a list of payments, and its session."""

    at: datetime
    payment_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A row of the report `ledger_audit`."""

    subject: str
    problem: str
    expected: str
    actual: str


class TillRows(Protocol):
    """The till's side. What raises here is an outage of the database, and ends the run."""

    def known_events(self, event_ids: Sequence[str]) -> Collection[str]:
        """Those of the events that are done."""

    def payments_of_sessions(self, session_ids: Sequence[str]) -> FindPayment:
        """Reads the rows that there are; they are found by session."""

    def payments_of_intents(self, payment_intents: Sequence[str]) -> FindPayment:
        """Reads the rows that there are; they are found by payment intent."""

    def for_sale(self) -> ForSale: ...

    def incomplete(
        self, since: datetime, listed_from: datetime, after: RowKey | None
    ) -> Sequence[RowKey]:
        """The next rows, recorded since `since` and latest first, of which Stripe may know more
        by now: not enriched; or pending or not settled, and recorded before `listed_from`."""

    def paid(self, since: datetime, until: datetime, after: RowKey | None) -> Sequence[RowKey]:
        """The next rows that were paid in this time, in its order."""

    def audit(self) -> Iterator[Finding]:
        """What the ledger audit finds wrong, one after the other."""


class Checkpoints(Protocol):
    """Where progress is kept."""

    def of_run(self, name: str) -> Sequence[Checkpoint]:
        """The places of a run; of the schedule's there is always one a list."""

    def unfinished_backfills(self) -> Sequence[Checkpoint]: ...

    def begin(self, places: Sequence[Checkpoint]) -> Sequence[Checkpoint]:
        """Begins a backfill, unless it is under way; its places as they are."""

    def save(self, checkpoint: Checkpoint) -> None: ...

    def finish(self, checkpoint: Checkpoint) -> None:
        """The backfill has reached through this list: its place is forgotten."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a run works with. `converge` is the five steps: what concerns one purchase comes
    back from it, and only an outage of the database raises. `fold_totals` takes up what payments
    have changed into the totals that reports read."""

    history: History
    rows: TillRows
    checkpoints: Checkpoints
    converge: Callable[[Hint], Outcome | TryLater | NoAnswer]
    fold_totals: Callable[[], object]
    livemode: bool
