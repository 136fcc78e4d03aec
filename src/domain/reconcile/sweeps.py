"""Looks through one page of Stripe's lists for what the till does not know, and repairs it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.converge import NoCheckoutSession, TryLater, Verdict
from domain.disputes import disputed_of
from domain.events import Hint, Reference, ReferenceKind, Source, identify
from domain.packages import Package
from domain.reconcile.differences import Difference, difference
from domain.reconcile.progress import Sweep
from domain.reconcile.run import Run, Stop
from domain.reconcile.sources import FoundPayment
from domain.reconcile.tally import repair_of_difference, repair_of_event
from domain.stripe_objects import Purchase, expanded, id_of

Items = Sequence[Mapping[str, Any]]


def check_page(sweep: Sweep, items: Items, run: Run) -> Stop | None:
    """Deals with every object of a page; tells why when it could not get through all of them."""
    return _CHECKS[sweep](items, run)


def check_session(reference: Reference, run: Run) -> None:
    """Asks Stripe about one purchase and repairs its row if that differs."""
    purchase = run.sources.history.look_up(reference)
    if isinstance(purchase, NoCheckoutSession):
        run.failed(reference.id, "Stripe has no such Checkout session")
    elif not isinstance(purchase, Purchase):
        run.failed(reference.id, purchase.why)
    else:
        run.tally.failed_in_a_row = 0
        found = run.sources.records.payments_of_sessions([purchase.session_id])
        _compare(purchase, found, run.sources.records.catalogue(), run)


def _check_events(events: Items, run: Run) -> Stop | None:
    hints = [hint for event in events if (hint := _hint_of(event, run)) is not None]
    known = run.sources.records.known_events([hint.event_id for hint in hints])
    for hint in reversed(hints):
        if hint.event_id in known:
            continue
        stop = run.why_stop()
        if stop is not None:
            return stop
        _deliver(hint, run)
    return None


def _hint_of(event: Mapping[str, Any], run: Run) -> Hint | None:
    identified = identify(event, Source.RECONCILE, run.sources.livemode)
    # What the event shows is old by now: a purchase is recorded as Stripe has it, or not at all.
    return replace(identified, snapshot=None) if isinstance(identified, Hint) else None


def _deliver(hint: Hint, run: Run) -> None:
    """The five steps for an event that never came."""
    outcome = run.sources.converge(hint)
    if isinstance(outcome, TryLater):
        run.failed(hint.event_id, outcome.why)
        return
    run.tally.failed_in_a_row = 0
    if outcome.verdict in (Verdict.RECORDED, Verdict.UNCHANGED):
        run.tally.missed += 1
    repair = repair_of_event(outcome, hint.event_type)
    if repair is not None:
        run.tally.repaired(repair)


def _check_sessions(sessions: Items, run: Run) -> Stop | None:
    records = run.sources.records
    found = records.payments_of_sessions([str(session["id"]) for session in sessions])
    catalogue = records.catalogue()
    for session in reversed(sessions):
        stop = run.why_stop()
        if stop is not None:
            return stop
        purchase = run.sources.history.purchase(session)
        if isinstance(purchase, Purchase):
            _compare(purchase, found, catalogue, run)
        else:
            run.failed(str(session["id"]), purchase.why)
    return None


def _compare(
    purchase: Purchase,
    found: Mapping[str, FoundPayment],
    catalogue: Sequence[Package],
    run: Run,
) -> None:
    try:
        differs = difference(purchase, catalogue, found.get(purchase.session_id), run.settled_by)
    except Exception as error:
        # One session in a shape that nobody foresaw must not keep the others from being compared.
        run.failed(purchase.session_id, f"cannot be read: {type(error).__name__}")
        return
    if differs is not None:
        _repair(differs, run)


def _repair(differs: Difference, run: Run) -> None:
    """The five steps, under an event id that two runs which find the same have in common."""
    session_id = differs.payment.stripe_session_id
    hint = Hint(
        event_id=f"reconcile:{session_id}:{differs.revision}",
        event_type="reconcile.session",
        source=Source.RECONCILE,
        reference=Reference(ReferenceKind.CHECKOUT_SESSION, session_id),
    )
    outcome = run.sources.converge(hint)
    if isinstance(outcome, TryLater):
        run.failed(session_id, outcome.why)
        return
    run.tally.failed_in_a_row = 0
    repair = repair_of_difference(outcome, differs)
    if repair is not None:
        run.tally.repaired(repair)


def _check_refunds(refunds: Items, run: Run) -> Stop | None:
    """A refund is known when its charge's refunded amount is the row's."""
    refunded_minor = {
        payment_intent: int(expanded(refund.get("charge")).get("amount_refunded") or 0)
        for refund in refunds
        if (payment_intent := id_of(refund.get("payment_intent"))) is not None
    }
    return _check_amounts(refunded_minor, _recorded_refunded_minor, run)


def _check_disputes(disputes: Items, run: Run) -> Stop | None:
    """A dispute is known when the disputes of its payment take as much as the row says."""
    of_intent: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for dispute in disputes:
        payment_intent = id_of(dispute.get("payment_intent"))
        if payment_intent is not None:
            of_intent[payment_intent].append(dispute)
    disputed_minor = {key: disputed_of(several).amount_minor for key, several in of_intent.items()}
    return _check_amounts(disputed_minor, _recorded_disputed_minor, run)


def _check_amounts(
    amounts_minor: Mapping[str, int], recorded_minor: Callable[[FoundPayment], int], run: Run
) -> Stop | None:
    """Asks about the payments whose amount is another one than recorded. Payments without a row
    are none of ours, or their sessions are missing, which the walk through those finds."""
    found = run.sources.records.payments_of_intents(list(amounts_minor))
    for payment_intent, payment in found.items():
        if recorded_minor(payment) == amounts_minor[payment_intent]:
            continue
        stop = run.why_stop()
        if stop is not None:
            return stop
        check_session(Reference(ReferenceKind.PAYMENT_INTENT, payment_intent), run)
    return None


def _recorded_refunded_minor(found: FoundPayment) -> int:
    return found.standing.payment.amount_refunded_minor


def _recorded_disputed_minor(found: FoundPayment) -> int:
    return found.standing.payment.amount_disputed_minor


_CHECKS: Mapping[Sweep, Callable[[Items, Run], Stop | None]] = {
    Sweep.EVENTS: _check_events,
    Sweep.SESSIONS: _check_sessions,
    Sweep.REFUNDS: _check_refunds,
    Sweep.DISPUTES: _check_disputes,
}
