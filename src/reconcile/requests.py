"""What may be asked of reconcile and prove, read from a request with every mistake named."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.requests import Fields, Mistake, Refused, read

# Stripe was founded in 2010: nothing is older.
OLDEST = datetime(2010, 1, 1, tzinfo=UTC)
SCHEDULERS = ("aws.events", "aws.scheduler")
RECONCILE_FIELDS = ("days", "dry_run", "max_pages", "prove", "since")
PROOF_FIELDS = ("days", "prove", "since", "until")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileRequest:
    """`since` None: go on where the last run stopped. `scheduled`: nobody waits for the answer."""

    since: datetime | None = None
    scheduled: bool = False
    dry_run: bool = False
    max_pages: int | None = None


@dataclass(frozen=True, slots=True)
class ProveRequest:
    """Compare everything from `since` up to and without `until`."""

    since: datetime
    until: datetime


def is_scheduled(event: object) -> bool:
    """Whether the event comes from an EventBridge rule or from EventBridge Scheduler.
    https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html
    """
    return (
        isinstance(event, Mapping)
        and event.get("source") in SCHEDULERS
        and event.get("detail-type") == "Scheduled Event"
    )


def read_request(event: object, now: datetime) -> ReconcileRequest | ProveRequest | Refused:
    """Reads `{}`, `{"since"}` or `{"days"}`, each with `{"dry_run", "max_pages"}`, and
    `{"prove": true}` with `{"since"}` or `{"days"}`, and `{"until"}`."""
    if is_scheduled(event):
        return ReconcileRequest(scheduled=True)
    return read(event, lambda fields: _asked(fields, now))


def _asked(fields: Fields, now: datetime) -> ReconcileRequest | ProveRequest:
    is_proof = fields.flag("prove")
    known = PROOF_FIELDS if is_proof else RECONCILE_FIELDS
    if unknown := fields.unknown(known):
        raise Mistake(f"there is no field {unknown}; known are {', '.join(known)}")
    since = _since(fields, now)
    if is_proof:
        return _proof(since, fields.time("until") or now, now)
    return ReconcileRequest(
        since=since, dry_run=fields.flag("dry_run"), max_pages=fields.whole("max_pages", 1)
    )


def _proof(since: datetime | None, until: datetime, now: datetime) -> ProveRequest:
    if since is None:
        raise Mistake("prove needs a beginning: since, a time, or days, a number")
    if until > now or until <= since:
        raise Mistake("until must be after since and not in the future")
    return ProveRequest(since, until)


def _since(fields: Fields, now: datetime) -> datetime | None:
    since, days = fields.time("since"), fields.whole("days", 1)
    if since is not None and days is not None:
        raise Mistake("since and days say the same: give one of them")
    if days is not None:
        # From midnight, so that the same request later on the same day goes on with the same run.
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        since = max(midnight - timedelta(days=min(days, 36_500)), OLDEST)
    if since is not None and not OLDEST <= since < now:
        raise Mistake("since must lie between 2010 and now")
    return since
