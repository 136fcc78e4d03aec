"""Faults to order: errors, garbage, silence and late answers of the API, for tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock
from typing import Literal

Kind = Literal["status", "garbage", "drop", "hang"]


@dataclass
class Fault:
    """What happens to the next `times` requests whose path contains `path`, after `skip` others."""

    kind: Kind
    status: int
    times: int
    path: str
    skip: int


class Faults:
    """The orders. The first one that fits a request is carried out; all are used up in turn.

    `before_answer(method, path)` is called when an answer is computed and not yet sent: what
    it waits for happens after this reader has seen Stripe and before it acts on that.
    """

    def __init__(self) -> None:
        self.before_answer: Callable[[str, str], None] | None = None
        self._orders: list[Fault] = []
        self._lock = Lock()
        self._released = Event()

    def answer(self, status: int, times: int = 1, path: str = "", skip: int = 0) -> None:
        """Answer with an error status, such as 429, 500 or 503, in Stripe's error shape."""
        self._order(Fault("status", status, times, path, skip))

    def garbage(self, times: int = 1, path: str = "", skip: int = 0) -> None:
        """Answer 200 with a body that is no JSON."""
        self._order(Fault("garbage", 200, times, path, skip))

    def drop(self, times: int = 1, path: str = "", skip: int = 0) -> None:
        """Close the connection without an answer."""
        self._order(Fault("drop", 0, times, path, skip))

    def hang(self, times: int = 1, path: str = "", skip: int = 0) -> None:
        """Do not answer until `release`; then answer as usual."""
        self._released.clear()
        self._order(Fault("hang", 0, times, path, skip))

    def release(self) -> None:
        """Let everything go on that hangs."""
        self._released.set()

    def clear(self) -> None:
        """Forget all orders and the hook, and release what hangs."""
        with self._lock:
            self._orders.clear()
        self.before_answer = None
        self.release()

    def wait_for_release(self) -> None:
        self._released.wait()

    def next_for(self, path: str) -> Fault | None:
        """The fault for this request, if one was ordered."""
        with self._lock:
            for order in self._orders:
                if order.path in path:
                    return self._use(order)
        return None

    def answering(self, method: str, path: str) -> None:
        """An answer is computed and about to be sent."""
        hook = self.before_answer
        if hook is not None:
            hook(method, path)

    def _order(self, fault: Fault) -> None:
        with self._lock:
            self._orders.append(fault)

    def _use(self, order: Fault) -> Fault | None:
        if order.skip > 0:
            order.skip -= 1
            return None
        order.times -= 1
        if order.times <= 0:
            self._orders.remove(order)
        return order
