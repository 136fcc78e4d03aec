"""Lists: newest first, filtered, paged by cursor.

Source: https://docs.stripe.com/api/pagination
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from standin.calls import Parameters
from standin.errors import Json, resource_missing
from standin.store import Table

_DEFAULT_LIMIT = 10
_MAX_LIMIT = 100

Keep = Callable[[Json], bool]


@dataclass(frozen=True)
class Cursor:
    """Which page of a list: at most `limit` objects, beside one that the caller has."""

    limit: int
    starting_after: str | None
    ending_before: str | None


def cursor_of(parameters: Parameters) -> Cursor:
    limit = parameters.take("limit", _DEFAULT_LIMIT)
    if not 1 <= limit <= _MAX_LIMIT:
        message = f"This value must be between 1 and {_MAX_LIMIT}."
        raise parameters.invalid("limit", message, "parameter_invalid_integer")
    parameters.at_most_one("starting_after", "ending_before")
    return Cursor(limit, parameters.take("starting_after"), parameters.take("ending_before"))


def created_filter(parameters: Parameters) -> Keep:
    """`created=…` or `created[gt|gte|lt|lte]=…`, in seconds since 1970."""
    if "created" not in parameters:
        return lambda _found: True
    given = parameters.take("created")
    bounds = given if isinstance(given, dict) else {}
    exact = None if bounds else given
    gt, gte, lt, lte = (bounds.get(name) for name in ("gt", "gte", "lt", "lte"))

    def keep(found: Json) -> bool:
        created: int = found["created"]
        return (
            (exact is None or created == exact)
            and (gt is None or created > gt)
            and (gte is None or created >= gte)
            and (lt is None or created < lt)
            and (lte is None or created <= lte)
        )

    return keep


def page(table: Table, ids: Sequence[str], cursor: Cursor, keep: Keep, url: str) -> Json:
    """A list object. `ids` stand in the order of creation; the answer is newest first."""
    start = cursor.ending_before
    if start is not None:
        return _backward(table, ids, start, cursor.limit, keep, url)
    end = len(ids)
    if cursor.starting_after is not None:
        end = _place(table, ids, cursor.starting_after, "starting_after")
    found = _taken(table, (ids[i] for i in range(end - 1, -1, -1)), cursor.limit, keep)
    return list_object(found[: cursor.limit], len(found) > cursor.limit, url)


def list_object(data: list[Json], has_more: bool, url: str) -> Json:
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def page_of(entries: Sequence[Json], cursor: Cursor, url: str) -> Json:
    """A page of a list that is short and stands in its own order, such as line items."""
    ids = [entry["id"] for entry in entries]
    start, end = 0, len(entries)
    if cursor.starting_after is not None:
        start = _index(ids, cursor.starting_after, "starting_after") + 1
    if cursor.ending_before is not None:
        end = _index(ids, cursor.ending_before, "ending_before")
        start = max(start, end - cursor.limit)
        return list_object(list(entries[start:end]), start > 0, url)
    chosen = list(entries[start : start + cursor.limit])
    return list_object(chosen, start + cursor.limit < end, url)


def _backward(
    table: Table, ids: Sequence[str], before: str, limit: int, keep: Keep, url: str
) -> Json:
    place = _place(table, ids, before, "ending_before")
    first = place + 1 if place < len(ids) and ids[place] == before else place
    found = _taken(table, (ids[i] for i in range(first, len(ids))), limit, keep)
    return list_object(found[:limit][::-1], len(found) > limit, url)


def _taken(table: Table, ids: Iterable[str], limit: int, keep: Keep) -> list[Json]:
    """Up to one more than `limit`: the one more says that there is another page."""
    found: list[Json] = []
    for each in ids:
        candidate = cast(Json, table.get(each))
        if keep(candidate):
            found.append(candidate)
            if len(found) > limit:
                break
    return found


def _place(table: Table, ids: Sequence[str], object_id: str, param: str) -> int:
    """Where the cursor's object stands among `ids`, or would stand."""
    if table.get(object_id) is None:
        raise resource_missing("object", object_id, param, 400)
    return bisect_left(ids, table.position(object_id), key=table.position)


def _index(ids: list[str], object_id: str, param: str) -> int:
    if object_id not in ids:
        raise resource_missing("item", object_id, param, 400)
    return ids.index(object_id)
