"""A whole run: the schedule's walks, the till's own incomplete rows, and backfills."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.events import Reference, ReferenceKind
from reconcile.outages import Stop
from reconcile.progress import (
    SCHEDULE,
    Progress,
    after_page,
    after_target,
    backfill,
    narrowed,
    next_window,
    sessions_listed_from,
    settled_by,
)
from reconcile.requests import ReconcileRequest
from reconcile.run import Limits, Run, Step
from reconcile.sources import Page, RowKey, Sources
from reconcile.sweeps import check_page, check_session
from reconcile.tally import Tally

# Delayed payment methods take two weeks at the most; what pends longer was given up by somebody.
ROWS_REACH_BACK = timedelta(days=60)
OWN_ROWS = "incomplete_payments"


class NoSchedule(Exception):
    """The table of progress lacks the schedule's walk: the migrations are not applied, or its rows
    were removed."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of a run. `places` is where its walk stands; `stop` is None when it got through,
    whatever it passed by; `unfinished` names the backfills that the schedule will go on with."""

    request: ReconcileRequest
    tally: Tally
    stop: Stop | None
    places: Sequence[Progress]
    unfinished: Sequence[str]

    @property
    def finished(self) -> bool:
        return self.stop is None


def reconcile(
    request: ReconcileRequest,
    sources: Sources,
    limits: Limits,
    watch: Callable[[Step], None],
    now: datetime,
) -> Reconciled:
    """Runs until all is done or a limit is reached, past every object that cannot be dealt with.
    An outage of Stripe ends the run early and is no error; one of the database raises, and so does
    NoSchedule."""
    run = Run(sources, now, settled_by(now, request.scheduled), limits, watch)
    walked = _on_schedule(run) if request.since is None else _backfill(request.since, run)
    unfinished = {place.walk for place in sources.progress.unfinished_backfills()}
    sources.fold_totals()
    return Reconciled(request, run.tally, walked.stop, walked.places, sorted(unfinished))


@dataclass(frozen=True, slots=True)
class _Walked:
    places: Sequence[Progress]
    stop: Stop | None


def _on_schedule(run: Run) -> _Walked:
    target, places = run.settled_by, run.sources.progress.walk(SCHEDULE)
    if not places:
        raise NoSchedule("reconcile_progress has no rows of the walk 'schedule'")
    walked = _walk_all(places, lambda _place: target, run)
    stop = walked.stop or _check_own_rows(run)
    if stop is None:
        backfills = run.sources.progress.unfinished_backfills()
        stop = _walk_all(backfills, _end_of_backfill, run).stop
    return _Walked(walked.places, stop)


def _backfill(since: datetime, run: Run) -> _Walked:
    places = run.sources.progress.begin(backfill(since, run.settled_by, run.now))
    return _walk_all(places, _end_of_backfill, run)


def _end_of_backfill(place: Progress) -> datetime:
    return place.ends_at or place.begins_at


def _walk_all(
    places: Sequence[Progress], target_of: Callable[[Progress], datetime], run: Run
) -> _Walked:
    reached: list[Progress] = []
    for at, place in enumerate(places):
        walked, stop = _walk(place, target_of(place), run)
        reached.append(walked)
        if stop is not None:
            return _Walked([*reached, *places[at + 1 :]], stop)
    return _Walked(reached, None)


def _walk(place: Progress, target: datetime, run: Run) -> tuple[Progress, Stop | None]:
    """Walks to the target. Before a page is done with, its place is not saved: the next run begins
    with it."""
    run.is_backfill = place.walk != SCHEDULE
    while (window := next_window(place, target)) is not None:
        stop = run.why_no_page()
        if stop is not None:
            return place, stop
        page = run.sources.history.page(place.sweep, window)
        if not isinstance(page, Page):
            return place, Stop("stripe", page.why)
        narrower = narrowed(place, window) if page.is_cut else None
        if narrower is not None:
            place = narrower
            continue
        stop = check_page(place.sweep, page, run)
        if stop is not None:
            return place, stop
        place = after_page(place, window, page.next_cursor)
        run.sources.progress.save(place)
        run.page_done(place, target, window, page)
    return _arrived(place, run), None


def _arrived(place: Progress, run: Run) -> Progress:
    if place.walk != SCHEDULE:
        run.sources.progress.finish(place)
        return place
    behind = after_target(place)
    run.sources.progress.save(behind)
    return behind


def _check_own_rows(run: Run) -> Stop | None:
    """Asks about rows of which Stripe may know more by now, the latest first."""
    since, listed_from = run.now - ROWS_REACH_BACK, sessions_listed_from(run.now)
    after = None
    while rows := run.sources.records.incomplete(since, listed_from, after):
        stop = run.each(rows, lambda row: _check_row(row, run))
        if stop is not None:
            return stop
        after = rows[-1]
    return None


def _check_row(row: RowKey, run: Run) -> Stop | None:
    run.tally.checked[OWN_ROWS] += 1
    return check_session(Reference(ReferenceKind.CHECKOUT_SESSION, row.session_id), run)
