"""A webhook endpoint for tests: real HTTP, with answers that were decided beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread


class Receiver:
    """A webhook endpoint that answers with the statuses it was given, the last one for ever."""

    def __init__(self, statuses: list[int]) -> None:
        self.bodies: list[bytes] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                receiver.bodies.append(self.rfile.read(length))
                status = statuses[min(len(receiver.bodies), len(statuses)) - 1]
                body = b'{"outcome": "recorded"}'
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object, **_named: object) -> None:
                """Keep quiet."""

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/hook"


@contextmanager
def receiving(*statuses: int) -> Iterator[Receiver]:
    receiver = Receiver(list(statuses))
    thread = Thread(target=receiver.http.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.http.shutdown()
        thread.join()
        receiver.http.server_close()
