"""The currencies that a Stripe account takes, and the least amount of each.

Source: https://docs.stripe.com/currencies
"""

from __future__ import annotations

from standin import money

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
MOST_MINOR = 99_999_999

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


def least_minor(currency: str) -> int:
    """The least amount that can be charged; where there is no rule, what 50 US cents are."""
    if currency in _LEAST_MINOR:
        return _LEAST_MINOR[currency]
    rate = money.default_exchange_rate(currency)
    return -int(-_LEAST_MINOR["usd"] // rate)
