"""Whatever stands in one of Stripe's lists costs itself only."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.converge import Outcome, TryLater, Verdict
from domain.events import Hint, Reference
from domain.packages import ForSale
from domain.stripe_objects import NoCheckoutSession, Purchase, Retrieved, expanded
from reconcile.checkpoints import Checkpoint, Listing, Window
from reconcile.compare import name_of, named
from reconcile.ports import (
    Finding,
    FindPayment,
    FoundPayment,
    NoAnswer,
    Page,
    Ports,
    RowKey,
)
from reconcile.repair import check_page
from reconcile.work import Limits, Run, Stop
from tests.lanes import size
from tests.unit.purchases import PACKAGES, payment, purchase
from tests.unit.reconcile.test_differences import found

TRIED = settings(max_examples=size(30, 500))
LATER = datetime(2026, 6, 1, tzinfo=UTC)


class Stripe:
    """Shows a session as its list does, and knows no purchase of a refund or dispute."""

    def page(self, listing: Listing, window: Window) -> Page | NoAnswer:
        raise NotImplementedError

    def purchase(self, session: Mapping[str, Any]) -> Purchase | NoAnswer:
        return Purchase(session, expanded(session["line_items"])["data"])

    def retrieve(self, _reference: Reference) -> Retrieved:
        return NoCheckoutSession()

    def ping(self) -> NoAnswer | None:
        return None


@dataclass
class Rows:
    """A payment for one payment intent; everything else was never heard of. As Postgres does, it
    takes no text that is no text."""

    payment_intent: str

    def known_events(self, event_ids: Sequence[str]) -> Collection[str]:
        return sent_to_postgres(event_ids)

    def payments_of_sessions(self, session_ids: Sequence[str]) -> FindPayment:
        sent_to_postgres(session_ids)
        return lambda _session_id: None

    def payments_of_intents(self, payment_intents: Sequence[str]) -> FindPayment:
        sent_to_postgres(payment_intents)
        return self._payment

    def _payment(self, payment_intent: str) -> FoundPayment | None:
        return found(payment()) if payment_intent == self.payment_intent else None

    def for_sale(self) -> ForSale:
        return ForSale(PACKAGES)

    def incomplete(
        self, since: datetime, listed_from: datetime, after: RowKey | None
    ) -> Sequence[RowKey]:
        raise NotImplementedError

    def paid(self, since: datetime, until: datetime, after: RowKey | None) -> Sequence[RowKey]:
        raise NotImplementedError

    def audit(self) -> Iterator[Finding]:
        raise NotImplementedError


def sent_to_postgres(texts: Sequence[str]) -> Collection[str]:
    for text in texts:
        assert "\0" not in text.encode().decode()
    return ()


class Book:
    """No progress is made on a single page."""

    def of_run(self, name: str) -> Sequence[Checkpoint]:
        raise NotImplementedError

    def unfinished_backfills(self) -> Sequence[Checkpoint]:
        raise NotImplementedError

    def begin(self, places: Sequence[Checkpoint]) -> Sequence[Checkpoint]:
        raise NotImplementedError

    def save(self, checkpoint: Checkpoint) -> None:
        raise NotImplementedError

    def finish(self, checkpoint: Checkpoint) -> None:
        raise NotImplementedError


@dataclass
class Steps:
    """The five steps: all that is remembered is what was sent through them."""

    sent: list[Hint] = field(default_factory=list)

    def __call__(self, hint: Hint) -> Outcome | TryLater | NoAnswer:
        self.sent.append(hint)
        return Outcome(verdict=Verdict.UNCHANGED, event_id=hint.event_id)


def a_run(steps: Steps) -> Run:
    ports = Ports(
        Stripe(), Rows("pi_good"), Book(), steps, fold_totals=lambda: None, livemode=False
    )
    return Run(ports, LATER, LATER, Limits(lambda: 900.0), lambda _step: None)


def checked(listing: Listing, *items: object) -> tuple[Stop | None, Run, Steps]:
    steps = Steps()
    run = a_run(steps)
    return check_page(listing, Page(items, None, None), run), run, steps


EVENT = {
    "id": "evt_good",
    "type": "checkout.session.completed",
    "livemode": False,
    "data": {"object": {"id": "cs_good", "object": "checkout.session"}},
}
SESSION = {**purchase().session, "line_items": {"data": list(purchase().line_items or ())}}
REFUND = {
    "id": "re_good",
    "payment_intent": "pi_good",
    "charge": {"id": "ch_good", "amount_refunded": 100},
}
DISPUTE = {
    "id": "du_good",
    "payment_intent": "pi_good",
    "charge": {"id": "ch_good", "amount": 100},
    "status": "lost",
    "amount": 100,
}
GOOD: dict[Listing, dict[str, Any]] = {
    Listing.EVENTS: EVENT,
    Listing.SESSIONS: SESSION,
    Listing.REFUNDS: REFUND,
    Listing.DISPUTES: DISPUTE,
}


def noticed(run: Run, steps: Steps) -> bool:
    """A lost event or session is sent through the steps; a refund's payment is asked about, and
    here Stripe has none."""
    sent = {hint.reference.id for hint in steps.sent}
    asked = {failure.object_id for failure in run.tally.failures}
    return bool({"cs_good", str(SESSION["id"]), "pi_good"} & (sent | asked))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["a\0b", "\ud800", "lost", 10**400]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def odd_items(draw: st.DrawFn, listing: Listing) -> object:
    """Anything at all, or the good object of another id with something changed at any depth."""
    if draw(st.booleans()):
        return draw(JSON)
    return _changed(draw, another(listing))


def another(listing: Listing) -> dict[str, Any]:
    """The good object of another id."""
    odd: dict[str, Any] = {**GOOD[listing], "id": "odd_1"}
    if listing in (Listing.REFUNDS, Listing.DISPUTES):
        odd["payment_intent"] = "pi_odd"
    return odd


def _changed(draw: st.DrawFn, whole: dict[str, Any]) -> dict[str, Any]:
    key = draw(st.sampled_from(sorted(whole)))
    inner = whole[key]
    deeper = isinstance(inner, dict) and inner and draw(st.booleans())
    return {**whole, key: _changed(draw, inner) if deeper else draw(JSON)}


@pytest.mark.parametrize("listing", list(Listing))
def test_what_is_good_is_noticed_beside_one_with_an_odd_field(listing: Listing) -> None:
    for name in another(listing):
        for value in (None, 7, -1.5, "a\0b", [None], {"id": 7}):
            odd = {**another(listing), name: value}
            stop, run, steps = checked(listing, odd, GOOD[listing], odd)
            assert (stop, noticed(run, steps)) == (None, True), odd


@pytest.mark.parametrize("listing", list(Listing))
@TRIED
@given(data=st.data())
def test_what_is_good_is_noticed_beside_anything(listing: Listing, data: st.DataObject) -> None:
    before, behind = data.draw(odd_items(listing)), data.draw(odd_items(listing))
    stop, run, steps = checked(listing, before, GOOD[listing], behind)
    assert stop is None
    assert noticed(run, steps)


@pytest.mark.parametrize("listing", list(Listing))
@TRIED
@given(item=JSON)
@example("id_1")
def test_what_has_no_id_is_a_failure(listing: Listing, item: object) -> None:
    _, run, _ = checked(listing, item)
    is_named = isinstance(item, dict) and name_of(item) is not None
    assert is_named or [each.object_id for each in run.tally.failures] == [listing]


@TRIED
@given(items=st.lists(JSON), object_id=st.text(st.characters(), max_size=8))
@example(["id_1", {"id": 7}], "\u00efd_1")
def test_names_can_be_looked_for(items: list[object], object_id: str) -> None:
    for name, item in named([*items, {"id": object_id}]):
        assert item["id"] == name
        assert name
        assert set(name) <= {chr(code) for code in range(32, 127)}
