"""Looks through one page of Stripe's lists for what the till does not know, and repairs it.

Whatever is odd about an object costs that object only: it is listed as a failure, and passed by.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.charge import disputed_of, refunded_minor
from domain.converge import Outcome, Verdict
from domain.events import Hint, NotAnEvent, Origin, Reference, ReferenceKind, identify
from domain.packages import ForSale
from domain.stripe_objects import NoCheckoutSession, ObjectGone, Purchase, expanded
from reconcile.checkpoints import Listing
from reconcile.compare import Difference, Named, difference, name_of, named
from reconcile.ports import FindPayment, FoundPayment, Page
from reconcile.tally import repair_of_difference, repair_of_event
from reconcile.work import Run, Stop


def check_page(listing: Listing, page: Page, run: Run) -> Stop | None:
    """Deals with every object of a page; tells why when it could not get through all of them."""
    objects = named(page.items)
    for _ in range(len(page.items) - len(objects)):
        run.failed(str(listing), "something in Stripe's list has no id")
    if page.is_cut:
        run.failed(str(listing), "Stripe's list has more of one second than can be paged through")
    return _CHECKS[listing](objects, run)


def check_session(reference: Reference, run: Run) -> Stop | None:
    """Asks Stripe about one purchase and repairs its row if that differs."""
    purchase = run.read(reference.id, lambda: run.ports.history.retrieve(reference))
    if isinstance(purchase, Purchase):
        return compare_anew(reference.id, purchase, run)
    if isinstance(purchase, NoCheckoutSession | ObjectGone):
        run.failed(reference.id, "Stripe has no such Checkout session")
        return None
    return None if purchase is None else run.pass_by(reference.id, purchase)


def compare_anew(asked_about: str, purchase: Purchase, run: Run) -> Stop | None:
    session_id = name_of(purchase.session)
    if session_id is None:
        run.failed(asked_about, "Stripe's Checkout session has no id")
        return None
    find = run.ports.rows.payments_of_sessions([session_id])
    return compare(session_id, purchase, find, run.for_sale(), run)


def check_events(events: Sequence[Named], run: Run) -> Stop | None:
    hints = [hint for event in events if (hint := hint_of(event, run)) is not None]
    known = run.ports.rows.known_events([hint.event_id for hint in hints])
    missed = [hint for hint in reversed(hints) if hint.event_id not in known]
    return run.each(missed, lambda hint: deliver(hint, run))


def hint_of(named_event: Named, run: Run) -> Hint | None:
    name, event = named_event
    identified = run.read(name, lambda: identify(event, Origin.RECONCILE, run.ports.livemode))
    if isinstance(identified, NotAnEvent):
        run.failed(name, identified.reason)
    # What the event shows is old by now: a purchase is recorded as Stripe has it, or not at all.
    if isinstance(identified, Hint):
        return replace(identified, snapshot=None, is_listed=True, is_backfill=run.is_backfill)
    return None


def deliver(hint: Hint, run: Run) -> Stop | None:
    """The five steps for an event that never came."""
    outcome = run.ports.converge(hint)
    if not isinstance(outcome, Outcome):
        return run.pass_by(hint.event_id, outcome)
    if outcome.verdict in (Verdict.RECORDED, Verdict.UNCHANGED):
        run.tally.missed += 1
    repair = repair_of_event(outcome, hint.event_type)
    if repair is not None:
        run.tally.repaired(repair)
    return None


def check_sessions(sessions: Sequence[Named], run: Run) -> Stop | None:
    rows = run.ports.rows
    find = rows.payments_of_sessions([name for name, _ in sessions])
    for_sale = run.for_sale()

    def check(named_session: Named) -> Stop | None:
        name, session = named_session
        purchase = run.read(name, lambda: run.ports.history.purchase(session))
        if isinstance(purchase, Purchase):
            return compare(name, purchase, find, for_sale, run)
        return None if purchase is None else run.pass_by(name, purchase)

    return run.each(reversed(sessions), check)


def compare(
    session_id: str,
    purchase: Purchase,
    find: FindPayment,
    for_sale: ForSale,
    run: Run,
) -> Stop | None:
    differs = run.read(
        session_id, lambda: difference(purchase, for_sale, find(session_id), run.settled_by)
    )
    return None if differs is None else repair_difference(differs, run)


def repair_difference(differs: Difference, run: Run) -> Stop | None:
    """The five steps, under an event id that two runs which find the same have in common."""
    session_id = differs.payment.stripe_session_id
    hint = Hint(
        event_id=f"reconcile:{session_id}:{differs.revision}",
        event_type="reconcile.session",
        origin=Origin.RECONCILE,
        reference=Reference(ReferenceKind.CHECKOUT_SESSION, session_id),
        is_backfill=run.is_backfill,
    )
    outcome = run.ports.converge(hint)
    if not isinstance(outcome, Outcome):
        return run.pass_by(session_id, outcome)
    repair = repair_of_difference(outcome, differs)
    if repair is not None:
        run.tally.repaired(repair)
    return None


# What a list says was taken from each payment, by payment intent. None: it does not say, so that
# Stripe has to be asked about the payment.
Amounts = Mapping[str, int | None]


def check_refunds(refunds: Sequence[Named], run: Run) -> Stop | None:
    """A refund is known when its charge's refunded amount is the row's."""
    refunded = {
        payment_intent: refunded_by_charge(expanded(refund.get("charge")))
        for name, refund in refunds
        if (payment_intent := intent_of(name, refund, run)) is not None
    }
    return check_amounts(refunded, recorded_refunded_minor, run)


def refunded_by_charge(charge: Mapping[str, Any]) -> int | None:
    return refunded_minor(charge) if charge else None


def check_disputes(disputes: Sequence[Named], run: Run) -> Stop | None:
    """A dispute is known when the disputes of its payment take as much as the row says."""
    of_intent: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for name, dispute in disputes:
        payment_intent = intent_of(name, dispute, run)
        if payment_intent is not None:
            of_intent[payment_intent].append(dispute)
    disputed_minor = {key: disputed_by_list(several) for key, several in of_intent.items()}
    return check_amounts(disputed_minor, recorded_disputed_minor, run)


def disputed_by_list(disputes: Sequence[Mapping[str, Any]]) -> int | None:
    return disputed_of(disputes, expanded(disputes[0].get("charge"))).amount_minor


def intent_of(name: str, about: Mapping[str, Any], run: Run) -> str | None:
    """None too when there is none: then it is no purchase in Checkout."""
    given = about.get("payment_intent")
    payment_intent = name_of(given)
    if given is not None and payment_intent is None:
        run.failed(name, "does not say which payment it belongs to")
    return payment_intent


def check_amounts(
    amounts_minor: Amounts, recorded_minor: Callable[[FoundPayment], int], run: Run
) -> Stop | None:
    """Asks about the payments whose amount is another one than recorded. Payments without a row
    are none of ours, or their sessions are missing, which the list of those shows."""
    find = run.ports.rows.payments_of_intents(list(amounts_minor))

    def differs(payment_intent: str) -> bool:
        found = find(payment_intent)
        return found is not None and recorded_minor(found) != amounts_minor[payment_intent]

    def check(payment_intent: str) -> Stop | None:
        if not run.read(payment_intent, lambda: differs(payment_intent)):
            return None
        return check_session(Reference(ReferenceKind.PAYMENT_INTENT, payment_intent), run)

    return run.each(amounts_minor, check)


def recorded_refunded_minor(found: FoundPayment) -> int:
    return found.stored.payment.amount_refunded_minor


def recorded_disputed_minor(found: FoundPayment) -> int:
    return found.stored.payment.amount_disputed_minor


_CHECKS: Mapping[Listing, Callable[[Sequence[Named], Run], Stop | None]] = {
    Listing.EVENTS: check_events,
    Listing.SESSIONS: check_sessions,
    Listing.REFUNDS: check_refunds,
    Listing.DISPUTES: check_disputes,
}
