"""Minor units to major units and back, for every kind of currency that Stripe has."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payment import to_major, to_minor

ZERO_DECIMAL = [
    "bif",
    "clp",
    "djf",
    "gnf",
    "jpy",
    "kmf",
    "krw",
    "mga",
    "pyg",
    "rwf",
    "vnd",
    "vuv",
    "xaf",
    "xof",
    "xpf",
]
THREE_DECIMAL = ["bhd", "jod", "kwd", "omr", "tnd"]
# ISK and UGX are sent with two decimals, always 00; HUF and TWD lose theirs in payouts only.
TWO_DECIMAL = ["usd", "eur", "gbp", "isk", "ugx", "huf", "twd"]
CURRENCIES = [*ZERO_DECIMAL, *THREE_DECIMAL, *TWO_DECIMAL]


@pytest.mark.parametrize(
    ("currency", "major"),
    [(currency, "51200") for currency in ZERO_DECIMAL]
    + [(currency, "51.200") for currency in THREE_DECIMAL]
    + [(currency, "512.00") for currency in TWO_DECIMAL],
)
def test_a_minor_amount_becomes_the_currency_s_major_amount(currency: str, major: str) -> None:
    assert str(to_major(51200, currency)) == major


@given(
    amount_minor=st.integers(min_value=-(2**63), max_value=2**63),
    currency=st.sampled_from(CURRENCIES),
)
def test_an_amount_survives_the_way_there_and_back(amount_minor: int, currency: str) -> None:
    assert to_minor(to_major(amount_minor, currency), currency) == amount_minor


@pytest.mark.parametrize(
    ("amount_major", "currency"),
    [("0.5", "jpy"), ("0.005", "usd"), ("0.0005", "kwd"), ("1500.001", "isk")],
)
def test_a_fraction_of_a_minor_unit_is_refused(amount_major: str, currency: str) -> None:
    with pytest.raises(ValueError, match=f"{amount_major} {currency}"):
        to_minor(Decimal(amount_major), currency)


@pytest.mark.parametrize(
    ("amount_major", "currency", "amount_minor"),
    [("1500.000", "jpy", 1500), ("45.000", "usd", 4500), ("5.120", "kwd", 5120), ("5", "isk", 500)],
)
def test_trailing_zeros_of_the_database_column_are_no_fraction(
    amount_major: str, currency: str, amount_minor: int
) -> None:
    assert to_minor(Decimal(amount_major), currency) == amount_minor
