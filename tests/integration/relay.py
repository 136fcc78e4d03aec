"""A way to the database that can break: in silence, with an end, or with nonsense."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

Fault = Callable[[socket.socket], None]


def end(reader: socket.socket) -> None:
    """The connection is closed."""
    reader.shutdown(socket.SHUT_RDWR)


def garbage(reader: socket.socket) -> None:
    """Something else answers."""
    reader.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20)


def silence(_reader: socket.socket) -> None:
    """Nothing passes, and nobody is told."""


@dataclass
class Relay:
    """Where to connect to instead of the database; what it passes on, it passes on at once."""

    url: str
    fault: Fault | None = None

    def die(self) -> None:
        """From now on connections are accepted, and nothing passes."""
        self.fault = silence


@contextmanager
def relay(database_url: str, source: str = "127.0.0.1") -> Iterator[Relay]:
    """A relay on a free port, to the database at this URL, which it reaches from `source`."""
    parts = urlsplit(database_url)
    there = (parts.hostname or "", parts.port or 5432)
    opened: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        user = f"{parts.username}@" if parts.username else ""
        made = Relay(f"postgresql://{user}127.0.0.1:{port}{parts.path}")

        def accept() -> None:
            with suppress(OSError):
                while True:
                    here = server.accept()[0]
                    onward = socket.create_connection(there, source_address=(source, 0))
                    opened.extend((here, onward))
                    for ends in ((here, onward), (onward, here)):
                        threading.Thread(target=_pass_on, args=(made, *ends), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield made
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for each in opened:
                each.close()


def _pass_on(made: Relay, source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(65536):
            if made.fault:
                made.fault(target)
            else:
                target.sendall(content)
        if made.fault is not silence:
            target.shutdown(socket.SHUT_WR)
