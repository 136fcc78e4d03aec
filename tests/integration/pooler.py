"""A way to the database that treats what a client asks for at connect as poolers do."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

# https://www.postgresql.org/docs/current/protocol-message-formats.html
STARTUP = 196608
WANTS_ENCRYPTION = (80877103, 80877104)
IN_CLEAR = b"N"


@dataclass
class Pooler:
    """Where to connect to instead of the database. `refusal`, with which it answers `options`, as
    RDS Proxy does; without it they are dropped, as pgbouncer does when told to ignore them."""

    url: str
    refusal: str | None = None
    asked: list[dict[str, str]] = field(default_factory=list)

    def admit(self, client: socket.socket, there: tuple[str, int]) -> socket.socket | None:
        """The connection to the server behind, which was asked for the rest; None: refused."""
        code, body = _packet(client)
        while code in WANTS_ENCRYPTION:
            client.sendall(IN_CLEAR)
            code, body = _packet(client)
        words = body.decode().split("\0")
        asked = dict(zip(words[::2], words[1::2], strict=False))
        asked.pop("", None)
        self.asked.append(dict(asked))
        if asked.pop("options", None) is not None and self.refusal is not None:
            said = b"SFATAL\0C08P01\0M" + self.refusal.encode() + b"\0\0"
            client.sendall(b"E" + struct.pack("!i", len(said) + 4) + said)
            return None
        onward = socket.create_connection(there)
        rest = "".join(f"{name}\0{value}\0" for name, value in asked.items()).encode() + b"\0"
        onward.sendall(struct.pack("!ii", len(rest) + 8, code) + rest)
        return onward


@contextmanager
def pooler(database_url: str, refusal: str | None = None) -> Iterator[Pooler]:
    """A pooler on a free port, before the database at this URL."""
    parts = urlsplit(database_url)
    there = (parts.hostname or "", parts.port or 5432)
    opened: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        made = Pooler(f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}", refusal)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client = server.accept()[0]
                    opened.append(client)
                    threading.Thread(target=serve, args=(client,), daemon=True).start()

        def serve(client: socket.socket) -> None:
            with suppress(OSError, struct.error):
                onward = made.admit(client, there)
                if onward is None:
                    client.close()
                    return
                opened.append(onward)
                threading.Thread(target=_pass_on, args=(onward, client), daemon=True).start()
                _pass_on(client, onward)

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield made
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for each in opened:
                each.close()


def _packet(client: socket.socket) -> tuple[int, bytes]:
    length, code = struct.unpack("!ii", client.recv(8, socket.MSG_WAITALL))
    return code, client.recv(length - 8, socket.MSG_WAITALL) if length > 8 else b""


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(65536):
            target.sendall(content)
        target.shutdown(socket.SHUT_WR)
