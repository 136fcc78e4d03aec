"""A way to the database that can go dead: connections are accepted, and nothing passes any more."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Relay:
    """Where to connect to instead of the database; what it passes on, it passes on at once."""

    url: str
    _dead: threading.Event = field(default_factory=threading.Event)

    def die(self) -> None:
        """From now on nothing passes, and nobody is told."""
        self._dead.set()

    @property
    def is_dead(self) -> bool:
        return self._dead.is_set()


@contextmanager
def relay(database_url: str) -> Iterator[Relay]:
    """A relay on a free port, to the database at this URL."""
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
                    onward = socket.create_connection(there)
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
            if not made.is_dead:
                target.sendall(content)
        if not made.is_dead:
            target.shutdown(socket.SHUT_WR)
