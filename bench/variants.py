"""Ways to keep totals while a payment is recorded, and to keep none."""

import re
from dataclasses import dataclass

from adapters.payments import RECORD

_CHANGE = re.compile(r"\), change AS \(.*?\n\), event AS \(", re.DOTALL)
_RETURNED = "RETURNING payment_id, user_id, held_reason, revision, created_at"

# The indexes that only lists need; what they cost is measured apart.
DROP_LIST_INDEXES = """
DROP INDEX payment_transactions_held, payment_transactions_pending, payment_transactions_returned,
    stripe_events_by_time, stripe_events_by_payment, stripe_events_ignored,
    stripe_events_reconciled, stripe_events_of_operators
"""

_COUNTED_AND_MORE = f"""{_RETURNED}, coalesce(paid_at, created_at) AS counted_at, package_name,
    payment_status, payment_method, currency, amount_paid, amount_charged, amount_refunded,
    amount_disputed"""

# Minus the row as the table has it, plus the row as it is written.
_BEFORE_AND_AFTER = """
    SELECT payment_id, revision, 1 AS sign, counted_at, user_id, package_name, payment_status,
           payment_method, currency, amount_paid, amount_charged, amount_refunded, amount_disputed
      FROM payment
     WHERE %(became)s::text IS NOT NULL
    UNION ALL
    SELECT was.payment_id, payment.revision, -1, coalesce(was.paid_at, was.created_at), was.user_id,
           was.package_name, was.payment_status, was.payment_method, was.currency, was.amount_paid,
           was.amount_charged, was.amount_refunded, was.amount_disputed
      FROM payment_transactions AS was, payment
     WHERE was.stripe_session_id = %(session_id)s::text
       AND was.revision = %(found_revision)s::bigint
       AND %(became)s::text IS NOT NULL
"""

_COLUMNS_TABLE = """
CREATE TABLE change_lines (
    payment_id text NOT NULL, revision bigint NOT NULL, sign smallint NOT NULL,
    counted_at timestamptz NOT NULL, user_id text, package_name text, payment_status text NOT NULL,
    payment_method text, currency text NOT NULL, amount_paid numeric(12, 2),
    amount_charged numeric(20, 3) NOT NULL, amount_refunded numeric(20, 3) NOT NULL,
    amount_disputed numeric(20, 3) NOT NULL, PRIMARY KEY (payment_id, revision, sign))
"""
_COLUMNS = f"INSERT INTO change_lines {_BEFORE_AND_AFTER}"

_SLOTS_TABLE = """
CREATE TABLE slotted_totals (
    day date, payment_status text, package_name text, currency text, payment_method text, slot int,
    payments bigint, gross_usd numeric(20, 2), refunded_usd numeric(20, 2), charged numeric(28, 3),
    refunded numeric(28, 3), disputed numeric(28, 3),
    PRIMARY KEY (day, payment_status, package_name, currency, payment_method, slot))
"""
_SLOTS = f"""
    INSERT INTO slotted_totals AS stored
    SELECT (counted_at AT TIME ZONE 'UTC')::date AS day, payment_status,
           coalesce(package_name, '') AS package, currency, coalesce(payment_method, '') AS method,
           mod(abs(hashtext(payment_id)::bigint), 64) AS slot,
           sum(sign), sum(sign * coalesce(amount_paid, 0)),
           sum(sign * usd_returned(amount_paid, amount_charged, amount_refunded)),
           sum(sign * amount_charged), sum(sign * amount_refunded), sum(sign * amount_disputed)
      FROM ({_BEFORE_AND_AFTER}) AS line
     GROUP BY day, payment_status, package, currency, method, slot
     ORDER BY day, payment_status, package, currency, method, slot
    ON CONFLICT (day, payment_status, package_name, currency, payment_method, slot) DO UPDATE
       SET payments = stored.payments + excluded.payments,
           gross_usd = stored.gross_usd + excluded.gross_usd,
           refunded_usd = stored.refunded_usd + excluded.refunded_usd,
           charged = stored.charged + excluded.charged,
           refunded = stored.refunded + excluded.refunded,
           disputed = stored.disputed + excluded.disputed
"""


@dataclass(frozen=True)
class Variant:
    """A way to record a payment, and what its database needs for it."""

    name: str
    meaning: str
    statement: str
    prepare: str = ""


def _keeping(totals: str) -> str:
    kept = f"), change AS ({totals}), event AS ("
    return _CHANGE.sub(lambda _: kept, RECORD).replace(_RETURNED, _COUNTED_AND_MORE)


WITHOUT = Variant(
    "without",
    "no totals",
    _CHANGE.sub("), event AS (", RECORD).replace(", revision, created_at", ""),
)
VARIANTS = (
    WITHOUT,
    Variant("changes", "one line: before and after, as the program knows them", RECORD),
    Variant(
        "columns", "two lines of columns, before read back", _keeping(_COLUMNS), _COLUMNS_TABLE
    ),
    Variant("slots", "totals written at once, in 64 slots", _keeping(_SLOTS), _SLOTS_TABLE),
    Variant(
        "no list indexes", "no totals, no indexes of lists", WITHOUT.statement, DROP_LIST_INDEXES
    ),
)
