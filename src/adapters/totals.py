"""The totals of payments: what a write changes in them, and the upkeep that a schedule calls."""

from adapters.postgres import Database
from adapters.sql_files import statement
from domain.converge import StoredPayment
from domain.payment import Payment, to_major

COUNT = statement("operations/count_payments")
FOLD = statement("operations/fold_payment_changes")
REMOVE_EMPTY = statement("operations/remove_empty_totals")
LOCK = statement("operations/lock_payment_totals")
REPAIR = statement("operations/repair_payment_totals")

# A batch takes a fraction of a second, so that nobody waits long for a line of the totals; a call
# ends by itself, and the next one goes on.
BATCH_SIZE = 2_000
BATCHES = 50

# Repairing reads every payment.
REPAIR_SECONDS = 600.0


def change(payment: Payment, stored: StoredPayment | None) -> tuple[str | None, str | None]:
    """What a write changes for the totals: the payment before and after, as literals of the type
    `counted_payment`; before is None for one that they do not have, both are when nothing changes.
    """
    counted = _counted(payment)
    if stored is None or not stored.is_counted:
        return None, _row_literal(counted)
    counted_before = _counted(stored.payment)
    if counted == counted_before:
        return None, None
    return _row_literal(counted_before), _row_literal(counted)


def fold(database: Database, batch_size: int = BATCH_SIZE) -> int:
    """Takes what has changed up into the totals; how many changes it took.

    Reports are exact without it: it keeps what they read one by one short. Safe at any time, also
    twice at once.
    """
    _in_batches(database, COUNT, batch_size)
    folded = _in_batches(database, FOLD, batch_size)
    database.one(REMOVE_EMPTY, {})
    return folded


def _in_batches(database: Database, statement: str, batch_size: int) -> int:
    """Repeats a statement that answers how many rows it took, until it finds no full batch."""
    taken = 0
    for _ in range(BATCHES):
        row = database.one(statement, {"batch_size": batch_size})
        assert row is not None, "a count always gives one row"
        (rows,) = row.values()
        taken += rows
        if rows < batch_size:
            break
    return taken


def repair(database: Database) -> int:
    """Makes the totals agree with the payments again; how many lines of them were wrong.

    Reads every payment once. Needed after counted payments were changed by hand, or by an older
    release while this one was being deployed; `rollup_audit` and `customers_audit` say so.
    """
    with database.transaction(REPAIR_SECONDS) as connection:
        connection.execute(LOCK)
        row = connection.execute(REPAIR).fetchone()
    assert row is not None, "a count always gives one row"
    return int(row["repaired"])


def _counted(payment: Payment) -> tuple[object, ...]:
    cents, currency = payment.amount_paid_cents, payment.currency
    return (
        payment.paid_at,
        payment.user_id,
        payment.package_name,
        payment.payment_status,
        payment.payment_method,
        currency,
        None if cents is None else to_major(cents, "usd"),
        to_major(payment.amount_charged_minor, currency),
        to_major(payment.amount_refunded_minor, currency),
        to_major(payment.amount_disputed_minor, currency),
    )


def _row_literal(fields: tuple[object, ...]) -> str:
    """https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX"""
    return f"({','.join('' if field is None else _quoted(str(field)) for field in fields)})"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '""') + '"'
