"""Who bought what: by Stripe's word, until the payment is settled or an operator decides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.events import Resolution
from domain.packages import Package, Rules, Sale, sale_accepted, sale_of, unknown_sale
from domain.payment import HeldReason, Payment
from domain.stripe_objects import Purchase, given, text


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
        return _settled(stored, purchase, packages)
    is_payment = purchase.session.get("mode") == "payment"
    sale = sale_of(purchase, packages, rules) if is_payment else None
    if sale is None and stored is None:
        return None
    stripes = _stripes(purchase, sale or unknown_sale(None), stored)
    return _resolved(stripes, purchase, packages, resolution) if resolution else stripes


def _settled(stored: Payment, purchase: Purchase, packages: Sequence[Package]) -> Terms:
    as_made = Sale(
        package_id=stored.package_id,
        package_name=stored.package_name,
        tokens=stored.tokens_purchased,
    )
    if stored.enriched or stored.resolved:
        return Terms(stored.user_id, as_made, stored.resolved)
    stripes = sale_of(purchase, packages)
    return Terms(stored.user_id, as_made if stripes is None else stripes)


def _stripes(purchase: Purchase, sale: Sale, stored: Payment | None) -> Terms:
    """Metadata says what it names; a buyer can edit the reference, and it may be a cart's."""
    if stored is not None and stored.erased:
        return Terms(stored.user_id, sale)
    named = given(purchase.metadata.get("user_id"), purchase.session.get("client_reference_id"))
    user_id = text(named)
    return Terms(user_id, sale, user_is_unreadable=user_id is None and named is not None)


def _resolved(
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
