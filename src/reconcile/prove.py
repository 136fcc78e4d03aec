"""Compares Stripe with the payments and these with the ledger, and says every difference.

Memory does not grow with the range: Stripe's sessions are reached day by day, and of each day only
the sessions' ids are kept, to know which of the rows paid then Stripe's list did not show.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from domain.events import Reference, ReferenceKind
from domain.packages import ForSale
from domain.stripe_objects import NoCheckoutSession, ObjectGone, Purchase
from reconcile.checkpoints import Listing, Window, settled_by
from reconcile.compare import Named, difference, named
from reconcile.ports import FindPayment, NoAnswer, Page, Ports, RowKey
from reconcile.requests import ProveRequest
from reconcile.tally import LISTED
from reconcile.work import Limits, Stop, iso, outage

T = TypeVar("T")

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Unequal:
    """One difference: what it is about, and a sentence. The ledger audit names users; `for_log`
    is what may be said where nobody may be named."""

    subject: str
    difference: str
    for_log: str


@dataclass(slots=True)
class Proof:
    """What was compared and found. Only the first `LISTED` differences are kept; `stop` is why
    the proof ends at `proved_until`, before its time."""

    request: ProveRequest
    proved_until: datetime
    sessions: int = 0
    payments: int = 0
    differences: list[Unequal] = field(default_factory=list)
    differences_total: int = 0
    stop: Stop | None = None

    @property
    def equal(self) -> bool:
        return self.stop is None and self.differences_total == 0

    def as_json(self) -> dict[str, Any]:
        """`{"equal", "finished", "stopped_because", "error", "since", "until", "proved_until",
        "checked", "differences", "differences_total"}`, times in ISO 8601."""
        return {
            "equal": self.equal,
            "finished": self.stop is None,
            "stopped_because": self.stop.because if self.stop else None,
            "error": self.stop.message if self.stop else None,
            "since": iso(self.request.since),
            "until": iso(self.request.until),
            "proved_until": iso(self.proved_until),
            "checked": {"sessions": self.sessions, "payments": self.payments},
            "differences": [
                {"subject": unequal.subject, "difference": unequal.difference}
                for unequal in self.differences
            ],
            "differences_total": self.differences_total,
        }


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who watches a proof: told of each difference, and of each day that is done."""

    difference: Callable[[Unequal], None]
    progress: Callable[[Proof], None]


def prove(
    request: ProveRequest,
    ports: Ports,
    limits: Limits,
    watcher: Watcher,
    now: datetime,
) -> Proof:
    """Proves the time asked for, or as much of it as the limits allow."""
    return Prover(request, ports, limits, watcher, now).prove()


class Prover:
    """One proof under way: what was found of it so far, and what ends it."""

    def __init__(
        self,
        request: ProveRequest,
        ports: Ports,
        limits: Limits,
        watcher: Watcher,
        now: datetime,
    ) -> None:
        self._proof = Proof(request, proved_until=request.since)
        self._history = ports.history
        self._rows = ports.rows
        self._limits = limits
        self._watcher = watcher
        self._settled_by = settled_by(now, scheduled=True)

    def prove(self) -> Proof:
        proof = self._proof
        for finding in self._rows.audit():
            sentence = f"{finding.problem} Expected {finding.expected}, found {finding.actual}."
            self.tell(Unequal(finding.subject, sentence, finding.problem))
        shown_before: Collection[str] = ()
        while proof.stop is None and proof.proved_until < proof.request.until:
            shown = self.prove_day(proof.proved_until, shown_before)
            if proof.stop is None:
                proof.proved_until = min(proof.proved_until + DAY, proof.request.until)
                self._watcher.progress(proof)
            shown_before = shown
        return proof

    def prove_day(self, start: datetime, shown_before: Collection[str]) -> Collection[str]:
        """The ids of the sessions that Stripe's list showed."""
        end = min(start + DAY, self._proof.request.until)
        shown = self.compare_sessions(Window(start, end))
        # A session is paid within a day of its beginning, but for delayed payment methods.
        if self._proof.stop is None:
            self.ask_for_rows(start, end, {*shown_before, *shown})
        return shown

    def compare_sessions(self, window: Window) -> Collection[str]:
        shown: set[str] = set()
        while self.may_go_on():
            page = self._history.page(Listing.SESSIONS, window)
            if not isinstance(page, Page):
                self._proof.stop = Stop("stripe", page.why)
                break
            shown.update(self.compare_page(page, window))
            if page.next_cursor is None:
                break
            window = Window(window.start, window.end, page.next_cursor)
        return shown

    def compare_page(self, page: Page, window: Window) -> Collection[str]:
        """The ids of its sessions."""
        sessions = named(page.items)
        for _ in range(len(page.items) - len(sessions)):
            self.tell_of(str(Listing.SESSIONS), "Stripe's list has something without an id.")
        if page.is_cut:
            since = iso(window.start)
            self.tell_of(str(Listing.SESSIONS), f"Stripe's list cannot be read down to {since}.")
        ids = [session_id for session_id, _ in sessions]
        find, for_sale = self._rows.payments_of_sessions(ids), self._rows.for_sale()
        for session in sessions:
            if self.may_go_on():
                self.compare_listed(session, find, for_sale)
        return ids

    def compare_listed(self, listed: Named, find: FindPayment, for_sale: ForSale) -> None:
        session_id, session = listed
        purchase = self.read(session_id, lambda: self._history.purchase(session))
        if isinstance(purchase, Purchase):
            self._proof.sessions += 1
            self.compare(session_id, purchase, find, for_sale)
        elif purchase is not None:
            self.not_shown(session_id, purchase)

    def ask_for_rows(self, start: datetime, end: datetime, shown: Collection[str]) -> None:
        """Compares the rows paid in this time that no list has shown."""
        after: RowKey | None = None
        while rows := self._rows.paid(start, end, after):
            self._proof.payments += len(rows)
            for row in rows:
                if row.session_id not in shown and self.may_go_on():
                    self.ask(row)
            after = rows[-1]

    def ask(self, row: RowKey) -> None:
        session_id = row.session_id
        reference = Reference(ReferenceKind.CHECKOUT_SESSION, session_id)
        purchase = self.read(session_id, lambda: self._history.retrieve(reference))
        if isinstance(purchase, Purchase):
            find = self._rows.payments_of_sessions([session_id])
            self.compare(session_id, purchase, find, self._rows.for_sale())
        elif isinstance(purchase, NoCheckoutSession | ObjectGone):
            sentence = f"The till has payment {row.payment_id}; Stripe has no such session."
            self.tell_of(session_id, sentence)
        elif purchase is not None:
            self.not_shown(session_id, purchase)

    def compare(
        self,
        session_id: str,
        purchase: Purchase,
        find: FindPayment,
        for_sale: ForSale,
    ) -> None:
        differs = self.read(
            session_id,
            lambda: difference(purchase, for_sale, find(session_id), self._settled_by),
        )
        for sentence in differs.sentences if differs else ():
            self.tell_of(session_id, sentence)

    def read(self, session_id: str, question: Callable[[], T]) -> T | None:
        """What `question` answers; None and a difference when nobody foresaw the session's shape.
        Not for a question to the database: what that raises is no difference."""
        try:
            return question()
        except Exception as error:
            self.tell_of(session_id, f"The session cannot be read: {type(error).__name__}.")
            return None

    def not_shown(self, session_id: str, why_not: NoAnswer) -> None:
        """The end of the proof when Stripe shows nothing else either; else a difference."""
        if self.may_go_on():
            self._proof.stop = outage(why_not, self._history)
        if self._proof.stop is None:
            self.tell_of(session_id, f"Stripe does not show this session. {why_not.why}.")

    def tell_of(self, subject: str, sentence: str) -> None:
        self.tell(Unequal(subject, sentence, f"{subject}: {sentence}"))

    def tell(self, unequal: Unequal) -> None:
        self._proof.differences_total += 1
        if len(self._proof.differences) < LISTED:
            self._proof.differences.append(unequal)
        self._watcher.difference(unequal)

    def may_go_on(self) -> bool:
        if self._proof.stop is None and self._limits.time_is_up:
            self._proof.stop = Stop("time")
        return self._proof.stop is None
