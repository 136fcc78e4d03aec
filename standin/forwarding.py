"""Forwards every event to the account's webhook URL from a background thread, with retries."""

from __future__ import annotations

import http.client
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Any

from standin.account import StripeAccount
from standin.errors import Json

# Stripe retries for three days (https://docs.stripe.com/webhooks#retries); a demo does not wait.
_PAUSES_SECONDS = (0.2, 0.5, 1.0)


@dataclass(frozen=True)
class Attempt:
    """One try to deliver an event; `status` is 0 when nobody answered."""

    event_id: str
    event_type: str
    status: int
    outcome: str

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300


class Forwarder:
    """Listens to an account. Its thread starts with the first event that has somewhere to go."""

    def __init__(
        self, account: StripeAccount, pauses_seconds: Sequence[float] = _PAUSES_SECONDS
    ) -> None:
        self._account = account
        self._pauses_seconds = pauses_seconds
        self._attempts: list[Attempt] = []
        self._waiting: deque[Json] = deque()
        self._changed = Condition()
        self._stopped = False
        self._busy = False
        self._thread: Thread | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Forward while the block runs. At its end the attempt under way is finished, the rest
        is dropped."""
        self._account.subscribe(self._enqueue)
        try:
            yield
        finally:
            self._account.unsubscribe(self._enqueue)
            with self._changed:
                self._stopped = True
                self._changed.notify_all()
            if self._thread is not None:
                self._thread.join()

    def attempts(self) -> list[Attempt]:
        """All attempts so far, oldest first."""
        with self._changed:
            return list(self._attempts)

    def idle(self) -> bool:
        """Nothing is waiting and nothing is under way."""
        with self._changed:
            return not self._waiting and not self._busy

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """Wait for everything to be delivered or given up; False if that took too long."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and not self._busy, timeout_seconds
            )

    def _enqueue(self, events: list[Json]) -> None:
        if self._account.webhook_url is None:
            return
        with self._changed:
            self._waiting.extend(events)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="stripe-standin-forwarding")
                self._thread.start()
            self._changed.notify_all()

    def _run(self) -> None:
        while (event := self._next()) is not None:
            self._forward(event)
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _next(self) -> Json | None:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting) or self._stopped)
            if self._stopped:
                return None
            self._busy = True
            return self._waiting.popleft()

    def _forward(self, event: Json) -> None:
        for pause_seconds in (*self._pauses_seconds, 0.0):
            attempt = self._attempt(event)
            with self._changed:
                self._attempts.append(attempt)
                if attempt.accepted or self._stopped:
                    return
                self._changed.wait_for(lambda: self._stopped, pause_seconds)

    def _attempt(self, event: Json) -> Attempt:
        url = self._account.webhook_url or ""
        prepared = self._account.delivery(event)
        try:
            status, answer = self._account.deliver(prepared, url)
        except (OSError, http.client.HTTPException) as error:
            return Attempt(event["id"], event["type"], 0, type(error).__name__)
        return Attempt(event["id"], event["type"], status, _outcome(answer))


def _outcome(answer: Any) -> str:
    if not isinstance(answer, dict):
        return ""
    return str(answer.get("outcome") or answer.get("message") or "")
