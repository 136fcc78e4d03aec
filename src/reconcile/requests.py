"""What may be asked of reconcile and prove, read from a request with every mistake named."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

# Stripe was founded in 2010: nothing is older.
OLDEST = datetime(2010, 1, 1, tzinfo=UTC)
SCHEDULERS = ("aws.events", "aws.scheduler")


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


@dataclass(frozen=True, slots=True)
class RequestRefused:
    """Why nothing was done; `code` is for programs, `message` says what to ask instead."""

    code: str
    message: str


class _Mistake(Exception):
    """A field makes no sense. Never leaves this module."""


def is_scheduled(event: object) -> bool:
    """Whether the event comes from an EventBridge rule or from EventBridge Scheduler.
    https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html
    """
    return (
        isinstance(event, Mapping)
        and event.get("source") in SCHEDULERS
        and event.get("detail-type") == "Scheduled Event"
    )


def read_request(event: object, now: datetime) -> ReconcileRequest | ProveRequest | RequestRefused:
    """Reads `{}`, `{"since"}` or `{"days"}`, each with `{"dry_run", "max_pages"}`, and
    `{"prove": true}` with `{"since"}` or `{"days"}`, and `{"until"}`."""
    if is_scheduled(event):
        return ReconcileRequest(scheduled=True)
    if not isinstance(event, Mapping):
        return RequestRefused("bad_request", "the request must be a JSON object")
    try:
        if _flag(event, "prove"):
            return _prove_request(event, now)
        return _reconcile_request(event, now)
    except _Mistake as mistake:
        return RequestRefused("bad_request", str(mistake))


def _reconcile_request(request: Mapping[str, Any], now: datetime) -> ReconcileRequest:
    _only(request, {"since", "days", "dry_run", "max_pages", "prove"})
    return ReconcileRequest(
        since=_since(request, now),
        dry_run=_flag(request, "dry_run"),
        max_pages=_whole(request, "max_pages"),
    )


def _prove_request(request: Mapping[str, Any], now: datetime) -> ProveRequest:
    _only(request, {"prove", "since", "days", "until"})
    since, until = _since(request, now), _time(request, "until") or now
    if since is None:
        raise _Mistake("prove needs a beginning: since, a time, or days, a number")
    if until > now or until <= since:
        raise _Mistake("until must be after since and not in the future")
    return ProveRequest(since, until)


def _only(request: Mapping[str, Any], known: set[str]) -> None:
    # In ASCII: half a surrogate pair could not leave in an answer.
    unknown = sorted(ascii(field).strip("'") for field in request.keys() - known)
    if unknown:
        raise _Mistake(f"there is no field {', '.join(unknown)}; known are {_listed(known)}")


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _since(request: Mapping[str, Any], now: datetime) -> datetime | None:
    since, days = _time(request, "since"), _whole(request, "days")
    if since is not None and days is not None:
        raise _Mistake("since and days say the same: give one of them")
    if days is not None:
        # From midnight, so that the same request later on the same day goes on with the same run.
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        since = max(midnight - timedelta(days=min(days, 36_500)), OLDEST)
    if since is not None and not OLDEST <= since < now:
        raise _Mistake("since must lie between 2010 and now")
    return since


def _time(request: Mapping[str, Any], field: str) -> datetime | None:
    value = request.get(field)
    if value is None:
        return None
    try:
        read = datetime.fromisoformat(value)
        at = (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise _Mistake(f"{field} must be an ISO 8601 time like 2026-01-31T00:00:00Z") from None
    return at.replace(microsecond=0)


def _whole(request: Mapping[str, Any], field: str) -> int | None:
    value = request.get(field)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _Mistake(f"{field} must be a whole number, 1 or more")
    return value


def _flag(request: Mapping[str, Any], field: str) -> bool:
    value = request.get(field, False)
    if not isinstance(value, bool):
        raise _Mistake(f"{field} must be true or false")
    return value
