"""A payment as the till keeps it, the credits that its money entitles to, the ledger entry that
takes it there, and Stripe's integer minor units as decimal major units, exactly."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class PaymentStatus(StrEnum):
    """What became of a payment; `taken` ones are those for which Stripe took the money."""

    PENDING = "pending"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELED = "canceled"
    PAID = "paid"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    LOST = "lost"

    @property
    def taken(self) -> bool:
        return self in _TAKEN


_TAKEN = frozenset(
    (PaymentStatus.PAID, PaymentStatus.REFUNDED, PaymentStatus.DISPUTED, PaymentStatus.LOST)
)


class HeldReason(StrEnum):
    """Why the credits of a paid payment are withheld until ops resolve it."""

    NO_USER = "no_user"
    UNKNOWN_USER = "unknown_user"
    UNKNOWN_PACKAGE = "unknown_package"
    PACKAGE_MISMATCH = "package_mismatch"
    AMOUNT_MISMATCH = "amount_mismatch"
    UNREADABLE = "unreadable"
    BEFORE_TILL = "before_till"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One Checkout session and what was paid for it. Amounts are integer minor units of
    `currency`; `amount_paid_cents` is in US cents, None while Stripe has not settled the charge.
    `resolved`: an operator said who bought what. `erased`: personal data must not come back.
    `dismissed`: an operator said that it is no sale of ours.
    """

    user_id: str | None
    stripe_session_id: str
    stripe_payment_intent_id: str | None
    package_id: str | None
    package_name: str | None
    tokens_purchased: int | None
    amount_paid_cents: int | None
    currency: str
    payment_status: PaymentStatus
    payment_method: str | None
    customer_email: str | None
    amount_charged_minor: int
    amount_refunded_minor: int
    amount_disputed_minor: int
    credits_granted: int
    held_reason: HeldReason | None
    enriched: bool
    paid_at: datetime | None
    resolved: bool = False
    erased: bool = False
    dismissed: bool = False

    @property
    def terms_are_settled(self) -> bool:
        """Who bought what no longer depends on Stripe or the packages."""
        return self.payment_status.taken and self.held_reason is None

    @property
    def returned_minor(self) -> int:
        """What went back to the customer, by refund or dispute."""
        return self.amount_refunded_minor + self.amount_disputed_minor


def entitlement(tokens: int, charged_minor: int, returned_minor: int) -> int:
    """Credits that a paid payment entitles to: `floor(tokens x retained / charged)`.

    A free payment (charged 0) entitles to all its tokens. More money can come back than was
    charged (a refund and a dispute of one charge); that entitles to none.
    """
    if charged_minor == 0:
        return tokens
    return tokens * max(charged_minor - returned_minor, 0) // charged_minor


def credits_due(payment: Payment) -> int:
    """The credits that `payment` must have granted: none unless it is paid and not held."""
    if not payment.terms_are_settled or payment.tokens_purchased is None:
        return 0
    return entitlement(
        payment.tokens_purchased, payment.amount_charged_minor, payment.returned_minor
    )


def held_for_unknown_user(payment: Payment) -> Payment:
    """The payment as it is recorded where its user is not known, and unknown users are held."""
    if payment.paid_at is None or payment.held_reason is not None:
        return payment
    return replace(payment, held_reason=HeldReason.UNKNOWN_USER, credits_granted=0)


def held_as_unreadable(payment: Payment, with_intent: bool = True) -> Payment:
    """The payment as it is kept when the database refuses it as it is: its free texts are left
    out, and the payment intent that another has; where money was taken it waits for ops."""
    is_taken = payment.paid_at is not None
    return replace(
        payment,
        stripe_payment_intent_id=payment.stripe_payment_intent_id if with_intent else None,
        payment_method=None,
        customer_email=None,
        credits_granted=0,
        held_reason=HeldReason.UNREADABLE if is_taken else None,
        resolved=False,
    )


class Reason(StrEnum):
    """Why a ledger entry was made, in a word."""

    PURCHASE = "purchase"
    REFUND = "refund"
    DISPUTE = "dispute"
    REINSTATEMENT = "reinstatement"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True)
class Entry:
    """A change of a balance by `delta` credits, which is never 0."""

    delta: int
    reason: Reason


def entry_for(payment: Payment, before: Payment | None) -> Entry | None:
    """The one entry between the row `before` (None: no row) and `payment`, if one is due."""
    delta = payment.credits_granted - (before.credits_granted if before else 0)
    if delta == 0:
        return None
    return Entry(delta, Reason.PURCHASE if before is None else reason_of(payment, before, delta))


def reason_of(payment: Payment, before: Payment, delta: int) -> Reason:
    """Why a recorded payment gets or loses credits now."""
    returned = payment.returned_minor - before.returned_minor
    if delta > 0 and returned < 0:
        return Reason.REINSTATEMENT
    if delta > 0:
        return Reason.ADJUSTMENT if before.credits_granted else Reason.PURCHASE
    if payment.amount_disputed_minor > before.amount_disputed_minor:
        return Reason.DISPUTE
    return Reason.REFUND if returned > 0 else Reason.ADJUSTMENT


# Stripe's minor units: https://docs.stripe.com/currencies (zero-decimal, three-decimal and special
# cases).
ZERO_DECIMAL = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()  # noqa: SIM905
)
THREE_DECIMAL = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))

# Special cases on the same page. ISK and UGX have no fraction any more, but Stripe still sends
# them with two decimals that are always 00: 500 is 5 krónur. HUF and TWD are without decimals
# for payouts only; charges carry two.


def exponent(currency: str) -> int:
    """How many decimals Stripe's minor unit of `currency` (lower case ISO code) has."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def to_major(amount_minor: int, currency: str) -> Decimal:
    """`to_major(1500, "jpy") == 1500`, `to_major(5120, "kwd") == Decimal("5.120")`."""
    return Decimal(amount_minor).scaleb(-exponent(currency))


def to_minor(amount_major: Decimal, currency: str) -> int:
    """The inverse of `to_major`. Raises ValueError for a fraction of a minor unit."""
    scaled = amount_major.scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount_major} {currency} is not a whole number of minor units")
    return int(scaled)
