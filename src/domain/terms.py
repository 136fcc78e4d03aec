"""Who bought what: by Stripe's word, until the payment is settled or an operator decides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.events import Resolution
from domain.packages import Package, Sale, sale_named, sale_of, unknown_sale
from domain.payment import HeldReason, Payment
from domain.stripe_objects import Purchase, text


@dataclass(frozen=True, slots=True)
class Terms:
    """The user and the sale of one purchase; `resolved` when an operator had a say."""

    user_id: str | None
    sale: Sale
    resolved: bool = False

    @property
    def held_reason(self) -> HeldReason | None:
        """Why credits would be withheld, were the purchase paid."""
        return HeldReason.NO_USER if self.user_id is None else self.sale.held_reason


def terms_of(
    purchase: Purchase,
    catalogue: Sequence[Package],
    standing: Payment | None,
    resolution: Resolution | None,
) -> Terms | None:
    """The terms of `purchase`; None when it is none of ours.

    Terms are settled once a payment is paid and not held: neither a later edit of the catalogue
    nor of Stripe's metadata moves credits that were sold. An un-enriched payment's sale is settled
    only when Stripe was asked, or by an operator.
    """
    if standing is not None and standing.terms_are_settled:
        return _settled(standing, purchase, catalogue)
    sale = sale_of(purchase, catalogue) if purchase.session.get("mode") == "payment" else None
    if sale is None and standing is None:
        return None
    stripes = Terms(_user_id(purchase, standing), sale or unknown_sale(None))
    return _resolved(stripes, purchase, catalogue, resolution) if resolution else stripes


def _settled(standing: Payment, purchase: Purchase, catalogue: Sequence[Package]) -> Terms:
    as_made = Sale(
        package_id=standing.package_id,
        package_name=standing.package_name,
        tokens=standing.tokens_purchased,
    )
    if standing.enriched or standing.resolved:
        return Terms(standing.user_id, as_made, standing.resolved)
    return Terms(standing.user_id, sale_of(purchase, catalogue) or as_made)


def _user_id(purchase: Purchase, standing: Payment | None) -> str | None:
    if standing is not None and standing.erased:
        return standing.user_id
    return text(purchase.session.get("client_reference_id")) or text(
        purchase.metadata.get("user_id")
    )


def _resolved(
    stripes: Terms, purchase: Purchase, catalogue: Sequence[Package], resolution: Resolution
) -> Terms:
    """What the operator named counts, the rest is accepted as Stripe has it. A package that is
    still not known keeps the payment held."""
    sale = stripes.sale
    if resolution.package_id not in (None, sale.package_id):
        sale = sale_named(str(resolution.package_id), purchase, catalogue)
    if sale.tokens is not None:
        sale = replace(sale, held_reason=None)
    return Terms(resolution.user_id or stripes.user_id, sale, resolved=True)
