"""A Stripe that answers whatever a test wants about one purchase, over HTTP."""

import copy
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standin import StripeAccount

Json = dict[str, Any]
MISSING: Json = {"error": {"type": "invalid_request_error", "code": "resource_missing"}}


class OddStripe:
    """The answers: a `session` with all that belongs to it, its `disputes`, and the `events` that
    this account knows. None of them, nor further line items: `resource_missing`."""

    def __init__(self) -> None:
        self.session: Json | None = None
        self.disputes: list[Any] | None = []
        self.events: dict[str, Json] = {}
        self.asked: list[str] = []

    def answer(self, path: str) -> Json | None:
        self.asked.append(path)
        name, _, query = path.partition("?")
        if name.startswith("/v1/events/"):
            return self.events.get(name.rpartition("/")[2])
        if name == "/v1/disputes" and self.disputes is not None:
            return {"object": "list", "data": self.disputes, "has_more": False}
        if name.startswith("/v1/charges/") and self.session is not None:
            return {"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}
        if name == "/v1/checkout/sessions" and self.session is not None and query:
            return {"object": "list", "data": [self.session], "has_more": False}
        if name.endswith("/line_items"):
            return None
        return self.session if name.startswith("/v1/checkout/sessions/") else None


@contextmanager
def odd_stripe() -> Iterator[tuple[OddStripe, str]]:
    """The server and its URL, as long as the block."""
    odd = OddStripe()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body leave together: in two packets the second would wait for the first.
        wbufsize = -1

        def do_GET(self) -> None:
            answer = odd.answer(self.path)
            body = json.dumps(MISSING if answer is None else answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield odd, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Purchase:
    """A paid purchase with a refund of a tenth and a lost dispute of another, each object a plain
    dict to be changed; `number` makes its ids its own."""

    def __init__(self, number: int = 1, price: str = "price_of_starter", **session: Any) -> None:
        made = copy.deepcopy(_sample())
        self.session: Json = {**made["session"], **session}
        self.session["id"] = f"cs_test_{number}"
        self.line_item: Json = self.session["line_items"]["data"][0]
        self.line_item["price"]["id"] = price
        self.payment_intent: Json = self.session["payment_intent"]
        self.payment_intent["id"] = f"pi_{number}"
        self.charge: Json = self.payment_intent["latest_charge"]
        self.balance_transaction: Json = self.charge["balance_transaction"]
        self.refund, self.dispute = made["refund"], made["dispute"]
        for about in (self.charge, self.refund, self.dispute):
            about["payment_intent"] = f"pi_{number}"
        self.number = number

    def event(self, event_type: str = "checkout.session.completed", about: Any = None) -> Json:
        """An event about one of the objects, by default the session as an event shows it."""
        shown = {
            name: value
            for name, value in (self.session if about is None else about).items()
            if name != "line_items"
        }
        if about is None and isinstance(shown.get("payment_intent"), dict):
            shown["payment_intent"] = f"pi_{self.number}"
        return {
            "id": f"evt_{self.number}_{event_type}",
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": shown.get("created", 0),
            "data": {"object": shown},
            "livemode": False,
            "type": event_type,
        }

    def put_into(self, odd: OddStripe) -> None:
        odd.session, odd.disputes = self.session, [self.dispute]


_SAMPLE: Json = {}


def _sample() -> Json:
    if not _SAMPLE:
        account = StripeAccount()
        price = account.create_price(1000, "usd", "Starter")
        session_id = account.create_checkout_session(
            [(price["id"], 1)], client_reference_id="user_123"
        )["id"]
        account.complete(session_id)
        _SAMPLE["refund"] = account.refund(session_id, 100)
        dispute = account.dispute(session_id, 100)
        account.lose_dispute(dispute["id"])
        _SAMPLE["dispute"] = account.retrieve("dispute", dispute["id"])
        _SAMPLE["session"] = account.session(
            session_id,
            expand=["line_items", "payment_intent.latest_charge.balance_transaction"],
        )
    return _SAMPLE
