"""Which package a Checkout session sold: by the price of a line item, else by its metadata."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.money import to_major
from domain.payment import HeldReason
from domain.stripe_objects import Purchase, amount, given, id_of, text, whole

# The column tokens_purchased is a bigint.
MOST_TOKENS = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package for sale. `amount` is its list price in `currency`, in major units."""

    package_id: str
    package_name: str
    tokens: int
    amount: Decimal
    currency: str = "usd"
    stripe_price_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a till has decided about sales that are not plainly its own.

    `hold_unlisted_sales`: a paid session that names a user, at a price that no package has, is
    held; otherwise it is another product's. `installed_at`: money taken before may have been
    credited by another program, and is held; None grants it.
    """

    hold_unlisted_sales: bool = True
    installed_at: datetime | None = None


USUAL_RULES = Rules()


@dataclass(frozen=True, slots=True)
class ForSale:
    """The packages, also those that were withdrawn, and the rules they are sold by."""

    packages: Sequence[Package]
    rules: Rules = USUAL_RULES

    def also_before_the_till(self) -> "ForSale":
        """The same for a backfill, which grants what was sold before the till."""
        return replace(self, rules=replace(self.rules, installed_at=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What was sold: `tokens` is tokens times quantity. A held sale may lack any part."""

    package_id: str | None
    package_name: str | None
    tokens: int | None
    held_reason: HeldReason | None = None


def sale_of(
    purchase: Purchase, packages: Sequence[Package], rules: Rules = USUAL_RULES
) -> Sale | None:
    """The sale that `purchase` is; None when nothing in it is ours.

    Ours is a session with a known price, or with our metadata (`package_id` or `user_id`), or one
    that was paid and names a user.
    """
    named = given(purchase.metadata.get("package_id"))
    priced = _priced(purchase, packages)
    if priced and (named is None or any(quantity != 0 for _, quantity in priced)):
        return _sale_by_price(priced, named)
    if named is not None:
        return _sale_named(named, purchase, packages)
    return unknown_sale(None) if rules.hold_unlisted_sales and _names_a_user(purchase) else None


def _names_a_user(purchase: Purchase) -> bool:
    """A reference alone may be another product's; money that was taken for it is looked at."""
    if given(purchase.metadata.get("user_id")) is not None:
        return True
    return purchase.is_taken and given(purchase.session.get("client_reference_id")) is not None


def _unsettled_sale(package_id: str | None, held_reason: HeldReason) -> Sale:
    """A sale of which nobody can say what was bought: held."""
    return Sale(package_id=package_id, package_name=None, tokens=None, held_reason=held_reason)


def unknown_sale(package_id: str | None) -> Sale:
    """A sale of ours whose package is not in the packages: held."""
    return _unsettled_sale(package_id, HeldReason.UNKNOWN_PACKAGE)


_Priced = Sequence[tuple[Package, int | None]]


def _priced(purchase: Purchase, packages: Sequence[Package]) -> _Priced:
    """Each line item that is a package, with its quantity. One at a price that two packages have
    comes as both."""
    return [
        (package, _quantity(item))
        for item in purchase.line_items or ()
        for package in packages
        if id_of(item.get("price")) in package.stripe_price_ids
    ]


def _quantity(item: Mapping[str, Any]) -> int | None:
    """How many of an item, 1 unless it says otherwise; None when what it says is no quantity."""
    said = item.get("quantity")
    quantity = 1 if said is None else whole(said)
    return quantity if quantity is not None and quantity >= 0 else None


def _sale_by_price(priced: _Priced, named: object) -> Sale:
    bought = [(package, quantity) for package, quantity in priced if quantity != 0] or priced
    package = bought[0][0]
    if any(other != package for other, _ in bought):
        # One row has one package: which of them counts is for an operator to say.
        return _unsettled_sale(None, HeldReason.PACKAGE_MISMATCH)
    return _sale(package, _added([quantity for _, quantity in bought]), _disagrees(named, package))


def _disagrees(named: object, package: Package) -> HeldReason | None:
    if named is not None and text(named) is None:
        return HeldReason.UNREADABLE
    return None if named in (None, package.package_id) else HeldReason.PACKAGE_MISMATCH


def _sale_named(named: object, purchase: Purchase, packages: Sequence[Package]) -> Sale:
    """The sale of the package with the id `named`, held when the price does not agree."""
    package_id = text(named)
    if package_id is None:
        return _unsettled_sale(None, HeldReason.UNREADABLE)
    package = next((known for known in packages if known.package_id == package_id), None)
    if package is None:
        return unknown_sale(package_id)
    quantity = _quantity_of(package, purchase)
    # Metadata alone would let a session at any price buy any package: the price must agree.
    subtotal = amount(purchase.session.get("amount_subtotal"))
    agrees = (
        quantity is not None
        and subtotal is not None
        and purchase.session.get("currency") == package.currency
        and to_major(subtotal, package.currency) == package.amount * quantity
    )
    return _sale(package, quantity, None if agrees else HeldReason.AMOUNT_MISMATCH)


def sale_accepted(package_id: str, purchase: Purchase, packages: Sequence[Package]) -> Sale:
    """The sale as an operator accepts it: of this package, one where no quantity can be read."""
    package = next((known for known in packages if known.package_id == package_id), None)
    if package is None:
        return unknown_sale(package_id)
    return _sale(package, _quantity_of(package, purchase) or 1, None)


def _quantity_of(package: Package, purchase: Purchase) -> int | None:
    """Of the line items at the package's price; where there are none, of the only line item."""
    priced = _priced(purchase, [package])
    if priced:
        return _added([quantity for _, quantity in priced])
    items = purchase.line_items or ()
    return _quantity(items[0]) if len(items) == 1 else 1


def _added(quantities: Sequence[int | None]) -> int | None:
    known = [quantity for quantity in quantities if quantity is not None]
    return sum(known) if len(known) == len(quantities) else None


def _sale(package: Package, quantity: int | None, held_reason: HeldReason | None) -> Sale:
    """Nothing bought, and more than a balance can hold, is as unreadable as no quantity at all."""
    tokens = package.tokens * (quantity or 0)
    is_readable = 0 < tokens <= MOST_TOKENS
    return Sale(
        package_id=package.package_id,
        package_name=package.package_name,
        tokens=tokens if is_readable else None,
        held_reason=held_reason if is_readable else HeldReason.UNREADABLE,
    )
