"""The account's objects, stored normalised: a reference to another object is its id.

Nothing about an id is random: the same calls give the same ids in every run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha512
from typing import Any, cast

from standin.errors import IllegalMove, Json
from standin.published import blank

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# Lists can be filtered by these references, so each has an index.
_INDEXED: dict[str, tuple[str, ...]] = {
    "checkout.session": ("payment_intent", "payment_link"),
    "coupon": (),
    "customer": (),
    "payment_link": (),
    "product": (),
    "promotion_code": (),
    "price": ("product",),
    "payment_intent": (),
    "payment_method": (),
    "charge": ("payment_intent",),
    "balance_transaction": ("source",),
    "refund": ("charge", "payment_intent"),
    "dispute": ("charge", "payment_intent"),
    "event": (),
    "webhook_endpoint": (),
}


def copy_of(value: Json) -> Json:
    """A deep copy of a JSON object; several times faster than `copy.deepcopy`."""
    return cast(Json, json.loads(json.dumps(value)))


class Ids:
    """Ids of one account in Stripe's form, counted by prefix; another seed gives other ids."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._counts: Counter[str] = Counter()

    def new(self, prefix: str, length: int = 24) -> str:
        """The next id with this prefix, such as `pi_3` followed by `length` letters and digits."""
        self._counts[prefix] += 1
        digest = sha512(f"{self._seed}:{prefix}:{self._counts[prefix]}".encode()).digest()
        number, letters = int.from_bytes(digest, "big"), ""
        for _ in range(length):
            number, index = divmod(number, len(_ALPHABET))
            letters += _ALPHABET[index]
        return prefix + letters


class Table:
    """The objects of one type in the order of their creation."""

    def __init__(self, indexed: tuple[str, ...]) -> None:
        self._objects: dict[str, Json] = {}
        self._positions: dict[str, int] = {}
        self._ids: list[str] = []
        self.indexed = indexed
        self._indexes: dict[str, dict[str, list[str]]] = {field: {} for field in indexed}

    def add(self, new: Json) -> None:
        self._objects[new["id"]] = new
        self._positions[new["id"]] = len(self._positions)
        self._ids.append(new["id"])
        self._index(new, list(self._indexes))

    def update(self, stored: Json, changes: Json) -> None:
        moved = [f for f in self._indexes if f in changes and changes[f] != stored[f]]
        stored.update(changes)
        self._index(stored, moved)

    def get(self, object_id: str) -> Json | None:
        return self._objects.get(object_id)

    def remove(self, object_id: str) -> None:
        del self._objects[object_id]
        self._ids.remove(object_id)

    def position(self, object_id: str) -> int:
        """Where the object stands in the order of creation, from 0."""
        return self._positions[object_id]

    def ids(self, field: str | None = None, value: str | None = None) -> Sequence[str]:
        """Ids in the order of creation: all, or those whose indexed `field` is `value`."""
        if field is None or value is None:
            return self._ids
        return self._indexes[field].get(value, [])

    def _index(self, stored: Json, fields: list[str]) -> None:
        for field in fields:
            if stored[field] is not None:
                self._indexes[field].setdefault(stored[field], []).append(stored["id"])


class Store:
    """Everything that one Stripe account holds. Whoever uses it holds the account's lock."""

    def __init__(
        self, clock: Callable[[], float], livemode: bool, api_version: str, seed: str
    ) -> None:
        self.livemode = livemode
        self.api_version = api_version
        self.ids = Ids(seed)
        self.tables = {name: Table(indexed) for name, indexed in _INDEXED.items()}
        self.line_items: dict[str, list[Json]] = {}
        self.orders: dict[str, Json] = {}
        self.deleted: dict[str, Json] = {}
        self.open_until: list[tuple[int, str]] = []
        self.checkout_url = "https://checkout.stripe.com/c/pay/"
        self.link_url = "https://buy.stripe.com/"
        self._clock = clock

    def now(self) -> int:
        """The account's time in whole seconds since 1970, as in every `created`."""
        return int(self._clock())

    def new(self, object_type: str, **fields: Any) -> Json:
        """An object made now and not stored yet: what is not given is as blank as may be."""
        made = blank(object_type)
        now = {"created": self.now(), "livemode": self.livemode, "updated": self.now()}
        return {**made, **{name: now[name] for name in now if name in made}, **fields}

    def add(self, new: Json) -> Json:
        self.tables[new["object"]].add(new)
        return new

    def update(self, stored: Json, **changes: Any) -> Json:
        self.tables[stored["object"]].update(stored, changes)
        return stored

    def find(self, object_type: str, object_id: str | None) -> Json | None:
        return None if object_id is None else self.tables[object_type].get(object_id)

    def delete(self, stored: Json) -> None:
        """Take an object out; a customer's id goes on to be answered, as deleted."""
        self.tables[stored["object"]].remove(stored["id"])
        if stored["object"] == "customer":
            stub = {"id": stored["id"], "object": "customer", "deleted": True}
            self.deleted[stored["id"]] = stub

    def all(self, object_type: str) -> list[Json]:
        """All objects of a type, oldest first."""
        table = self.tables[object_type]
        return [cast(Json, table.get(each)) for each in table.ids()]

    def get(self, object_type: str, object_id: str) -> Json:
        found = self.find(object_type, object_id)
        if found is None:
            raise IllegalMove(f"No such {object_type}: {object_id!r}")
        return found

    def referring(self, object_type: str, field: str, value: str) -> list[Json]:
        """Objects of a type whose indexed `field` is `value`, oldest first."""
        table = self.tables[object_type]
        return [cast(Json, table.get(found)) for found in table.ids(field, value)]

    def record(self, event_type: str, changed: Json) -> None:
        """Append an event whose `data.object` is the object as it is at this moment.

        Source of the shape: https://docs.stripe.com/api/events/object
        """
        event = self.new(
            "event",
            id=self.ids.new("evt_1"),
            api_version=self.api_version,
            data={"object": copy_of(changed)},
            pending_webhooks=1,
            request={"id": None, "idempotency_key": None},
            type=event_type,
        )
        self.add(event)
