"""The places of a walk: windows upwards in time, pages downwards inside a window."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconcile.checkpoints import (
    EVENTS_REACH_BACK,
    SCHEDULE,
    Checkpoint,
    Listing,
    Window,
    after_page,
    after_target,
    backfill,
    narrowed,
    next_window,
)

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
TARGET = datetime(2026, 6, 1, tzinfo=UTC)


def place(**fields: Any) -> Checkpoint:
    defaults: dict[str, Any] = {
        "run": SCHEDULE,
        "listing": Listing.SESSIONS,
        "begins_at": BEGINNING,
        "resume_from": BEGINNING,
    }
    return Checkpoint(**{**defaults, **fields})


def test_a_window_begins_where_the_last_one_ended() -> None:
    first = next_window(place(), TARGET)
    assert first is not None
    second = next_window(after_page(place(), first, None), TARGET)
    assert second is not None
    assert (first.start, first.end) == (BEGINNING, second.start)


def test_no_window_reaches_beyond_the_target() -> None:
    window = next_window(place(resume_from=TARGET - timedelta(hours=1)), TARGET)
    assert window == Window(TARGET - timedelta(hours=1), TARGET)


def test_there_is_no_window_at_the_target() -> None:
    assert next_window(place(resume_from=TARGET), TARGET) is None


def test_a_window_under_way_keeps_its_end_when_the_target_moves_on() -> None:
    window = next_window(place(), BEGINNING + timedelta(days=1))
    assert window is not None
    halfway = after_page(place(), window, "cs_last")
    assert next_window(halfway, TARGET) == Window(BEGINNING, window.end, "cs_last")


def test_a_window_whose_cursor_is_gone_begins_anew_with_its_first_half() -> None:
    halfway = place(window_end=BEGINNING + timedelta(days=2), cursor="cs_gone")
    window = next_window(halfway, TARGET)
    assert window is not None
    anew = narrowed(halfway, window)
    assert anew is not None
    assert next_window(anew, TARGET) == Window(BEGINNING, BEGINNING + timedelta(days=1))


@given(seconds=st.integers(2, 360 * 24 * 3600))
def test_a_window_is_halved_until_it_is_a_second(seconds: int) -> None:
    here = place(window_end=BEGINNING + timedelta(seconds=seconds))
    while (window := next_window(here, TARGET)) and (half := narrowed(here, window)):
        smaller = next_window(half, TARGET)
        assert smaller is not None
        assert smaller.start == window.start < smaller.end < window.end
        here = half
    assert window is not None
    assert timedelta(seconds=1) <= window.end - window.start < timedelta(seconds=2)


def test_a_walk_that_has_arrived_goes_back_a_little() -> None:
    behind = after_target(place(resume_from=TARGET))
    assert behind.resume_from == TARGET - timedelta(days=3)


def test_a_walk_never_goes_back_before_its_beginning() -> None:
    early = BEGINNING + timedelta(hours=1)
    assert after_target(place(resume_from=early)).resume_from == BEGINNING


def test_a_backfill_asks_for_events_as_far_back_as_there_are_any() -> None:
    places = {each.listing: each for each in backfill(BEGINNING, TARGET, TARGET)}
    assert places[Listing.EVENTS].resume_from == TARGET - EVENTS_REACH_BACK
    assert places[Listing.SESSIONS].resume_from == BEGINNING
    assert {each.ends_at for each in places.values()} == {TARGET}


@given(
    listing=st.sampled_from(list(Listing)),
    hours=st.integers(0, 24 * 900),
    pages=st.lists(st.integers(1, 4), max_size=200),
)
def test_a_walk_covers_all_time_without_a_gap(
    listing: Listing, hours: int, pages: list[int]
) -> None:
    """However many pages each window has, and wherever the walk is interrupted."""
    reached, target = place(listing=listing), BEGINNING + timedelta(hours=hours)
    covered_to, pages_left = BEGINNING, iter(pages)
    while (window := next_window(reached, target)) is not None:
        assert window.start == covered_to
        for number in range(next(pages_left, 1) - 1):
            reached = after_page(reached, window, f"id_{number}")
            assert next_window(reached, target) == Window(window.start, window.end, f"id_{number}")
        reached = after_page(reached, window, None)
        covered_to = window.end
    assert covered_to == target
