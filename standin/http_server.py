"""An HTTP server on 127.0.0.1, and on one more address if need be, each on a thread: keep-alive
connections, and an end that waits for nobody for long.

Werkzeug reads requests and makes responses. Its own server closes each connection after one
request, which costs a client a connection a call; so connections are kept here.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Condition, Thread
from typing import IO, Any, cast

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wsgi import LimitedStream, get_content_length

Respond = Callable[[Request], Response]

LOOPBACK = "127.0.0.1"
_EVERYWHERE = "0.0.0.0"
_STOP_SECONDS = 5.0


class PortTaken(Exception):
    """Somebody else listens on the port that was asked for."""


@contextmanager
def listening(respond: Respond, port: int = 0, bind: str = LOOPBACK) -> Iterator[str]:
    """Answer requests by `respond` while the block runs, and answer with the base URL.

    `bind` is an IPv4 address of this machine, to listen on beside 127.0.0.1.

    `request.environ["sent_headers"]` has the headers as they were sent, names, order and
    repeats. A ConnectionError that `respond` raises cuts the connection without an answer.
    Port 0 lets the system choose one. Raises PortTaken.
    """
    with ExitStack() as running:
        for address in addresses(bind):
            port = running.enter_context(_listening(respond, address, port))
        yield f"http://{LOOPBACK}:{port}"


def addresses(bind: str) -> tuple[str, ...]:
    """Where to listen so that 127.0.0.1 and `bind` are served."""
    return (bind,) if bind in (LOOPBACK, _EVERYWHERE) else (LOOPBACK, bind)


@contextmanager
def _listening(respond: Respond, address: str, port: int) -> Iterator[int]:
    try:
        bound = socket.create_server((address, port), backlog=128)
    except OSError as error:
        raise PortTaken(f"port {port} on {address} is taken") from error
    with bound:
        server = _Server(respond, bound)
    thread = Thread(target=server.accept_until_stopped, name="http-server")
    thread.start()
    try:
        yield server.port
    finally:
        server.stop()
        thread.join()
        server.cut_connections()


class _Server(ThreadedWSGIServer):
    def __init__(self, respond: Respond, bound: socket.socket) -> None:
        self.respond = respond
        self._stopped = False
        self._connections: set[Any] = set()
        self._changed = Condition()
        # A socket that is bound already: with a port that is taken, werkzeug ends the program.
        super().__init__(LOOPBACK, 0, Response(), _Connection, fd=bound.fileno())
        self._address = bound.getsockname()

    def accept_until_stopped(self) -> None:
        with self:
            while not self._stopped:
                self.handle_request()

    def stop(self) -> None:
        """Stop listening: a connection of our own ends the wait for the next one at once."""
        self._stopped = True
        with suppress(OSError):
            socket.create_connection(self._address, _STOP_SECONDS).close()

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

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Keep quiet: whoever serves something logs what they think fit."""


class _Connection(WSGIRequestHandler):
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request. What it leaves unread would be taken for the next one: then close."""
        environ = self.make_environ()
        body = LimitedStream(cast(IO[bytes], self.rfile), get_content_length(environ) or 0)
        environ |= {"wsgi.input": body, "wsgi.input_terminated": True}
        environ["sent_headers"] = self.headers.items()
        try:
            response = cast(_Server, self.server).respond(Request(environ))
        except HTTPException as refused:
            response = refused.get_response(environ)
        chunks, _, headers = response.get_wsgi_response(environ)
        self.send_response_only(response.status_code)
        for name, value in headers:
            self.send_header(name, value)
        if not body.is_exhausted or self.headers.get("transfer-encoding"):
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"".join(chunks))
