"""The stand-in over HTTP: its API, its pages, and the faults that were ordered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug import Request, Response

from standin import published
from standin.account import StripeAccount
from standin.api import Api
from standin.calls import path_of
from standin.faults import Faults
from standin.forwarding import Forwarder
from standin.http_server import LOOPBACK, listening
from standin.pages import Pages


class Server:
    """A running stand-in. `requests` logs (method, path) of every API request received."""

    def __init__(self, account: StripeAccount) -> None:
        # Read now, so that a stand-in that lacks it does not start.
        published.document()
        self.account = account
        self.url = ""
        self.faults = Faults()
        self.requests: list[tuple[str, str]] = []
        self.api = Api(account)
        self.forwarder = Forwarder(account)
        self._pages = Pages(account, self.forwarder)

    def respond(self, request: Request) -> Response:
        """The answer to a request; ConnectionAbortedError for one that is to get none."""
        path = path_of(request)
        if not path.startswith(("/v1/", "/v2/")):
            return self._pages.answer(request)
        self.requests.append((request.method, path))
        fault = self.faults.next_for(path)
        kind = fault.kind if fault is not None else None
        if kind == "drop":
            raise ConnectionAbortedError("as it was ordered")
        if kind == "hang":
            self.faults.wait_for_release()
        if kind == "garbage":
            return Response("<html>not JSON", content_type="text/html")
        failing = fault.status if fault is not None and kind == "status" else None
        answer = self.api.answer(request, failing)
        self.faults.answering(request.method, path)
        return answer


@contextmanager
def serving(
    account: StripeAccount, port: int = 0, forward_to: str | None = None, bind: str = LOOPBACK
) -> Iterator[Server]:
    """Serve an account on 127.0.0.1, and on `bind`, on a port that the system chooses unless one is
    given.

    `forward_to` becomes the account's `webhook_url`, to which every new event is sent.
    Raises PortTaken.
    """
    server = Server(account)
    with server.forwarder.running(), listening(server.respond, port, bind) as server.url:
        account.store.checkout_url = f"{server.url}/pay/"
        account.store.link_url = f"{server.url}/link/"
        if forward_to is not None:
            account.webhook_url = forward_to
        try:
            yield server
        finally:
            server.faults.clear()
