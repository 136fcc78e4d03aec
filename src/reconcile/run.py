"""A whole run: the schedule's lists, the till's own incomplete rows, and backfills."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.events import Reference, ReferenceKind
from reconcile.checkpoints import (
    SCHEDULE,
    Checkpoint,
    after_page,
    after_target,
    backfill,
    narrowed,
    next_window,
    sessions_listed_from,
    settled_by,
)
from reconcile.ports import Page, Ports, RowKey
from reconcile.repair import check_page, check_session
from reconcile.requests import ReconcileRequest
from reconcile.tally import LISTED, Tally
from reconcile.work import Limits, Run, Step, Stop, iso

# Delayed payment methods take two weeks at the most; what pends longer was given up by somebody.
ROWS_REACH_BACK = timedelta(days=60)
OWN_ROWS = "incomplete_payments"


class NoSchedule(Exception):
    """The table of checkpoints lacks the schedule: the migrations are not applied, or its rows
    were removed."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of a run. `places` is where it stands; `stop` is None when it got through,
    whatever it passed by; `unfinished` names the backfills that the schedule will go on with."""

    request: ReconcileRequest
    tally: Tally
    stop: Stop | None
    places: Sequence[Checkpoint]
    unfinished: Sequence[str]

    @property
    def finished(self) -> bool:
        return self.stop is None

    def as_json(self) -> dict[str, Any]:
        """`{"finished", "stopped_because", "error", "since", "dry_run", "checked", "missed",
        "repairs", "repairs_total", "failures", "failures_total", "watermarks",
        "unfinished_backfills"}`; `error` is None unless Stripe ended the run. Of repairs and
        failures the first `LISTED` are in it."""
        tally, stop, since = self.tally, self.stop, self.request.since
        return {
            "finished": self.finished,
            "stopped_because": stop.because if stop else None,
            "error": stop.message if stop else None,
            "since": iso(since) if since else None,
            "dry_run": self.request.dry_run,
            "checked": dict(tally.checked),
            "missed": tally.missed,
            "repairs": [repair.as_json() for repair in tally.repairs],
            "repairs_total": tally.repairs_total,
            "failures": [asdict(failure) for failure in tally.failures[:LISTED]],
            "failures_total": len(tally.failures),
            "watermarks": {str(place.listing): iso(place.resume_from) for place in self.places},
            "unfinished_backfills": list(self.unfinished),
        }

    @property
    def counts(self) -> dict[str, int]:
        """What alarms stand on: lost deliveries, objects passed by, runs that stay away. A backfill
        looks at history, where to find something is no alarm; to pass something by is one, for
        nobody looks there again."""
        failures = {"ReconcileFailures": len(self.tally.failures)}
        if self.request.since is not None:
            return failures
        return {
            **failures,
            "ReconcileRepairs": self.tally.lost_deliveries,
            "ReconcileMissed": self.tally.missed,
            **({"ReconcileFinished": 1} if self.finished else {}),
        }


def reconcile(
    request: ReconcileRequest,
    ports: Ports,
    limits: Limits,
    watch: Callable[[Step], None],
    now: datetime,
) -> Reconciled:
    """Runs until all is done or a limit is reached, past every object that cannot be dealt with.
    An outage of Stripe ends the run early and is no error; one of the database raises, and so does
    NoSchedule."""
    run = Run(ports, now, settled_by(now, request.scheduled), limits, watch)
    reached = on_schedule(run) if request.since is None else run_backfill(request.since, run)
    unfinished = {place.run for place in ports.checkpoints.unfinished_backfills()}
    ports.fold_totals()
    return Reconciled(request, run.tally, reached.stop, reached.places, sorted(unfinished))


@dataclass(frozen=True, slots=True)
class Reached:
    places: Sequence[Checkpoint]
    stop: Stop | None


def on_schedule(run: Run) -> Reached:
    target, places = run.settled_by, run.ports.checkpoints.of_run(SCHEDULE)
    if not places:
        raise NoSchedule("reconcile_checkpoints has no rows of the run 'schedule'")
    reached = run_all(places, lambda _place: target, run)
    stop = reached.stop or check_own_rows(run)
    if stop is None:
        backfills = run.ports.checkpoints.unfinished_backfills()
        stop = run_all(backfills, end_of_backfill, run).stop
    return Reached(reached.places, stop)


def run_backfill(since: datetime, run: Run) -> Reached:
    places = run.ports.checkpoints.begin(backfill(since, run.settled_by, run.now))
    return run_all(places, end_of_backfill, run)


def end_of_backfill(place: Checkpoint) -> datetime:
    return place.ends_at or place.begins_at


def run_all(
    places: Sequence[Checkpoint], target_of: Callable[[Checkpoint], datetime], run: Run
) -> Reached:
    reached: list[Checkpoint] = []
    for at, place in enumerate(places):
        arrived_at, stop = run_one(place, target_of(place), run)
        reached.append(arrived_at)
        if stop is not None:
            return Reached([*reached, *places[at + 1 :]], stop)
    return Reached(reached, None)


def run_one(place: Checkpoint, target: datetime, run: Run) -> tuple[Checkpoint, Stop | None]:
    """Walks to the target. Before a page is done with, its place is not saved: the next run begins
    with it."""
    run.is_backfill = place.run != SCHEDULE
    while (window := next_window(place, target)) is not None:
        stop = run.why_no_page()
        if stop is not None:
            return place, stop
        page = run.ports.history.page(place.listing, window)
        if not isinstance(page, Page):
            return place, Stop("stripe", page.why)
        narrower = narrowed(place, window) if page.is_cut else None
        if narrower is not None:
            place = narrower
            continue
        stop = check_page(place.listing, page, run)
        if stop is not None:
            return place, stop
        place = after_page(place, window, page.next_cursor)
        run.ports.checkpoints.save(place)
        run.page_done(place, target, window, page)
    return arrived(place, run), None


def arrived(place: Checkpoint, run: Run) -> Checkpoint:
    if place.run != SCHEDULE:
        run.ports.checkpoints.finish(place)
        return place
    behind = after_target(place)
    run.ports.checkpoints.save(behind)
    return behind


def check_own_rows(run: Run) -> Stop | None:
    """Asks about rows of which Stripe may know more by now, the latest first."""
    since, listed_from = run.now - ROWS_REACH_BACK, sessions_listed_from(run.now)
    after = None
    while rows := run.ports.rows.incomplete(since, listed_from, after):
        stop = run.each(rows, lambda row: check_row(row, run))
        if stop is not None:
            return stop
        after = rows[-1]
    return None


def check_row(row: RowKey, run: Run) -> Stop | None:
    run.tally.checked[OWN_ROWS] += 1
    return check_session(Reference(ReferenceKind.CHECKOUT_SESSION, row.session_id), run)
