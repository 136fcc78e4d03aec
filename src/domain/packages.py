"""Who bought what: by the price of a line item, else by metadata, until the payment is settled or
an operator decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.events import Resolution
from domain.payment import HeldReason, Payment, to_major
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

    @classmethod
    def held(cls, held_reason: HeldReason, package_id: str | None = None) -> "Sale":
        """A sale of ours of which nobody can say what was bought."""
        return cls(package_id=package_id, package_name=None, tokens=None, held_reason=held_reason)


@dataclass(frozen=True, slots=True)
class Terms:
    """The user and the sale of one purchase; `resolved` when an operator had a say. A purchase may
    name somebody whose id cannot be stored: nobody else is meant then."""

    user_id: str | None
    sale: Sale
    resolved: bool = False
    user_is_unreadable: bool = False

    @property
    def held_reason(self) -> HeldReason | None:
        """Why credits would be withheld, were the purchase paid."""
        if self.user_is_unreadable:
            return HeldReason.UNREADABLE
        return HeldReason.NO_USER if self.user_id is None else self.sale.held_reason


def terms_of(
    purchase: Purchase,
    packages: Sequence[Package],
    stored: Payment | None,
    resolution: Resolution | None,
    rules: Rules,
) -> Terms | None:
    """The terms of `purchase`; None when it is none of ours.

    Terms are settled once a payment is paid and not held: neither a later edit of the packages
    nor of Stripe's metadata moves credits that were sold. An un-enriched payment's sale is settled
    only when Stripe was asked, or by an operator.
    """
    if stored is not None and stored.terms_are_settled:
        return settled_terms(stored, purchase, packages)
    is_payment = purchase.session.get("mode") == "payment"
    sale = sale_of(purchase, packages, rules) if is_payment else None
    if sale is None and stored is None:
        return None
    stripes = terms_by_stripe(purchase, sale or Sale.held(HeldReason.UNKNOWN_PACKAGE), stored)
    return resolved_terms(stripes, purchase, packages, resolution) if resolution else stripes


def settled_terms(stored: Payment, purchase: Purchase, packages: Sequence[Package]) -> Terms:
    as_made = Sale(
        package_id=stored.package_id,
        package_name=stored.package_name,
        tokens=stored.tokens_purchased,
    )
    if stored.enriched or stored.resolved:
        return Terms(stored.user_id, as_made, stored.resolved)
    stripes = sale_of(purchase, packages)
    return Terms(stored.user_id, as_made if stripes is None else stripes)


def terms_by_stripe(purchase: Purchase, sale: Sale, stored: Payment | None) -> Terms:
    """Metadata says what it names; a buyer can edit the reference, and it may be a cart's."""
    if stored is not None and stored.erased:
        return Terms(stored.user_id, sale)
    named = given(purchase.metadata.get("user_id"), purchase.session.get("client_reference_id"))
    user_id = text(named)
    return Terms(user_id, sale, user_is_unreadable=user_id is None and named is not None)


def resolved_terms(
    stripes: Terms, purchase: Purchase, packages: Sequence[Package], resolution: Resolution
) -> Terms:
    """What the operator named counts, the rest is accepted as Stripe has it. A package that is
    still not known keeps the payment held."""
    sale, user_id = stripes.sale, resolution.user_id or stripes.user_id
    package_id = resolution.package_id or sale.package_id
    if package_id is not None and (sale.tokens is None or package_id != sale.package_id):
        sale = sale_accepted(package_id, purchase, packages)
    if sale.tokens is not None:
        sale = replace(sale, held_reason=None)
    unreadable = stripes.user_is_unreadable and user_id is None
    return Terms(user_id, sale, resolved=True, user_is_unreadable=unreadable)


def sale_of(
    purchase: Purchase, packages: Sequence[Package], rules: Rules = USUAL_RULES
) -> Sale | None:
    """The sale that `purchase` is; None when nothing in it is ours.

    Ours is a session with a known price, or with our metadata (`package_id` or `user_id`), or one
    that was paid and names a user.
    """
    named = given(purchase.metadata.get("package_id"))
    priced = priced_items(purchase, packages)
    if priced and (named is None or any(quantity != 0 for _, quantity in priced)):
        return sale_by_price(priced, named)
    if named is not None:
        return sale_by_metadata(named, purchase, packages)
    is_held = rules.hold_unlisted_sales and names_a_user(purchase)
    return Sale.held(HeldReason.UNKNOWN_PACKAGE) if is_held else None


def names_a_user(purchase: Purchase) -> bool:
    """A reference alone may be another product's; money that was taken for it is looked at."""
    if given(purchase.metadata.get("user_id")) is not None:
        return True
    return purchase.is_taken and given(purchase.session.get("client_reference_id")) is not None


Priced = Sequence[tuple[Package, int | None]]


def priced_items(purchase: Purchase, packages: Sequence[Package]) -> Priced:
    """Each line item that is a package, with its quantity. One at a price that two packages have
    comes as both."""
    return [
        (package, quantity_in(item))
        for item in purchase.line_items or ()
        for package in packages
        if id_of(item.get("price")) in package.stripe_price_ids
    ]


def quantity_in(item: Mapping[str, Any]) -> int | None:
    """How many of an item, 1 unless it says otherwise; None when what it says is no quantity."""
    said = item.get("quantity")
    quantity = 1 if said is None else whole(said)
    return quantity if quantity is not None and quantity >= 0 else None


def sale_by_price(priced: Priced, named: object) -> Sale:
    bought = [(package, quantity) for package, quantity in priced if quantity != 0] or priced
    package = bought[0][0]
    if any(other != package for other, _ in bought):
        # One row has one package: which of them counts is for an operator to say.
        return Sale.held(HeldReason.PACKAGE_MISMATCH)
    return sale(package, added([quantity for _, quantity in bought]), disagreement(named, package))


def disagreement(named: object, package: Package) -> HeldReason | None:
    if named is not None and text(named) is None:
        return HeldReason.UNREADABLE
    return None if named in (None, package.package_id) else HeldReason.PACKAGE_MISMATCH


def sale_by_metadata(named: object, purchase: Purchase, packages: Sequence[Package]) -> Sale:
    """The sale of the package with the id `named`, held when the price does not agree."""
    package_id = text(named)
    if package_id is None:
        return Sale.held(HeldReason.UNREADABLE)
    package = next((known for known in packages if known.package_id == package_id), None)
    if package is None:
        return Sale.held(HeldReason.UNKNOWN_PACKAGE, package_id)
    quantity = quantity_of(package, purchase)
    # Metadata alone would let a session at any price buy any package: the price must agree.
    subtotal = amount(purchase.session.get("amount_subtotal"))
    agrees = (
        quantity is not None
        and subtotal is not None
        and purchase.session.get("currency") == package.currency
        and to_major(subtotal, package.currency) == package.amount * quantity
    )
    return sale(package, quantity, None if agrees else HeldReason.AMOUNT_MISMATCH)


def sale_accepted(package_id: str, purchase: Purchase, packages: Sequence[Package]) -> Sale:
    """The sale as an operator accepts it: of this package, one where no quantity can be read."""
    package = next((known for known in packages if known.package_id == package_id), None)
    if package is None:
        return Sale.held(HeldReason.UNKNOWN_PACKAGE, package_id)
    return sale(package, quantity_of(package, purchase) or 1, None)


def quantity_of(package: Package, purchase: Purchase) -> int | None:
    """Of the line items at the package's price; where there are none, of the only line item."""
    priced = priced_items(purchase, [package])
    if priced:
        return added([quantity for _, quantity in priced])
    items = purchase.line_items or ()
    return quantity_in(items[0]) if len(items) == 1 else 1


def added(quantities: Sequence[int | None]) -> int | None:
    known = [quantity for quantity in quantities if quantity is not None]
    return sum(known) if len(known) == len(quantities) else None


def sale(package: Package, quantity: int | None, held_reason: HeldReason | None) -> Sale:
    """Nothing bought, and more than a balance can hold, is as unreadable as no quantity at all."""
    tokens = package.tokens * (quantity or 0)
    is_readable = 0 < tokens <= MOST_TOKENS
    return Sale(
        package_id=package.package_id,
        package_name=package.package_name,
        tokens=tokens if is_readable else None,
        held_reason=held_reason if is_readable else HeldReason.UNREADABLE,
    )
