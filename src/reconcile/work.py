"""One run under way: what it works with, what it may still use, what it has counted, and whether it
can go on.

An outage of Stripe ends a run; what concerns one object is passed by. Whoever gets no answer about
an object asks about something else. If that is answered, it was the object: the rule needs no
count, and no number of odd objects in a row looks like an outage.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from domain.converge import TryLater
from domain.packages import ForSale
from domain.stripe_objects import StripeRefused, StripeUnreachable
from reconcile.checkpoints import Checkpoint, Window
from reconcile.ports import History, NoAnswer, Page, Ports
from reconcile.tally import Failure, Tally

T = TypeVar("T")

# A page of Stripe's takes two tries of 22 seconds at the worst, the five steps as much and a few
# statements. What begins with so much time left ends in time.
MARGIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a run ends before its work: `because` is "time", "max_pages" or "stripe"; `message`
    says more where there is more to say."""

    because: str
    message: str | None = None


def outage(why_not: TryLater | NoAnswer, history: History) -> Stop | None:
    """Whether it is Stripe that fails; None when it is what was asked about."""
    match why_not:
        case StripeRefused(about_object=False):
            return Stop("stripe", why_not.why)
        case StripeUnreachable():
            silence = history.ping()
            return Stop("stripe", silence.why) if silence is not None else None
    return None


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a run may take, in seconds left, and how many pages it may read (None: any)."""

    seconds_left: Callable[[], float]
    max_pages: int | None = None
    margin_seconds: float = MARGIN_SECONDS

    @property
    def time_is_up(self) -> bool:
        """Whether what begins now might not end in time."""
        return self.seconds_left() < self.margin_seconds


def limits_of(seconds_left: Callable[[], float], max_pages: int | None = None) -> Limits:
    """The limits of a run that has `seconds_left()` in all. A short one keeps a third of it in
    hand instead of doing nothing; what is then cut off is done by the next run."""
    return Limits(seconds_left, max_pages, min(MARGIN_SECONDS, seconds_left() / 3))


@dataclass(frozen=True, slots=True)
class Step:
    """A page with so many `items` is finished: for those who watch. `covered`, from 0 to 1, is how
    much of the time between the beginning of the run and its `target` is done with."""

    place: Checkpoint
    target: datetime
    items: int
    covered: float
    tally: Tally


@dataclass(slots=True)
class Run:
    """Everything that the parts of one run share. `is_backfill`: the list under way is a
    backfill's."""

    ports: Ports
    now: datetime
    settled_by: datetime
    limits: Limits
    watch: Callable[[Step], None]
    tally: Tally = field(default_factory=Tally)
    pages: int = 0
    is_backfill: bool = False

    def for_sale(self) -> ForSale:
        """What the list under way goes by."""
        now = self.ports.rows.for_sale()
        return now.also_before_the_till() if self.is_backfill else now

    def why_stop(self) -> Stop | None:
        """Asked before every object that may need a call to Stripe."""
        return Stop("time") if self.limits.time_is_up else None

    def why_no_page(self) -> Stop | None:
        """Asked before every page."""
        if self.limits.max_pages is not None and self.pages >= self.limits.max_pages:
            return Stop("max_pages")
        return self.why_stop()

    def each(self, objects: Iterable[T], deal: Callable[[T], Stop | None]) -> Stop | None:
        """Deals with one object after the other, until something ends the run."""
        for each in objects:
            stop = self.why_stop() or deal(each)
            if stop is not None:
                return stop
        return None

    def read(self, object_id: str, question: Callable[[], T]) -> T | None:
        """What `question` answers; None and a failure when the object is in a shape that nobody
        foresaw. Not for a question to the database: what that raises is no object's failure."""
        try:
            return question()
        except Exception as error:
            self.failed(object_id, f"cannot be read: {type(error).__name__}")
            return None

    def pass_by(self, object_id: str, why_not: TryLater | NoAnswer) -> Stop | None:
        """Lists an object about which nothing could be done; a stop if that was not for its sake,
        or if there is no time left to find out."""
        stop = self.why_stop() or outage(why_not, self.ports.history)
        if stop is None:
            self.failed(object_id, why_not.why)
        return stop

    def failed(self, object_id: str, why: str) -> None:
        self.tally.failures.append(Failure(object_id, why))

    def page_done(self, place: Checkpoint, target: datetime, window: Window, page: Page) -> None:
        """Counts a page and tells whoever watches."""
        self.pages += 1
        self.tally.checked[place.listing] += len(page.items)
        covered = share_covered(place, target, window, page)
        self.watch(Step(place, target, len(page.items), covered, self.tally))


def share_covered(place: Checkpoint, target: datetime, window: Window, page: Page) -> float:
    """Between 0 and 1. A window is read from its end down."""
    whole = (target - place.begins_at).total_seconds()
    if whole <= 0:
        return 1.0
    done = (place.resume_from - place.begins_at).total_seconds()
    if page.next_cursor is not None and page.oldest is not None:
        done += window.end.timestamp() - page.oldest
    return min(max(done / whole, 0.0), 1.0)


def iso(at: datetime) -> str:
    """ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
