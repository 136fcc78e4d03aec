"""Which package a Checkout session sold: by the price of a line item, else by its metadata."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.payment import HeldReason
from domain.stripe_objects import Purchase, expanded, id_of, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package for sale. `amount_usd_cents` is its list price in US cents."""

    package_id: str
    package_name: str
    tokens: int
    amount_usd_cents: int
    stripe_price_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What was sold: `tokens` is tokens times quantity. A held sale may lack any part."""

    package_id: str | None
    package_name: str | None
    tokens: int | None
    held_reason: HeldReason | None = None


def sale_of(purchase: Purchase, catalogue: Sequence[Package]) -> Sale | None:
    """The sale that `purchase` is; None when nothing in it is ours.

    Ours is a session with a known price, or with our metadata (`package_id` or `user_id`).
    """
    named = text(purchase.metadata.get("package_id"))
    priced = _priced(purchase, catalogue)
    if priced:
        return _sale_by_price(priced, named)
    if named:
        return sale_named(named, purchase, catalogue)
    if text(purchase.metadata.get("user_id")):
        return unknown_sale(None)
    return None


def unknown_sale(package_id: str | None) -> Sale:
    """A sale of ours whose package is not in the catalogue: held."""
    return Sale(
        package_id=package_id,
        package_name=None,
        tokens=None,
        held_reason=HeldReason.UNKNOWN_PACKAGE,
    )


def _priced(purchase: Purchase, catalogue: Sequence[Package]) -> list[tuple[Package, int]]:
    """Each line item that is a package, with its quantity."""
    by_price = {price: package for package in catalogue for price in package.stripe_price_ids}
    items = [(id_of(item.get("price")), item) for item in purchase.line_items or ()]
    return [
        (by_price[price], _quantity(item.get("quantity")))
        for price, item in items
        if price in by_price
    ]


def _quantity(value: object) -> int:
    return value if isinstance(value, int) else 1


def _sale_by_price(priced: Sequence[tuple[Package, int]], named: str | None) -> Sale:
    package = priced[0][0]
    if any(other != package for other, _ in priced):
        # One row has one package: which of them counts is for an operator to say.
        return Sale(
            package_id=None,
            package_name=None,
            tokens=None,
            held_reason=HeldReason.PACKAGE_MISMATCH,
        )
    agrees = named in (None, package.package_id)
    quantity = sum(quantity for _, quantity in priced)
    return _sale(package, quantity, None if agrees else HeldReason.PACKAGE_MISMATCH)


def sale_named(named: str, purchase: Purchase, catalogue: Sequence[Package]) -> Sale:
    """The sale of the package with the id `named`, held when the price does not agree."""
    package = next((known for known in catalogue if known.package_id == named), None)
    if package is None:
        return unknown_sale(named)
    quantity = _quantity_of(package, purchase)
    # Metadata alone would let a session at any price buy any package: the price must agree.
    agrees = (
        purchase.session.get("currency") == "usd"
        and purchase.session.get("amount_subtotal") == package.amount_usd_cents * quantity
    )
    return _sale(package, quantity, None if agrees else HeldReason.AMOUNT_MISMATCH)


def _quantity_of(package: Package, purchase: Purchase) -> int:
    """Of the line items at the package's price; where there are none, of the only line item."""
    priced = _priced(purchase, [package])
    if priced:
        return sum(quantity for _, quantity in priced)
    items = purchase.line_items or ()
    return _quantity(expanded(items[0]).get("quantity")) if len(items) == 1 else 1


def _sale(package: Package, quantity: int, held_reason: HeldReason | None) -> Sale:
    return Sale(
        package_id=package.package_id,
        package_name=package.package_name,
        tokens=package.tokens * quantity,
        held_reason=held_reason,
    )
