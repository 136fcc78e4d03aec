"""A run that writes nothing: it reads as a real run does, and remembers what that would write."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from domain.converge import Found, PaymentStore, Recorded, StoredPayment, Write
from domain.events import Hint, Reference, ReferenceKind
from domain.packages import ForSale
from reconcile.progress import Progress
from reconcile.sources import (
    Finding,
    FindPayment,
    FoundPayment,
    ProgressBook,
    Records,
    RowKey,
)


class DryPayments:
    """Finds what was found or would have been recorded; two events of one purchase are then one
    repair, as in a real run."""

    def __init__(self, store: PaymentStore) -> None:
        self._store = store
        self._by_session: dict[str, StoredPayment] = {}
        self._by_intent: dict[str, StoredPayment] = {}

    def find(self, event_id: str, reference: Reference) -> Found:
        found = self._store.find(event_id, reference)
        written = self.written(reference)
        if written is None:
            return found
        return replace(found, stored=written)

    def record(self, write: Write) -> Recorded | None:
        stored, payment = write.stored, write.payment
        written = StoredPayment(
            stored.payment_id if stored else "",
            stored.revision + 1 if stored else 1,
            payment,
        )
        self._by_session[payment.stripe_session_id] = written
        if payment.stripe_payment_intent_id is not None:
            self._by_intent[payment.stripe_payment_intent_id] = written
        return Recorded(written.payment_id, payment.held_reason)

    def record_ignored(self, hint: Hint) -> None:
        """Nothing is remembered of an event that is not ours."""

    def written(self, reference: Reference) -> StoredPayment | None:
        """The row that a real run would have written."""
        if reference.kind is ReferenceKind.CHECKOUT_SESSION:
            return self._by_session.get(reference.id)
        return self._by_intent.get(reference.id)


class DryRecords:
    """Records with those rows in them."""

    def __init__(self, records: Records, store: DryPayments) -> None:
        self._records = records
        self._store = store

    def known_events(self, event_ids: Sequence[str]) -> Collection[str]:
        return self._records.known_events(event_ids)

    def payments_of_sessions(self, session_ids: Sequence[str]) -> FindPayment:
        find = self._records.payments_of_sessions(session_ids)
        return self._written_or(find, ReferenceKind.CHECKOUT_SESSION)

    def payments_of_intents(self, payment_intents: Sequence[str]) -> FindPayment:
        find = self._records.payments_of_intents(payment_intents)
        return self._written_or(find, ReferenceKind.PAYMENT_INTENT)

    def for_sale(self) -> ForSale:
        return self._records.for_sale()

    def incomplete(
        self, since: datetime, listed_from: datetime, after: RowKey | None
    ) -> Sequence[RowKey]:
        return self._records.incomplete(since, listed_from, after)

    def paid(self, since: datetime, until: datetime, after: RowKey | None) -> Sequence[RowKey]:
        return self._records.paid(since, until, after)

    def audit(self) -> Iterator[Finding]:
        return self._records.audit()

    def _written_or(self, find: FindPayment, kind: ReferenceKind) -> FindPayment:
        def find_written(key: str) -> FoundPayment | None:
            written = self._store.written(Reference(kind, key))
            return find(key) if written is None else FoundPayment(written, user_is_known=True)

        return find_written


class DryProgress:
    """Progress as it is kept; none is made."""

    def __init__(self, progress: ProgressBook) -> None:
        self._progress = progress

    def walk(self, name: str) -> Sequence[Progress]:
        return self._progress.walk(name)

    def unfinished_backfills(self) -> Sequence[Progress]:
        return self._progress.unfinished_backfills()

    def begin(self, places: Sequence[Progress]) -> Sequence[Progress]:
        return self._progress.walk(places[0].walk) or places

    def save(self, progress: Progress) -> None:
        """A run that writes nothing gets nowhere."""

    def finish(self, progress: Progress) -> None:
        """As above."""
