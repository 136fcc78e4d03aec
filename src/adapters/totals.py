"""The totals that reports read: counting what has changed since, and putting them right again."""

from adapters.payments import request_columns
from adapters.postgres import Database
from adapters.request_ids import written_once
from adapters.sql_files import statement
from domain.events import Signed

FOLD = statement("totals/fold_totals")
REMOVE_EMPTY = statement("totals/remove_empty_totals")
BEGIN_REPAIR = statement("totals/begin_repair")
REPAIR = statement("totals/repair_totals")

# A batch takes a fraction of a second, so that nobody waits long for a payment or a total; a call
# ends by itself, and the next one goes on.
BATCH_SIZE = 1_000
BATCHES = 100


def fold_totals(database: Database, batch_size: int = BATCH_SIZE) -> int:
    """Counts the payments that the totals do not have as they are; how many it counted.

    Reports are exact without it: it keeps what they read one by one short. Safe at any time, also
    twice at once.
    """
    folded = 0
    for _ in range(BATCHES):
        row = database.one(FOLD, {"batch_size": batch_size})
        assert row is not None, "a count always gives one row"
        folded += row["counted"]
        if row["counted"] < batch_size:
            break
    database.one(REMOVE_EMPTY, {})
    return folded


def repair_totals(database: Database, signed: Signed) -> int | None:
    """Makes the totals agree with the payments again, once a request; how many of them were wrong.

    None when the request was done before. Reads every payment, while others are being recorded.
    Needed when somebody wrote to the totals or deleted payments: `rollup_audit` and
    `customers_audit` say so.
    """
    request = {
        "event_id": signed.event_id,
        "event_type": signed.event_type,
        **request_columns(signed),
    }
    row = written_once(database, signed, REPAIR, request, begin=BEGIN_REPAIR)
    database.one(REMOVE_EMPTY, {})
    return None if row is None else int(row["repaired"])
