"""How far each walk through Stripe's history has come, and which stretch of it is next.

Stripe lists the newest first (https://docs.stripe.com/api/pagination). So a walk goes upwards in
time from window to window, each closed at both ends, and downwards by pages inside a window:
objects made meanwhile lie above every window and can push nothing out of a page.

Whatever progress is saved says "everything before this was finished, or passed by, by somebody".
That makes it safe for two runs to overwrite each other's progress, backwards too.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Sweep(StrEnum):
    """What is walked through: one of Stripe's lists."""

    EVENTS = "events"
    SESSIONS = "sessions"
    REFUNDS = "refunds"
    DISPUTES = "disputes"


# The walk that the schedule goes on with; every other one is a backfill, named by its beginning.
SCHEDULE = "schedule"

# Deliveries of the last minute may still be on their way: a schedule that recorded what they bring
# would raise an alarm for nothing. Whoever calls by hand wants what is there now.
SETTLING = timedelta(seconds=60)
# What Stripe dates in the second that has just begun is still to be listed. More may follow in that
# second, which the overlap of the next run brings.
THIS_SECOND = timedelta(seconds=1)

# https://docs.stripe.com/api/events: "access events that occurred within the last 30 days".
EVENTS_REACH_BACK = timedelta(days=30)

# How long a window is: long, so that years in which nothing was sold cost few calls; not endless,
# because a window begins anew when its cursor is no longer good.
_WIDTHS = {
    Sweep.EVENTS: timedelta(days=7),
    Sweep.SESSIONS: timedelta(days=30),
    Sweep.REFUNDS: timedelta(days=90),
    Sweep.DISPUTES: timedelta(days=360),
}

# What a walk that has arrived looks at once more in the next run: events that appear late;
# sessions while they can be paid (24 hours) and settled; refunds that may fail; disputes until
# the bank has decided. https://docs.stripe.com/disputes/how-disputes-work
_OVERLAPS = {
    Sweep.EVENTS: timedelta(hours=1),
    Sweep.SESSIONS: timedelta(days=3),
    Sweep.REFUNDS: timedelta(days=3),
    Sweep.DISPUTES: timedelta(days=120),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One walk's place in one list. All before `resume_from` is finished.

    A window under way ends at `window_end`; of it, all that is not older than the object `cursor`
    is finished. `ends_at` is where a backfill ends; the schedule's walk has no end.
    """

    walk: str
    sweep: Sweep
    begins_at: datetime
    resume_from: datetime
    ends_at: datetime | None = None
    window_end: datetime | None = None
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` up to and without `end`, after the object `cursor` if there is one."""

    start: datetime
    end: datetime
    cursor: str | None = None


def next_window(progress: Progress, target: datetime) -> Window | None:
    """The window under way, else the next one; None at the target."""
    if progress.window_end is not None:
        return Window(progress.resume_from, progress.window_end, progress.cursor)
    if progress.resume_from >= target:
        return None
    end = min(progress.resume_from + _WIDTHS[progress.sweep], target)
    return Window(progress.resume_from, end)


def after_page(progress: Progress, window: Window, next_cursor: str | None) -> Progress:
    """The place once a page is finished; `next_cursor` is None on a window's last page."""
    if next_cursor is None:
        return replace(progress, resume_from=window.end, window_end=None, cursor=None)
    return replace(progress, window_end=window.end, cursor=next_cursor)


def narrowed(progress: Progress, window: Window) -> Progress | None:
    """The place when Stripe does not go on after an object: the first half of the window is walked
    anew, in other pages. None for a window of a second, which has no half."""
    seconds = int((window.end - window.start).total_seconds()) // 2
    if seconds == 0:
        return None
    return replace(progress, window_end=window.start + timedelta(seconds=seconds), cursor=None)


def after_target(progress: Progress) -> Progress:
    """Where the next run of the schedule begins. Only a walk that has arrived goes back a little:
    one that needs several runs would otherwise never get ahead."""
    back = progress.resume_from - _OVERLAPS[progress.sweep]
    return replace(progress, resume_from=max(back, progress.begins_at))


def settled_by(now: datetime, scheduled: bool) -> datetime:
    """Up to when a run that begins `now` looks at what Stripe has."""
    return now - SETTLING if scheduled else now + THIS_SECOND


def sessions_listed_from(now: datetime) -> datetime:
    """Sessions made since then are looked at by every run that arrives."""
    return now - _OVERLAPS[Sweep.SESSIONS]


def backfill(since: datetime, until: datetime, now: datetime) -> list[Progress]:
    """The places at which a backfill begins, one a list."""
    return [
        Progress(
            walk=walk_name(since),
            sweep=sweep,
            begins_at=since,
            resume_from=max(since, now - EVENTS_REACH_BACK) if sweep is Sweep.EVENTS else since,
            ends_at=until,
        )
        for sweep in Sweep
    ]


def walk_name(since: datetime) -> str:
    """The name of the backfill that begins at `since`, so that asking again goes on with it."""
    return f"since {since.isoformat()}"
