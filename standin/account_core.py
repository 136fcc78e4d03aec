"""What every part of the account shares: the lock, reading, and telling listeners of events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import RLock
from typing import Any

from standin import expansion, purchases
from standin.errors import Json
from standin.store import Store, copy_of

Listener = Callable[[list[Json]], None]


class AccountCore:
    """The store behind one lock. Answers are copies: changing them changes nothing here."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.lock = RLock()
        self._listeners: list[Listener] = []

    @property
    def events(self) -> list[Json]:
        """All events so far, oldest first."""
        self.expire_due()
        return self.events_since(0)

    def mark(self) -> int:
        """A place in the sequence of events, for `events_since`."""
        with self.lock:
            return len(self.store.tables["event"].ids())

    def events_since(self, mark: int) -> list[Json]:
        """The events after a mark, oldest first."""
        with self.lock:
            ids = self.store.tables["event"].ids()[mark:]
            return [copy_of(self.store.get("event", each)) for each in ids]

    def expire_due(self) -> None:
        """Expire the sessions whose time is over, as every look at the account does."""
        if purchases.any_due(self.store):
            self._moved(purchases.expire_due)

    def session(self, session_id: str, expand: Iterable[str] = ()) -> Json:
        """A Checkout session as the API would answer it."""
        return self.retrieve("checkout.session", session_id, expand)

    def retrieve(self, object_type: str, object_id: str, expand: Iterable[str] = ()) -> Json:
        """An object as the API would answer it; IllegalMove if there is none."""
        tree = expansion.tree_of(expand)
        self.expire_due()
        with self.lock:
            found = self.store.get(object_type, object_id)
            return copy_of(expansion.expanded(self.store, found, tree))

    def sessions(self) -> list[Json]:
        """All Checkout sessions, oldest first."""
        self.expire_due()
        with self.lock:
            return [copy_of(each) for each in self.store.all("checkout.session")]

    def prices(self) -> list[Json]:
        """All prices with their products expanded, oldest first."""
        with self.lock:
            tree = expansion.tree_of(["product"])
            prices = self.store.all("price")
            return [copy_of(expansion.expanded(self.store, each, tree)) for each in prices]

    def lose_event(self, event_id: str) -> None:
        """Drop an event as if Stripe had never made it, which rarely happens."""
        with self.lock:
            self.store.get("event", event_id)
            self.store.tables["event"].remove(event_id)

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with the new events after every move. It must not wait for anything."""
        with self.lock:
            self._listeners.append(listener)

    def unsubscribe(self, listener: Listener) -> None:
        with self.lock:
            self._listeners.remove(listener)

    def change(self, change: Callable[..., Json], *args: Any) -> Json:
        """Run a change of the store for the API; answers what it answers, uncopied."""
        made: list[Json] = []
        self._moved(lambda store: made.append(change(store, *args)))
        return made[0]

    def _moved(self, move: Callable[..., object], *args: Any) -> list[Json]:
        """Run a move on the store; answers the events that it recorded."""
        with self.lock:
            mark = self.mark()
            move(self.store, *args)
            new = self.events_since(mark)
            listeners = list(self._listeners)
        for listener in listeners if new else ():
            listener(new)
        return new

    def _made(self, make: Callable[[], Json]) -> Json:
        """Run a move that makes an object; answers the object."""
        made: list[Json] = []
        self._moved(lambda _store: made.append(copy_of(make())))
        return made[0]
