"""The account's webhook side: endpoints, deliveries, and which events have arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from standin import delivery
from standin.account_core import AccountCore
from standin.delivery import Delivery, Form
from standin.errors import Json
from standin.store import Store, copy_of


class AccountDeliveries(AccountCore):
    """Prepares and sends deliveries. An event is undelivered until one was answered 2xx."""

    def __init__(self, store: Store, webhook_secret: str) -> None:
        super().__init__(store)
        self.webhook_secret = webhook_secret
        self._webhook_url: str | None = None

    @property
    def webhook_url(self) -> str | None:
        """Where a served account sends every event by itself; setting it adds an endpoint."""
        return self._webhook_url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self._webhook_url = url
        if url is not None:
            self.add_webhook_endpoint(url)

    def delivery(
        self,
        event: Json | str,
        secret: str | None = None,
        timestamp: int | None = None,
        form: Form = "snapshot",
        api_version: str | None = None,
    ) -> Delivery:
        """The bytes and headers that bring an event (or event id), signed at `timestamp`.

        Default: the account's webhook secret and the account's clock.
        `api_version="2020-03-02"` renders the snapshot in the shape of that time.
        """
        if isinstance(event, str):
            event = self.retrieve("event", event)
        signed_at = self.store.now() if timestamp is None else timestamp
        key = self.webhook_secret if secret is None else secret
        return delivery.prepared(event, form, key, signed_at, api_version)

    def deliver(self, prepared: Delivery, url: str) -> tuple[int, Any]:
        """POST a delivery; answers status and JSON. A 2xx marks the event as delivered."""
        status, answer = delivery.posted(prepared, url)
        if 200 <= status < 300:
            self.mark_delivered(prepared.event_id)
        return status, answer

    def mark_delivered(self, event_id: str) -> None:
        """The event has reached its endpoint: no webhook is pending any more."""
        with self.lock:
            found = self.store.find("event", event_id)
            if found is not None:
                self.store.update(found, pending_webhooks=0)

    def add_webhook_endpoint(
        self, url: str, enabled_events: Sequence[str] = ("*",), api_version: str | None = None
    ) -> Json:
        """Register an endpoint, as in the dashboard; answers it.

        Shape: https://docs.stripe.com/api/webhook_endpoints/object
        """
        with self.lock:
            endpoint: Json = {
                "id": self.store.ids.new("we_1"),
                "object": "webhook_endpoint",
                "api_version": api_version,
                "application": None,
                "created": self.store.now(),
                "description": None,
                "enabled_events": list(enabled_events),
                "livemode": self.store.livemode,
                "metadata": {},
                "status": "enabled",
                "url": url,
            }
            return copy_of(self.store.add(endpoint))
