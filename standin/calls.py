"""What a call of the API is made of: its ids and parameters, and how it is carried out.

A handler reads and checks first, and answers with a function that does the work. So whatever
is refused for what was sent has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from standin.errors import Json, resource_missing
from standin.parameters import Parameters
from standin.store import Store

Work = Callable[[], Json]


@dataclass(frozen=True)
class Call:
    """One call: the ids in its path, and its parameters with their types."""

    ids: tuple[str, ...]
    given: Parameters


Handler = Callable[[Store, Call], Work]


def named(store: Store, object_type: str, object_id: str, param: str, status: int = 404) -> Json:
    """The object that a path (404) or a parameter (400) names."""
    found = store.find(object_type, object_id)
    if found is None:
        raise resource_missing(object_type, object_id, param, status)
    return found
