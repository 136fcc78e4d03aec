"""Ways to keep totals while a payment is recorded, and to keep none."""

from dataclasses import dataclass

from adapters.payments import RECORD
from adapters.totals import FOLD

_WITHOUT_TOTALS = """
ALTER TABLE payment_transactions DROP COLUMN is_counted CASCADE, DROP COLUMN counted CASCADE
"""

# Every writer says that the payment is to be counted, whatever it changed.
_WITH_A_FLAG = """
ALTER TABLE payment_transactions DROP COLUMN is_counted CASCADE;
ALTER TABLE payment_transactions ADD COLUMN is_counted boolean NOT NULL DEFAULT false;
CREATE INDEX payment_transactions_uncounted ON payment_transactions (stripe_session_id)
    WHERE NOT is_counted
"""
_REVISION = "revision = excluded.revision,"
_SETS_THE_FLAG = RECORD.replace(_REVISION, f"{_REVISION} is_counted = false,")

_FLAG_FOLD = "UPDATE payment_transactions SET is_counted = true WHERE NOT is_counted"

# The indexes that only lists need; what they cost is measured apart.
_WITHOUT_LIST_INDEXES = """
DROP INDEX payment_transactions_held, payment_transactions_pending, payment_transactions_returned,
    stripe_events_by_time, stripe_events_by_payment, stripe_events_ignored,
    stripe_events_reconciled, stripe_events_of_operators
"""


@dataclass(frozen=True)
class Variant:
    """A way to record a payment, and what its database needs for it."""

    name: str
    meaning: str
    statement: str = RECORD
    prepare: str = ""
    fold: str = "SELECT"


WITHOUT = Variant("without", "no totals", prepare=_WITHOUT_TOTALS)
VARIANTS = (
    WITHOUT,
    Variant("counted", "a row knows by itself whether it is counted", fold=FOLD),
    Variant("flag", "every writer says that it is not", _SETS_THE_FLAG, _WITH_A_FLAG, _FLAG_FOLD),
    Variant(
        "no list indexes",
        "no totals, no indexes of lists",
        prepare=f"{_WITHOUT_TOTALS}; {_WITHOUT_LIST_INDEXES}",
    ),
)
