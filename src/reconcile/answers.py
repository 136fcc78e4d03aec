"""What a run answers, as JSON values: times as ISO 8601 in UTC."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from reconcile.tally import LISTED, Repair
from reconcile.walks import Reconciled


def answer_of(done: Reconciled) -> dict[str, Any]:
    """`{"finished", "stopped_because", "error", "since", "dry_run", "checked", "missed",
    "repairs", "repairs_total", "failures", "failures_total", "watermarks",
    "unfinished_backfills"}`; `error` is None unless Stripe ended the run. Of repairs and failures
    the first `LISTED` are in it."""
    tally, stop = done.tally, done.stop
    since = done.request.since
    return {
        "finished": done.finished,
        "stopped_because": stop.because if stop else None,
        "error": stop.message if stop else None,
        "since": iso(since) if since else None,
        "dry_run": done.request.dry_run,
        "checked": dict(tally.checked),
        "missed": tally.missed,
        "repairs": [repair_as_json(repair) for repair in tally.repairs],
        "repairs_total": tally.repairs_total,
        "failures": [asdict(failure) for failure in tally.failures[:LISTED]],
        "failures_total": len(tally.failures),
        "watermarks": {str(place.sweep): iso(place.resume_from) for place in done.places},
        "unfinished_backfills": list(done.unfinished),
    }


def repair_as_json(repair: Repair) -> Mapping[str, Any]:
    """`{"event_id", "session_id", "payment_id", "payment_status", "delta", "cause", "why"}`"""
    return {**asdict(repair), "cause": str(repair.cause)}


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
