"""Which format an HTTP client gets: the one it names, else the one its Accept header prefers.

Source: https://www.rfc-editor.org/rfc/rfc9110#name-accept
"""

import re
from dataclasses import dataclass

MEDIA_TYPES = {"json": "application/json", "html": "text/html", "csv": "text/csv"}

_RANGE = re.compile(r"([a-z*]+)/([a-z0-9.+*-]+)")
_QUALITY = re.compile(r"q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)")


@dataclass(frozen=True)
class _Range:
    """One entry of the header: a media type, maybe with wildcards, and how much it is wanted."""

    type: str
    subtype: str
    quality: float

    @property
    def precision(self) -> int:
        return (self.type != "*") + (self.subtype != "*")

    def covers(self, media_type: str) -> bool:
        type_, _, subtype = media_type.partition("/")
        return self.type in ("*", type_) and self.subtype in ("*", subtype)


def preferred(accept: str, formats: tuple[str, ...]) -> str | None:
    """The format of `formats` that the client wants most, the first of equals; None if it takes
    none of them. A client that says nothing, or nothing that can be read, takes anything."""
    ranges = [found for part in accept.lower().split(",") if (found := _read(part))]
    if not ranges:
        return formats[0]
    qualities = {each: _quality(MEDIA_TYPES[each], ranges) for each in formats}
    best = max(formats, key=qualities.__getitem__)
    return best if qualities[best] > 0 else None


def _read(part: str) -> _Range | None:
    name, *parameters = [each.strip() for each in part.split(";")]
    found = _RANGE.fullmatch(name)
    if not found:
        return None
    stated = [quality[1] for each in parameters if (quality := _QUALITY.fullmatch(each))]
    return _Range(found[1], found[2], float(stated[0]) if stated else 1.0)


def _quality(media_type: str, ranges: list[_Range]) -> float:
    """What the most precise entry that covers the type says of it."""
    covering = [each for each in ranges if each.covers(media_type)]
    return max(covering, key=lambda each: each.precision).quality if covering else 0.0
