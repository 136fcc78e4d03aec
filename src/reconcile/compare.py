"""What is different between a payment as it stands and as Stripe says it must be, in sentences; and
the objects in Stripe's lists by their ids, whatever else is in those lists."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.derive import derive
from domain.packages import ForSale
from domain.payment import Payment, PaymentStatus, held_for_unknown_user, to_major
from domain.stripe_objects import Purchase, id_of, seconds
from reconcile.ports import FoundPayment

Named = tuple[str, Mapping[str, Any]]


def name_of(value: object) -> str | None:
    """The id of an object or of a reference to one. Stripe's ids are printable ASCII; what else
    could be stored cannot be sent to Stripe again."""
    name = id_of(value)
    return name if name is not None and name.isascii() and name.isprintable() else None


def named(items: Iterable[object]) -> list[Named]:
    """Those of a list's items that are objects and have an id."""
    objects = (item for item in items if isinstance(item, Mapping))
    return [(name, item) for item in objects if (name := name_of(item)) is not None]


@dataclass(frozen=True, slots=True)
class Difference:
    """The row as found (None: there is none) and the payment that Stripe's view makes.
    `sentences` name users and e-mail addresses as different only, never by what they are."""

    found: FoundPayment | None
    payment: Payment
    sentences: tuple[str, ...]

    @property
    def revision(self) -> int:
        return self.found.stored.revision if self.found else 0


def difference(
    purchase: Purchase,
    for_sale: ForSale,
    found: FoundPayment | None,
    settled_by: datetime,
) -> Difference | None:
    """The difference, if there is one that a delivery still on its way does not explain."""
    stored = found.stored.payment if found else None
    derived = derive(purchase, for_sale.packages, stored, rules=for_sale.rules)
    if derived is None or (stored is None and nothing_happened_yet(purchase, derived)):
        return None
    user_is_known = found is None or found.user_is_known
    payment = derived if user_is_known else held_for_unknown_user(derived)
    if payment == stored or is_fresh(purchase, settled_by):
        return None
    return Difference(found, payment, differing(stored, payment))


def nothing_happened_yet(purchase: Purchase, derived: Payment) -> bool:
    """A buyer looks at an open session, of which no event tells anybody."""
    is_open = purchase.session.get("status") == "open"
    return is_open and derived.payment_status is PaymentStatus.PENDING


def is_fresh(purchase: Purchase, settled_by: datetime) -> bool:
    """Whether Stripe's last word on the purchase is so new that its delivery may be under way."""
    words = (purchase.session, purchase.charge, purchase.balance_transaction)
    latest = max(seconds(word.get("created")) for word in words)
    return latest > settled_by.timestamp()


def changed_fields(before: Payment | None, after: Payment) -> list[str]:
    """The names of the fields in which two payments differ; none when there is no `before`."""
    if before is None:
        return []
    names = Payment.__dataclass_fields__
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def differing(before: Payment | None, after: Payment) -> tuple[str, ...]:
    if before is None:
        status = after.payment_status
        return (f"Stripe has this session, {charged(after)} {status}; the till has no payment.",)
    return tuple(sentence(name, before, after) for name in changed_fields(before, after))


def sentence(name: str, before: Payment, after: Payment) -> str:
    label, shown = _SHOWN.get(name, (name, None))
    if name in _PERSONAL:
        return f"{label} is another one by Stripe than in the till."
    show = shown or (lambda payment: str(getattr(payment, name)))
    return f"{label} is {show(after)} by Stripe, and {show(before)} in the till."


def charged(payment: Payment) -> str:
    return money(payment.amount_charged_minor, payment.currency)


def money(amount_minor: int | None, currency: str) -> str:
    return "unknown" if amount_minor is None else f"{to_major(amount_minor, currency)} {currency}"


# Sentences end up in logs.
_PERSONAL = frozenset(("user_id", "customer_email"))
_SHOWN: dict[str, tuple[str, Callable[[Payment], str] | None]] = {
    "amount_paid_cents": ("amount_paid", lambda payment: money(payment.amount_paid_cents, "usd")),
    "amount_charged_minor": ("amount_charged", charged),
    "amount_refunded_minor": (
        "amount_refunded",
        lambda payment: money(payment.amount_refunded_minor, payment.currency),
    ),
    "amount_disputed_minor": (
        "amount_disputed",
        lambda payment: money(payment.amount_disputed_minor, payment.currency),
    ),
}
