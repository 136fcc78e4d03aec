"""A run that writes nothing: it reads as a real run does, and remembers what that would write."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from domain.converge import Found, PaymentStore, Recorded, StoredPayment, Write
from domain.events import Hint, Reference, ReferenceKind
from domain.packages import ForSale
from reconcile.checkpoints import Checkpoint
from reconcile.ports import (
    Checkpoints,
    Finding,
    FindPayment,
    FoundPayment,
    RowKey,
    TillRows,
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


class DryRows:
    """The till's rows with those in them."""

    def __init__(self, rows: TillRows, store: DryPayments) -> None:
        self._rows = rows
        self._store = store

    def known_events(self, event_ids: Sequence[str]) -> Collection[str]:
        return self._rows.known_events(event_ids)

    def payments_of_sessions(self, session_ids: Sequence[str]) -> FindPayment:
        find = self._rows.payments_of_sessions(session_ids)
        return self._written_or(find, ReferenceKind.CHECKOUT_SESSION)

    def payments_of_intents(self, payment_intents: Sequence[str]) -> FindPayment:
        find = self._rows.payments_of_intents(payment_intents)
        return self._written_or(find, ReferenceKind.PAYMENT_INTENT)

    def for_sale(self) -> ForSale:
        return self._rows.for_sale()

    def incomplete(
        self, since: datetime, listed_from: datetime, after: RowKey | None
    ) -> Sequence[RowKey]:
        return self._rows.incomplete(since, listed_from, after)

    def paid(self, since: datetime, until: datetime, after: RowKey | None) -> Sequence[RowKey]:
        return self._rows.paid(since, until, after)

    def audit(self) -> Iterator[Finding]:
        return self._rows.audit()

    def _written_or(self, find: FindPayment, kind: ReferenceKind) -> FindPayment:
        def find_written(key: str) -> FoundPayment | None:
            written = self._store.written(Reference(kind, key))
            return find(key) if written is None else FoundPayment(written, user_is_known=True)

        return find_written


class DryCheckpoints:
    """Checkpoints as they are kept; none is made."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints

    def of_run(self, name: str) -> Sequence[Checkpoint]:
        return self._checkpoints.of_run(name)

    def unfinished_backfills(self) -> Sequence[Checkpoint]:
        return self._checkpoints.unfinished_backfills()

    def begin(self, places: Sequence[Checkpoint]) -> Sequence[Checkpoint]:
        return self._checkpoints.of_run(places[0].run) or places

    def save(self, checkpoint: Checkpoint) -> None:
        """A run that writes nothing gets nowhere."""

    def finish(self, checkpoint: Checkpoint) -> None:
        """As above."""
