"""How far each run has come in each of Stripe's lists, and which stretch of it is next.

Stripe lists the newest first (https://docs.stripe.com/api/pagination). So a run goes upwards in
time from window to window, each closed at both ends, and downwards by pages inside a window:
objects made meanwhile lie above every window and can push nothing out of a page.

Whatever progress is saved says "everything before this was finished, or passed by, by somebody".
That makes it safe for two runs to overwrite each other's checkpoint, backwards too.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class Listing(StrEnum):
    """What is reached through: one of Stripe's lists."""

    EVENTS = "events"
    SESSIONS = "sessions"
    REFUNDS = "refunds"
    DISPUTES = "disputes"


# The run that the schedule goes on with; every other one is a backfill, named by its beginning.
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
    Listing.EVENTS: timedelta(days=7),
    Listing.SESSIONS: timedelta(days=30),
    Listing.REFUNDS: timedelta(days=90),
    Listing.DISPUTES: timedelta(days=360),
}

# What a run that has arrived looks at once more in the next run: events that appear late;
# sessions while they can be paid (24 hours) and settled; refunds that may fail; disputes until
# the bank has decided. https://docs.stripe.com/disputes/how-disputes-work
_OVERLAPS = {
    Listing.EVENTS: timedelta(hours=1),
    Listing.SESSIONS: timedelta(days=3),
    Listing.REFUNDS: timedelta(days=3),
    Listing.DISPUTES: timedelta(days=120),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One run's place in one list. All before `resume_from` is finished.

    A window under way ends at `window_end`; of it, all that is not older than the object `cursor`
    is finished. `ends_at` is where a backfill ends; the schedule has no end.
    """

    run: str
    listing: Listing
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


def next_window(checkpoint: Checkpoint, target: datetime) -> Window | None:
    """The window under way, else the next one; None at the target."""
    if checkpoint.window_end is not None:
        return Window(checkpoint.resume_from, checkpoint.window_end, checkpoint.cursor)
    if checkpoint.resume_from >= target:
        return None
    end = min(checkpoint.resume_from + _WIDTHS[checkpoint.listing], target)
    return Window(checkpoint.resume_from, end)


def after_page(checkpoint: Checkpoint, window: Window, next_cursor: str | None) -> Checkpoint:
    """The place once a page is finished; `next_cursor` is None on a window's last page."""
    if next_cursor is None:
        return replace(checkpoint, resume_from=window.end, window_end=None, cursor=None)
    return replace(checkpoint, window_end=window.end, cursor=next_cursor)


def narrowed(checkpoint: Checkpoint, window: Window) -> Checkpoint | None:
    """The place when Stripe does not go on after an object: the first half of the window is reached
    anew, in other pages. None for a window of a second, which has no half."""
    seconds = int((window.end - window.start).total_seconds()) // 2
    if seconds == 0:
        return None
    return replace(checkpoint, window_end=window.start + timedelta(seconds=seconds), cursor=None)


def after_target(checkpoint: Checkpoint) -> Checkpoint:
    """Where the next run of the schedule begins. Only a run that has arrived goes back a little:
    one that needs several runs would otherwise never get ahead."""
    back = checkpoint.resume_from - _OVERLAPS[checkpoint.listing]
    return replace(checkpoint, resume_from=max(back, checkpoint.begins_at))


def settled_by(now: datetime, scheduled: bool) -> datetime:
    """Up to when a run that begins `now` looks at what Stripe has."""
    return now - SETTLING if scheduled else now + THIS_SECOND


def sessions_listed_from(now: datetime) -> datetime:
    """Sessions made since then are looked at by every run that arrives."""
    return now - _OVERLAPS[Listing.SESSIONS]


def backfill(since: datetime, until: datetime, now: datetime) -> list[Checkpoint]:
    """The places at which a backfill begins, one a list."""
    return [
        Checkpoint(
            run=run_name(since),
            listing=listing,
            begins_at=since,
            resume_from=max(since, now - EVENTS_REACH_BACK) if listing is Listing.EVENTS else since,
            ends_at=until,
        )
        for listing in Listing
    ]


def run_name(since: datetime) -> str:
    """The name of the backfill that begins at `since`, so that asking again goes on with it."""
    return f"since {since.isoformat()}"
