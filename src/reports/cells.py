"""One value of a report, written for a person to read."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from reports.formats import number
from reports.kinds import written
from reports.markup import Markup, Part, element, joined

# Makes a link to the timeline of the user whose id it gets.
UserLink = Callable[[str], Markup]

_GOOD = {"paid", "recorded"}
_WAITING = {"pending", "disputed", "refunded"}
_BAD = {"failed", "lost"}
_CHANGES = {"delta"}
_BADGES = {"payment_status", "outcome", "held_reason"}

NOTHING = joined(
    [
        element("span", "–", class_="nothing", aria_hidden="true"),
        element("span", "none", class_="unseen"),
    ]
)


def is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def cell(column: str, value: Any, user_link: UserLink) -> Part:
    """A value as HTML; how it looks depends on its column's name and its type."""
    if value is None:
        return NOTHING
    if column == "user_id":
        return user_link(str(value))
    if column.endswith("_id"):
        # Shortened to the eye alone: a click selects all of it, and so does a screen reader.
        return element("span", str(value), class_="id", title=str(value))
    if column in _BADGES:
        return element("span", str(value), class_=f"badge {_mood(column, str(value))}")
    if is_number(value):
        return number(value, signed=column in _CHANGES)
    return _text(value)


def _mood(column: str, value: str) -> str:
    if column == "held_reason" or value in _WAITING:
        return "waiting"
    return "good" if value in _GOOD else "bad" if value in _BAD else "plain"


def _text(value: Any) -> Part:
    match value:
        case str():
            return value
        case datetime():
            shown = value.astimezone(UTC)
            return element("time", f"{shown:%Y-%m-%d %H:%M:%S}", datetime=written(value))
        case date():
            return element("time", value.isoformat(), datetime=value.isoformat())
        case list():
            return ", ".join(str(each) for each in value)
        case bool():
            return "yes" if value else "no"
    return written(value)
