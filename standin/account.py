"""A Stripe account whose purchases a program moves along, and whose events it delivers.

Every method is thread-safe, and answers copies. A move that the state does not allow raises
IllegalMove and changes nothing. Amounts are integers in the currency's minor unit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import RLock
from typing import Any, Unpack

from standin import (
    checkout,
    delivery,
    disputes,
    expansion,
    payment_links,
    products,
    purchases,
    refunds,
)
from standin.delivery import Delivery, Form
from standin.errors import Json
from standin.line_items import sold
from standin.store import Store, copy_of

API_VERSION = "2026-10-28.endive"
_WEBHOOK_SECRET = "whsec_standin"

Listener = Callable[[list[Json]], None]


class StripeAccount:
    """A Stripe account in memory. The same calls give the same ids in every run.

    `clock` gives seconds since 1970. `id_seed` makes other ids, for an account that shares a
    database with an earlier one.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        livemode: bool = False,
        api_key: str = "sk_test_standin",
        webhook_secret: str = _WEBHOOK_SECRET,
        api_version: str = API_VERSION,
        id_seed: str = "standin",
    ) -> None:
        self.store = Store(clock, livemode, api_version, id_seed)
        self.lock = RLock()
        self.api_key = api_key
        self.webhook_secret = webhook_secret
        self._webhook_url: str | None = None
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

    def create_price(
        self,
        unit_amount_minor: int,
        currency: str = "usd",
        product_name: str = "Tokens",
        metadata: dict[str, str] | None = None,
        price_id: str | None = None,
    ) -> Json:
        """A price with a product of its own; answers the price. `price_id` is for a price that
        accounts of other seeds have too."""
        args = (product_name, unit_amount_minor, currency, metadata, price_id)
        return self._made(products.create_price, *args)

    def create_checkout_session(
        self,
        line_items: Sequence[tuple[str | int, int]],
        *,
        client_reference_id: str | None = None,
        currency: str | None = None,
        **terms: Unpack[checkout.Terms],
    ) -> Json:
        """Open a session. A line is (price id, quantity) or (unit amount, quantity)."""
        terms.setdefault("payment_method_types", ("card", "us_bank_account"))
        shown = {
            "client_reference_id": client_reference_id,
            "success_url": "https://example.com/success",
        }

        def create(store: Store) -> Json:
            lines = [sold(store, price, quantity, currency) for price, quantity in line_items]
            found = currency or (lines[0].price["currency"] if lines else "usd")
            return checkout.create(store, checkout.Order(lines, found, shown=shown, **terms))

        return self._made(create)

    def enter_promotion_code(self, session_id: str, code: str) -> Json:
        """The buyer types a promotion code; answers the session with its new amounts."""
        return self._made(checkout.enter_code, session_id, code)

    def adjust_quantity(self, session_id: str, item_id: str, quantity: int) -> Json:
        """The buyer changes how many they buy; answers the session with its new amounts."""
        return self._made(checkout.adjust_quantity, session_id, item_id, quantity)

    def follow_payment_link(self, link_id: str, visit: Mapping[str, str]) -> Json:
        """Somebody opens a payment link, with these URL parameters; answers their session."""
        return self._made(payment_links.open_session, link_id, visit)

    def complete(
        self, session_id: str, payment_method_type: str = "card", settled: bool = True
    ) -> list[Json]:
        """The buyer pays. `settled=False`: the charge has no balance transaction yet.

        With `capture_method="manual"` the money is only reserved, and the session unpaid.
        """
        return self._moved(purchases.complete, session_id, payment_method_type, settled)

    def complete_unpaid(
        self, session_id: str, payment_method_type: str = "us_bank_account"
    ) -> list[Json]:
        """The buyer is done, by a delayed method: complete but unpaid."""
        return self._moved(purchases.complete_unpaid, session_id, payment_method_type)

    def async_succeed(self, session_id: str) -> list[Json]:
        return self._moved(purchases.async_succeed, session_id)

    def async_fail(self, session_id: str) -> list[Json]:
        return self._moved(purchases.async_fail, session_id)

    def decline(self, session_id: str) -> list[Json]:
        """The card is declined; the session stays open and may still be completed."""
        return self._moved(purchases.decline, session_id)

    def expire(self, session_id: str) -> list[Json]:
        return self._moved(purchases.expire, session_id)

    def capture(self, session_id: str, amount_minor: int | None = None) -> list[Json]:
        """Take the reserved money, or part of it; the rest is shown as refunded."""
        return self._moved(purchases.capture, session_id, amount_minor)

    def lapse(self, session_id: str) -> list[Json]:
        """Nobody captured the reserved money in time: it goes back, the intent is canceled."""
        return self._moved(purchases.lapse, session_id)

    def cancel_payment_intent(self, session_id: str) -> list[Json]:
        return self._moved(purchases.cancel_payment_intent, session_id)

    def settle(self, session_id: str) -> list[Json]:
        return self._moved(purchases.settle, session_id)

    def refund(
        self, session_id: str, amount_minor: int | None = None, reason: str | None = None
    ) -> Json:
        """Refund part of the session's charge, or all that is left; answers the refund."""
        return self._made(purchases.refund, session_id, amount_minor, reason)

    def fail_refund(self, refund_id: str) -> list[Json]:
        return self._moved(refunds.fail, refund_id)

    def dispute(
        self,
        session_id: str,
        amount_minor: int | None = None,
        inquiry: bool = False,
        currency: str | None = None,
    ) -> Json:
        """Open a dispute (or only an inquiry) of the session's charge; answers the dispute.

        `amount_minor` is in `currency`: the charge's, unless the buyer's bank counts otherwise.
        """
        return self._made(purchases.dispute, session_id, amount_minor, inquiry, currency)

    def submit_evidence(self, dispute_id: str) -> list[Json]:
        return self._moved(disputes.submit_evidence, dispute_id)

    def escalate_inquiry(self, dispute_id: str) -> list[Json]:
        return self._moved(disputes.escalate_inquiry, dispute_id)

    def win_dispute(self, dispute_id: str) -> list[Json]:
        return self._moved(disputes.win, dispute_id)

    def lose_dispute(self, dispute_id: str) -> list[Json]:
        return self._moved(disputes.lose, dispute_id)

    def close_inquiry(self, dispute_id: str) -> list[Json]:
        return self._moved(disputes.close_inquiry, dispute_id)

    def pay_outside_checkout(
        self, amount_minor: int, currency: str = "usd", metadata: dict[str, str] | None = None
    ) -> Json:
        """A paid payment intent without a Checkout session; answers the payment intent."""
        return self._made(purchases.pay_outside_checkout, amount_minor, currency, metadata or {})

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
        return self._made(delivery.add_endpoint, url, list(enabled_events), api_version)

    def endpoints(self) -> list[str]:
        """The addresses of the webhook endpoints, oldest first."""
        with self.lock:
            return [endpoint["url"] for endpoint in self.store.all("webhook_endpoint")]

    def change(self, change: Callable[..., Json], *args: Any) -> Json:
        """Run a change of the store for the API; answers what it answers, uncopied."""
        made: list[Json] = []
        self._moved(lambda store: made.append(change(store, *args)))
        return made[0]

    def _made(self, make: Callable[..., Json], *args: Any) -> Json:
        """Run a move that makes an object; answers the object."""
        return self.change(lambda store: copy_of(make(store, *args)))

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
