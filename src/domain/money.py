"""Stripe's integer minor units to decimal major units and back, exactly.

Source of the exponents: https://docs.stripe.com/currencies (zero-decimal, three-decimal and
special cases).
"""

from decimal import Decimal

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
