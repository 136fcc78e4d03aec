"""The writes of one purchase: a sale, an event that changes nothing, a refund in part."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.payments import PostgresPayments
from adapters.postgres import Database
from domain.converge import StoredPayment, Verdict, Write
from domain.events import Hint, Origin, Reference, ReferenceKind
from domain.payment import Payment, PaymentStatus, entry_for

EVENTS = ("sale", "unchanged", "refund")


class _Parameters(PostgresPayments):
    """The till's own parameters of a write, without writing it."""

    def __init__(self) -> None:
        def never() -> Any:
            raise AssertionError("no connection is needed")

        super().__init__(Database(never), hold_unknown_users=False)

    def of(self, write: Write) -> dict[str, Any]:
        return self._parameters(write)


def writes(name: str, user: int) -> list[dict[str, Any]]:
    """The parameters of record_payment for the three events of the purchase `name`."""
    sold = Payment(
        user_id=f"user_{user}",
        stripe_session_id=f"cs_test_{name}",
        stripe_payment_intent_id=f"pi_{name}",
        package_id="starter",
        package_name="Starter",
        tokens_purchased=1000,
        amount_paid_cents=1000,
        currency="usd",
        payment_status=PaymentStatus.PAID,
        payment_method="card",
        customer_email=f"user_{user}@example.com",
        amount_charged_minor=1000,
        amount_refunded_minor=0,
        amount_disputed_minor=0,
        credits_granted=1000,
        held_reason=None,
        enriched=True,
        paid_at=datetime.now(UTC),
    )
    refunded = replace(sold, amount_refunded_minor=400, credits_granted=600)
    states = [None, sold, sold, refunded]
    parameters = []
    for revision, (event, before, after) in enumerate(
        zip(EVENTS, states, states[1:], strict=False)
    ):
        stored = None if before is None else StoredPayment(f"pay_{name}", revision, before)
        assert after is not None
        verdict = Verdict.UNCHANGED if after == before else Verdict.RECORDED
        write = Write(_hint(name, event), verdict, after, stored, entry_for(after, before))
        ids = {"payment_id": f"pay_{name}", "entry_id": f"entry_{name}_{event}"}
        parameters.append(_Parameters().of(write) | ids)
    return parameters


def _hint(name: str, event: str) -> Hint:
    return Hint(
        event_id=f"evt_{name}_{event}",
        event_type="checkout.session.completed",
        api_version="2026-10-28.endive",
        event_created=datetime.now(UTC),
        origin=Origin.WEBHOOK,
        reference=Reference(ReferenceKind.CHECKOUT_SESSION, f"cs_test_{name}"),
    )
