"""Reads what somebody asks for, a field at a time, and says of a mistake which field has it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST_ID = 255
LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was done; `code` is for programs, `message` says what to do."""

    code: str
    message: str


class Mistake(Exception):
    """A field is missing or makes no sense; the text says which and what it must be. Raised by a
    reader, and never leaves `read`."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a request, each read as what it must be. A null is as good as nothing, except
    where it could stand for true or false."""

    given: Mapping[str, Any]

    def unknown(self, known: Collection[str]) -> str:
        """The names of all other fields, in ASCII: half a surrogate pair could not leave in an
        answer."""
        others = self.given.keys() - set(known)
        return ", ".join(sorted(ascii(name).strip("'") for name in others))

    def id(self, field: str, longest: int = LONGEST_ID) -> str:
        """An id that must be there."""
        found = self.optional_id(field, longest)
        if found is None:
            raise missing(field)
        return found

    def optional_id(self, field: str, longest: int = LONGEST_ID) -> str | None:
        """An id exactly as it is: to change a character of it is to name something else."""
        found = self._text(field, longest)
        if found == "":
            raise Mistake(f"{field} must not be empty")
        return found

    def words(self, field: str) -> str | None:
        """What a person wrote; blanks around it, or nothing else, say nothing."""
        return (self._text(field, LONGEST_TEXT) or "").strip() or None

    def whole(self, field: str, least: int, most: int | None = None) -> int | None:
        """A whole number from `least` on, to `most` where there is one."""
        value = self.given.get(field)
        if value is None:
            return None
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or value < least or (most is not None and value > most):
            bounds = f", {least} or more" if most is None else f" from {least} to {most}"
            raise Mistake(f"{field} must be a whole number{bounds}")
        return int(value)

    def flag(self, field: str) -> bool:
        """True or false; false when nothing is said."""
        value = self.given.get(field, False)
        if not isinstance(value, bool):
            raise Mistake(f"{field} must be true or false")
        return value

    def time(self, field: str) -> datetime | None:
        """An ISO 8601 time to the second, in UTC unless it says otherwise."""
        value = self.given.get(field)
        if value is None:
            return None
        try:
            said = datetime.fromisoformat(value)
            at = (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise Mistake(f"{field} must be an ISO 8601 time like 2026-01-31T00:00:00Z") from None
        return at.replace(microsecond=0)

    def _text(self, field: str, longest: int) -> str | None:
        value = self.given.get(field)
        if value is None:
            return None
        if not isinstance(value, str):
            raise Mistake(f"{field} must be a string")
        if len(value) > longest:
            raise Mistake(f"{field} must be at most {longest} characters long; it has {len(value)}")
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise Mistake(
                f"{field} has a NUL or half a surrogate pair, which Postgres cannot store"
            )
        return value


def missing(field: str, what: str = "a string that is not empty") -> Mistake:
    """The mistake of a field that must be there."""
    return Mistake(f"{field} is missing: {what}")


def read(request: object, reader: Callable[[Fields], T]) -> T | Refused:
    """What `reader` makes of a JSON object; `bad_request` for the first mistake that it raises."""
    if not isinstance(request, Mapping):
        return Refused("bad_request", "the request must be a JSON object")
    try:
        return reader(Fields(request))
    except Mistake as mistake:
        return Refused("bad_request", str(mistake))
