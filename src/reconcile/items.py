"""The objects in Stripe's lists by their ids, whatever else is in those lists."""

from collections.abc import Iterable, Mapping
from typing import Any

from domain.stripe_objects import id_of

Named = tuple[str, Mapping[str, Any]]


def name_of(value: object) -> str | None:
    """The id of an object or of a reference to one. Stripe's ids are printable ASCII; what else
    could be stored cannot be sent to Stripe again."""
    name = id_of(value)
    return name if name is not None and name.isascii() and name.isprintable() else None


def named(items: Iterable[object]) -> list[Named]:
    """Those of a list's items that are objects and have an id."""
    objects = (item for item in items if isinstance(item, Mapping))
    return [(name, item) for item in objects if (name := name_of(item)) is not None]
