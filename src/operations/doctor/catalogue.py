"""Does Stripe sell what the table `packages` says, at the price that it says?"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from domain.payment import to_major
from operations.doctor import commands
from operations.doctor.facts import Check, Offer, Unknown

Prices = Mapping[str, Mapping[str, Any] | None]


def catalogue_checks(
    offers: Sequence[Offer] | Unknown, prices: Prices | Unknown, livemode: bool
) -> Iterator[Check]:
    """Checks `prices`, `shared_prices` and `packages_without_price`, one check a problem; one that
    is fine when there is none. Checks `packages` when even those cannot be read."""
    if isinstance(offers, Unknown):
        yield Check("packages", False, _unreadable(offers))
        return
    if isinstance(prices, Unknown):
        yield Check("prices", False, _not_asked(prices))
    else:
        problems = _price_problems(offers, prices, livemode)
        yield from _all_of("prices", problems, _prices_fine(offers))
    yield from _all_of("shared_prices", _shared(offers), "No price belongs to two packages.")
    yield from _all_of(
        "packages_without_price", _unpriced(offers, livemode), "Every active package has a price."
    )


def _unreadable(unknown: Unknown) -> str:
    return (
        f"The packages cannot be read ({unknown.why}). Apply the migrations, and let the function"
        " log in as a member of the role operator, or as the owner of the tables."
    )


def _not_asked(unknown: Unknown) -> str:
    return (
        f"Stripe's prices could not be read ({unknown.why}). Mend what the checks above say of the"
        " API key and of Stripe, and ask again."
    )


def _all_of(name: str, problems: Iterator[str], fine: str) -> Iterator[Check]:
    found = [Check(name, False, problem) for problem in problems]
    yield from found or [Check(name, True, fine)]


def _prices_fine(offers: Sequence[Offer]) -> str:
    named = {price_id for offer in offers for price_id in offer.stripe_price_ids}
    return f"All {len(named)} prices agree with Stripe." if named else "No package has a price."


def _price_problems(offers: Sequence[Offer], prices: Prices, livemode: bool) -> Iterator[str]:
    for offer in offers:
        for price_id in offer.stripe_price_ids:
            problem = _problem(offer, price_id, prices.get(price_id), livemode)
            if problem is not None:
                yield f"{price_id} of package {offer.package_id} {problem}"


def _problem(
    offer: Offer, price_id: str, price: Mapping[str, Any] | None, livemode: bool
) -> str | None:
    if price is None:
        return (
            "is not known to Stripe in this mode, so it sells nothing. Remove it from"
            f" stripe_price_ids, or make one:\n{commands.create_price(offer, livemode)}"
        )
    if price.get("type") == "recurring":
        return "is for subscriptions, which the till ignores. Use a one-time price instead."
    if not price.get("active") and offer.active:
        return (
            "is archived, so no new Checkout session can use it. Replace it, or:"
            f"\n{commands.activate_price(price_id, livemode)}"
        )
    return _amount_problem(offer, price)


def _amount_problem(offer: Offer, price: Mapping[str, Any]) -> str | None:
    amount_minor, currency = price.get("unit_amount"), price.get("currency")
    if amount_minor is None:
        return "has no fixed amount, so any payment buys the whole package. Use a fixed price."
    # What a price in another currency ought to be, nobody says.
    if currency != offer.currency or (costs := to_major(amount_minor, currency)) == offer.amount:
        return None
    return (
        f"costs {_price(costs, currency)}, but the package {_price(offer.amount, currency)}. An"
        " amount cannot be changed in Stripe: make another price, or correct packages.amount."
    )


def _price(amount: Decimal, currency: str) -> str:
    """With the decimals of the currency: what has more cannot be a price, and is shown as it is."""
    usual = amount.quantize(to_major(1, currency))
    return f"{usual if usual == amount else amount.normalize():f} {currency.upper()}"


def _shared(offers: Sequence[Offer]) -> Iterator[str]:
    owners: dict[str, list[str]] = {}
    for offer in offers:
        for price_id in dict.fromkeys(offer.stripe_price_ids):
            owners.setdefault(price_id, []).append(offer.package_id)
    for price_id, package_ids in owners.items():
        if len(package_ids) > 1:
            yield (
                f"{price_id} belongs to {' and '.join(package_ids)}, so which of them it sells is"
                " chance. Remove it from all but one package's stripe_price_ids."
            )


def _unpriced(offers: Sequence[Offer], livemode: bool) -> Iterator[str]:
    for offer in offers:
        if offer.active and not offer.stripe_price_ids:
            yield (
                f"Package {offer.package_id} has no price: only sessions with metadata.package_id"
                " and its exact amount sell it. Make a price, and put its id into the catalogue:"
                f"\n{commands.create_price(offer, livemode)}"
                f"\n{commands.add_to_catalogue(offer)}"
            )
