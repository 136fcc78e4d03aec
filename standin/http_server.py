"""The stand-in over HTTP: keep-alive connections, one write an answer, a clean stop."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any, cast

from standin import published
from standin.account import StripeAccount
from standin.api import Api
from standin.api_request import Request
from standin.faults import Faults
from standin.forwarding import Forwarder
from standin.pages import Pages

_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.02


class Server:
    """A running stand-in. `requests` logs (method, path) of every API request received."""

    def __init__(self, account: StripeAccount, port: int) -> None:
        # Read now, so that a stand-in that lacks it does not start.
        published.document()
        self.account = account
        self.faults = Faults()
        self.requests: list[tuple[str, str]] = []
        self.api = Api(account)
        self.forwarder = Forwarder(account)
        self.pages = Pages(account, self.forwarder)
        self._http = _HttpServer(self, port)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = Thread(
            target=self._http.serve_forever, args=(_POLL_SECONDS,), name="stripe-standin"
        )

    def start(self) -> None:
        self.forwarder.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, cut open connections, and wait until all threads are done."""
        self.faults.clear()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        self._http.cut_connections()
        self.forwarder.stop()


@contextmanager
def serving(
    account: StripeAccount, port: int = 0, forward_to: str | None = None
) -> Iterator[Server]:
    """Serve an account on 127.0.0.1, on a port that the system chooses unless one is given.

    `forward_to` becomes the account's `webhook_url`, to which every new event is sent.
    """
    server = Server(account, port)
    account.store.checkout_url = f"{server.url}/pay/"
    account.store.link_url = f"{server.url}/link/"
    if forward_to is not None:
        account.webhook_url = forward_to
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, owner: Server, port: int) -> None:
        self.owner = owner
        self._connections: set[socket.socket] = set()
        self._changed = Condition()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()

    def cut_connections(self) -> None:
        with self._changed:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._connections, _STOP_SECONDS)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of the server; anything else is."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *_args: Any, **_named: Any) -> None:
        """Keep quiet: `Server.requests` is the log."""

    @property
    def _owner(self) -> Server:
        return cast(_HttpServer, self.server).owner

    def _serve(self) -> None:
        request = self._request()
        if request.path.startswith(("/v1/", "/v2/")):
            self._serve_api(request)
            return
        shown = self._owner.pages.answer(request)
        self._send(shown.status, shown.body, shown.headers)

    def _request(self) -> Request:
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, path, query, headers, self.rfile.read(length))

    def _serve_api(self, request: Request) -> None:
        self._owner.requests.append((request.method, request.path))
        fault = self._owner.faults.next_for(request.path)
        if fault is not None and fault.kind == "drop":
            self.close_connection = True
            return
        if fault is not None and fault.kind == "hang":
            self._owner.faults.wait_for_release()
        if fault is not None and fault.kind == "garbage":
            self._send(200, b"<html>not JSON", {"Content-Type": "text/html"})
            return
        failing = fault.status if fault is not None and fault.kind == "status" else None
        answer = self._owner.api.answer(request, failing)
        self._owner.faults.answering(request.method, request.path)
        self._send(
            answer.status, answer.body, {"Content-Type": "application/json", **answer.headers}
        )

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """One write for head and body, so that no delayed acknowledgement holds it up."""
        lines = [f"HTTP/1.1 {status} {self.responses.get(status, ('',))[0]}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        self.wfile.write("\r\n".join(lines).encode("latin-1") + body)
