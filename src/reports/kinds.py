"""The types that parameters and sort keys can have: how each is written, read and bound."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

Value = bool | int | str | Decimal | date | datetime

MAX_BIGINT = 2**63 - 1
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_DAYS_AGO = re.compile(r"([0-9]{1,5}) days? ago")


@dataclass(frozen=True)
class Kind:
    """A type of value. `read` turns its text into a value, or into None when it is not one.

    `now` gives relative dates a meaning; every text is the same for all other kinds.
    """

    name: str
    sql_type: str
    expected: str
    example: str
    read: Callable[[str, datetime], Value | None]


def read_text(text: str, _now: datetime) -> str | None:
    # Postgres' text holds neither NUL nor half a surrogate pair.
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        return None
    return text


def read_integer(text: str, _now: datetime) -> int | None:
    value = int(text) if _INTEGER.fullmatch(text) else None
    return value if value is not None and abs(value) <= MAX_BIGINT else None


def read_number(text: str, _now: datetime) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def read_boolean(text: str, _now: datetime) -> bool | None:
    return {"true": True, "false": False}.get(text)


def read_date(text: str, now: datetime) -> date | None:
    today = now.astimezone(UTC).date()
    if text in ("today", "tomorrow"):
        return today + timedelta(days=int(text == "tomorrow"))
    try:
        if ago := _DAYS_AGO.fullmatch(text):
            return today - timedelta(days=int(ago[1]))
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except (ValueError, OverflowError):
        return None


def read_timestamp(text: str, now: datetime) -> datetime | None:
    if text == "now":
        return now.astimezone(UTC)
    try:
        if ago := _DAYS_AGO.fullmatch(text):
            return now.astimezone(UTC) - timedelta(days=int(ago[1]))
        return in_utc(datetime.fromisoformat(text)) if _TIMESTAMP.fullmatch(text) else None
    except (ValueError, OverflowError):
        return None


def in_utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("text", "text", "text", "some text", read_text),
        Kind("integer", "bigint", "a whole number", "30", read_integer),
        Kind("number", "numeric", "a decimal number, written as text", "9.99", read_number),
        Kind("boolean", "boolean", "true or false", "true", read_boolean),
        Kind(
            "date",
            "date",
            "a date such as 2026-01-31, 'today', 'tomorrow' or '30 days ago'",
            "2026-01-31",
            read_date,
        ),
        Kind(
            "timestamp",
            "timestamptz",
            "a time such as 2026-01-31T12:00:00Z (UTC if no zone is given), 'now' or '7 days ago'",
            "2026-01-31T12:00:00Z",
            read_timestamp,
        ),
        Kind("choice", "text", "a choice", "", read_text),
    )
}


def written(value: Value) -> str:
    """The text that `read` turns back into exactly this value: times in UTC to the microsecond."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            at = value.astimezone(UTC).replace(tzinfo=None)
            return at.isoformat(timespec="microseconds") + "Z"
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
    return str(value)
