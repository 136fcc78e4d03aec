"""Currencies and amounts: what may be charged, sharing, converting, fees, and amounts to read.

Source: https://docs.stripe.com/currencies
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

SETTLEMENT_CURRENCY = "usd"
MOST_MINOR = 99_999_999

# The currencies that a Stripe account takes.
_WORDS = (
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd "
    "btn bwp byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp "
    "gbp gel ghs gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr "
    "kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr "
    "mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd "
    "scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd "
    "vuv wst xaf xcd xof xpf yer zar zmw "
)
SUPPORTED = frozenset(_WORDS.split())

# Minor units of a currency as the API counts them: ISK and UGX are sent with two decimals.
_ZERO_DECIMAL = frozenset(
    (
        *("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"),
        *("pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"),
    )
)
_THREE_DECIMAL = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))

# US dollars for one major unit: invented, but near the truth, and the same in every run.
_DOLLARS = {
    "usd": Decimal(1),
    "eur": Decimal("1.08"),
    "gbp": Decimal("1.27"),
    "cad": Decimal("0.73"),
    "aud": Decimal("0.66"),
    "jpy": Decimal("0.0067"),
    "krw": Decimal("0.00073"),
    "kwd": Decimal("3.25"),
    "isk": Decimal("0.0072"),
    "huf": Decimal("0.0027"),
    "twd": Decimal("0.031"),
    "ugx": Decimal("0.00027"),
}

# The least amount that can be charged.
_LEAST_MINOR = {
    "usd": 50,
    "aed": 200,
    "aud": 50,
    "bgn": 100,
    "brl": 50,
    "cad": 50,
    "chf": 50,
    "czk": 1500,
    "dkk": 250,
    "eur": 50,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "inr": 50,
    "jpy": 50,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "nzd": 50,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "sgd": 50,
    "thb": 1000,
}


def decimals(currency: str) -> int:
    """How many decimals the API's minor unit of a currency has: 0, 2 or 3."""
    if currency in _ZERO_DECIMAL:
        return 0
    return 3 if currency in _THREE_DECIMAL else 2


def default_exchange_rate(currency: str) -> Decimal:
    """US cents for one minor unit of `currency`, as `exchange_rate` counts them."""
    dollars = _DOLLARS.get(currency, Decimal("0.5"))
    return dollars.scaleb(2 - decimals(currency))


def least_minor(currency: str) -> int:
    """The least amount that can be charged; where there is no rule, what 50 US cents are."""
    if currency in _LEAST_MINOR:
        return _LEAST_MINOR[currency]
    rate = default_exchange_rate(currency)
    return -int(-_LEAST_MINOR["usd"] // rate)


def convert(amount_minor: int, exchange_rate: Decimal) -> int:
    """The amount in the settlement currency's minor unit, rounded half up."""
    return int((amount_minor * exchange_rate).to_integral_value(ROUND_HALF_UP))


def processing_fee(amount_minor: int) -> int:
    """2.9 % and 30 cents, in minor units: Stripe's standard fee in the United States."""
    return (amount_minor * 29 + 500) // 1000 + 30


def shared(total_minor: int, weights: Sequence[int]) -> list[int]:
    """`total_minor` split in proportion to `weights`; the parts add up to it exactly."""
    if not weights:
        return []
    whole = sum(weights)
    if whole == 0:
        return [total_minor, *([0] * (len(weights) - 1))]
    parts = [total_minor * weight // whole for weight in weights]
    parts[-1] += total_minor - sum(parts)
    return parts


def display(amount_minor: int, currency: str) -> str:
    """An amount for a person to read, such as `49.00 USD`."""
    places = decimals(currency)
    amount = Decimal(amount_minor).scaleb(-places)
    return f"{amount:,.{places}f} {currency.upper()}"
