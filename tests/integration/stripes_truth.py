"""What the row of a purchase must say, by what Stripe says now: the product's own rules applied to
a fresh answer, and apart from them the sums of the stand-in's objects."""

from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from adapters.connecting import connect
from adapters.payments import PostgresPayments
from adapters.postgres import Database
from adapters.stripe_api import StripeApi
from domain.converge import Found
from domain.derive import derive
from domain.events import Reference, ReferenceKind
from domain.payment import Payment, credits_due
from domain.stripe_objects import Purchase
from standin import StripeAccount
from tests.till import Till


class Truth:
    """Compares the rows of a till with the Stripe account behind it."""

    def __init__(self, till: Till) -> None:
        self._account = till.account
        self._stripe = StripeApi(till.account.api_key, till.stripe.url)
        self._database = Database(lambda: connect(till.database_url))

    def close(self) -> None:
        self._database.close()

    def check(self, session_id: str) -> None:
        """Fails unless the row of the session is what Stripe and its settled terms make it; there
        is none before anything happened."""
        reference = Reference(ReferenceKind.CHECKOUT_SESSION, session_id)
        found = PostgresPayments(self._database, hold_unknown_users=False).find("none", reference)
        purchase = self._stripe.retrieve(reference)
        assert isinstance(purchase, Purchase)
        if purchase.session["status"] == "open" and not purchase.payment_intent:
            assert found.stored is None
            return
        if found.stored_payment is not None and found.stored_payment.dismissed:
            assert found.stored_payment.payment_status == "canceled"
            return
        assert found.stored_payment == _derived(purchase, found)
        if found.stored_payment is not None:
            said = _said_by_stripe(self._account, found.stored_payment)
            assert _said_by_row(found.stored_payment) == said, said


def _derived(purchase: Purchase, found: Found) -> Payment | None:
    """The row derived afresh, but for the terms that it was sold on: they are settled. Until they
    are, the packages may have been edited since the last event."""
    fresh, stored = derive(purchase, found.packages, stored=None), found.stored_payment
    if fresh is None or stored is None:
        return fresh
    sold = replace(fresh, tokens_purchased=stored.tokens_purchased)
    if stored.terms_are_settled:
        sold = replace(
            sold,
            user_id=stored.user_id,
            package_id=stored.package_id,
            package_name=stored.package_name,
            held_reason=None,
            resolved=stored.resolved,
        )
    return replace(sold, credits_granted=credits_due(sold))


class Said(NamedTuple):
    """The status, the amounts in minor units, and the credits of one payment."""

    status: str
    paid_cents: int | None
    charged_minor: int
    refunded_minor: int
    disputed_minor: int
    credits: int


def _said_by_row(payment: Payment) -> Said:
    return Said(
        payment.payment_status,
        payment.amount_paid_cents,
        payment.amount_charged_minor,
        payment.amount_refunded_minor,
        payment.amount_disputed_minor,
        payment.credits_granted,
    )


def _said_by_stripe(account: StripeAccount, payment: Payment) -> Said:
    """The rules once more, in other words, from the objects themselves."""
    session = account.session(payment.stripe_session_id, expand=["payment_intent.latest_charge"])
    intent = session["payment_intent"] or {"status": None, "latest_charge": None}
    total = session["amount_total"]
    if session["payment_status"] == "no_payment_required":
        return Said("paid", 0, 0, 0, 0, _credits(payment, 1, 1))
    if intent["status"] != "succeeded":
        reserved = intent["latest_charge"] or {"status": None}
        asked = reserved["amount"] if reserved["status"] == "succeeded" else total
        return Said(_unpaid(session["status"], intent["status"]), 0, asked, 0, 0, 0)
    charge = intent["latest_charge"]
    total, released = charge["amount_captured"], charge["amount"] - charge["amount_captured"]
    about = ("charge", intent["latest_charge"]["id"])
    refunds = account.store.referring("refund", *about)
    disputes = account.store.referring("dispute", *about)
    refunded = sum(each["amount"] for each in refunds if each["status"] != "failed") - released
    counted = [each for each in disputes if each["status"] in ("lost", *OPEN)]
    disputed = sum(each["amount"] for each in counted)
    status = "refunded" if refunded == total else "paid"
    if counted:
        status = "disputed" if counted[-1]["status"] in OPEN else "lost"
    credits_due = _credits(payment, max(total - refunded - disputed, 0), total)
    settled = account.retrieve(
        "balance_transaction", intent["latest_charge"]["balance_transaction"]
    )
    return Said(status, settled["amount"], total, refunded, disputed, credits_due)


OPEN = ("needs_response", "under_review")


def _unpaid(session_status: str, intent_status: str) -> str:
    if session_status == "expired":
        return "expired"
    known = {"processing": "pending", "requires_capture": "pending", "canceled": "canceled"}
    return known.get(intent_status, "failed")


def _credits(payment: Payment, retained: int, charged: int) -> int:
    tokens = 0 if payment.held_reason else payment.tokens_purchased or 0
    return int(Fraction(tokens * retained, charged))
