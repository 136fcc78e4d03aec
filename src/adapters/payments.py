"""The database side of the five steps: find is one statement, record is one statement."""

import secrets
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from psycopg import DataError, IntegrityError
from psycopg.errors import ProgramLimitExceeded, UniqueViolation
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from adapters.postgres import Database
from adapters.request_ids import id_is_taken, written_once
from adapters.sql_files import statement
from domain.converge import Found, Recorded, RowRefused, StoredPayment, Write
from domain.events import Hint, Reference, ReferenceKind, Signed
from domain.packages import Package, Rules
from domain.payment import HeldReason, Payment, PaymentStatus, to_major, to_minor

FIND = statement("payments/find_payment")
RECORD = statement("payments/record_payment")
RECORD_IGNORED = statement("payments/record_ignored_event")


class PostgresPayments:
    """`domain.converge.PaymentStore` over Postgres."""

    def __init__(
        self, database: Database, hold_unknown_users: bool, hold_unlisted_sales: bool = True
    ) -> None:
        self._database = database
        self._hold_unknown_users = hold_unknown_users
        self._hold_unlisted_sales = hold_unlisted_sales

    def find(self, event_id: str, reference: Reference) -> Found:
        kind = reference.kind
        row = self._database.one(
            FIND,
            {
                "event_id": event_id,
                "session_id": reference.id if kind is ReferenceKind.CHECKOUT_SESSION else None,
                "payment_intent_id": reference.id if kind is ReferenceKind.PAYMENT_INTENT else None,
            },
        )
        assert row is not None, "find_payment always gives one row"
        return Found(
            event_is_known=row["known_event_id"] is not None,
            known_payment_id=row["known_payment_id"],
            stored=stored_payment_of(row),
            packages=packages_of(row["packages"]),
            user_is_still_unknown=bool(row["user_is_still_unknown"]),
            rules=rules_of(row, self._hold_unlisted_sales),
        )

    def record(self, write: Write) -> Recorded | RowRefused | None:
        try:
            row = self._written(write.hint, RECORD, self._parameters(write))
        except UniqueViolation as error:
            if id_is_taken(error):
                return RowRefused("somebody has just used the request_id")
            return self._refused_for_its_intent(write)
        except (DataError, IntegrityError, ProgramLimitExceeded) as error:
            # Of this row, and for good: a balance beyond a bigint, say. An operator is told so.
            if write.hint.resolution is not None:
                raise
            return RowRefused(f"the database refuses the payment: {type(error).__name__}")
        return None if row is None else Recorded(row["payment_id"], row["held_reason"])

    def _refused_for_its_intent(self, write: Write) -> RowRefused | None:
        """None when somebody recorded this event, or a first row of this purchase, a moment ago."""
        payment = write.payment
        intent = Reference(ReferenceKind.PAYMENT_INTENT, payment.stripe_payment_intent_id or "")
        holder = self.find(write.hint.event_id, intent).stored_payment
        if holder is None or holder.stripe_session_id == payment.stripe_session_id:
            return None
        return RowRefused("another session has the payment intent", intent_is_taken=True)

    def record_ignored(self, hint: Hint) -> None:
        try:
            self._written(hint, RECORD_IGNORED, _event_columns(hint))
        except UniqueViolation as error:
            # Nothing is to be done in any case; of the id somebody else keeps what was.
            if not id_is_taken(error):
                raise

    def _written(self, hint: Hint, statement: str, parameters: Mapping[str, Any]) -> DictRow | None:
        """Stripe's events have no id but their own."""
        if hint.signed is None:
            return self._database.one(statement, parameters)
        return written_once(self._database, hint.signed, statement, parameters)

    def _parameters(self, write: Write) -> dict[str, Any]:
        stored, entry = write.stored, write.entry
        return {
            **_event_columns(write.hint),
            **_payment_columns(write.payment),
            "outcome": write.verdict,
            "payment_id": stored.payment_id if stored else new_id("pay"),
            "found_revision": stored.revision if stored else None,
            "create_user": not self._hold_unknown_users or write.hint.resolution is not None,
            "entry_id": new_id("entry"),
            "delta": entry.delta if entry else 0,
            "reason": entry.reason if entry else None,
        }


def _event_columns(hint: Hint) -> dict[str, Any]:
    return {
        "event_id": hint.event_id,
        "event_type": hint.event_type,
        "api_version": hint.api_version,
        "object_id": hint.reference.id,
        "event_created": hint.event_created,
        "source": hint.origin,
        **request_columns(hint.signed),
    }


def request_columns(signed: Signed | None) -> dict[str, Any]:
    """What is remembered of the request of an operator, if one asked."""
    return {
        "actor": signed.actor if signed else None,
        "note": signed.note if signed else None,
        "request": Jsonb(signed.asked) if signed else None,
    }


def _payment_columns(payment: Payment) -> dict[str, Any]:
    currency = payment.currency
    cents = payment.amount_paid_cents
    return {
        "user_id": payment.user_id,
        "session_id": payment.stripe_session_id,
        "payment_intent_id": payment.stripe_payment_intent_id,
        "package_id": payment.package_id,
        "package_name": payment.package_name,
        "tokens_purchased": payment.tokens_purchased,
        "amount_paid": None if cents is None else to_major(cents, "usd"),
        "currency": currency,
        "payment_status": payment.payment_status,
        "payment_method": payment.payment_method,
        "customer_email": payment.customer_email,
        "amount_charged": to_major(payment.amount_charged_minor, currency),
        "amount_refunded": to_major(payment.amount_refunded_minor, currency),
        "amount_disputed": to_major(payment.amount_disputed_minor, currency),
        "credits_granted": payment.credits_granted,
        "held_reason": payment.held_reason,
        "enriched": payment.enriched,
        "paid_at": payment.paid_at,
        "resolved": payment.resolved,
        "erased": payment.erased,
    }


def stored_payment_of(row: Mapping[str, Any]) -> StoredPayment | None:
    """The payment in a row of `payment_transactions`; None when a join found none."""
    if row["payment_id"] is None:
        return None
    return StoredPayment(row["payment_id"], row["revision"], _payment(row))


def _payment(row: Mapping[str, Any]) -> Payment:
    currency, dollars, held = row["currency"], row["amount_paid"], row["held_reason"]
    return Payment(
        user_id=row["user_id"],
        stripe_session_id=row["stripe_session_id"],
        stripe_payment_intent_id=row["stripe_payment_intent_id"],
        package_id=row["package_id"],
        package_name=row["package_name"],
        tokens_purchased=row["tokens_purchased"],
        amount_paid_cents=None if dollars is None else to_minor(dollars, "usd"),
        currency=currency,
        payment_status=PaymentStatus(row["payment_status"]),
        payment_method=row["payment_method"],
        customer_email=row["customer_email"],
        amount_charged_minor=to_minor(row["amount_charged"], currency),
        amount_refunded_minor=to_minor(row["amount_refunded"], currency),
        amount_disputed_minor=to_minor(row["amount_disputed"], currency),
        credits_granted=row["credits_granted"],
        held_reason=None if held is None else HeldReason(held),
        enriched=row["enriched"],
        paid_at=row["paid_at"],
        resolved=row["resolved"],
        erased=row["erased"],
        dismissed=row["dismissed"],
    )


def rules_of(row: Mapping[str, Any], hold_unlisted_sales: bool) -> Rules:
    """What the till has decided about sales, from a row with `installed_at`."""
    return Rules(hold_unlisted_sales=hold_unlisted_sales, installed_at=row["installed_at"])


def packages_of(packages: Sequence[Mapping[str, Any]]) -> tuple[Package, ...]:
    """What is for sale, from the JSON that the statements make of the table `packages`."""
    return tuple(
        Package(
            package_id=package["package_id"],
            package_name=package["package_name"],
            tokens=package["tokens"],
            amount=Decimal(package["amount"]),
            currency=package["currency"],
            stripe_price_ids=frozenset(package["stripe_price_ids"]),
        )
        for package in packages
    )


def new_id(kind: str) -> str:
    """`<kind>_` and a UUIDv7 in hexadecimal: milliseconds, their 4096ths, and 62 bits of chance.
    In the order of time the newest rows lie side by side in every index, and a write touches few
    pages.

    https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7 (with "increased clock precision");
    the standard library has it from Python 3.14.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    high = milliseconds << 16 | 0x7000 | fraction
    low = 0b10 << 62 | secrets.randbits(62)
    return f"{kind}_{high << 64 | low:032x}"
