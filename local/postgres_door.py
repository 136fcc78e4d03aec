"""Where an embedded Postgres listens, and who may log in there."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from standin.http_server import LOOPBACK, addresses

_PORT_TRIES = 5

# Only this machine is trusted where others can reach the server.
# https://www.postgresql.org/docs/current/auth-pg-hba-conf.html
_LOGINS = """
host all all 127.0.0.1/32 trust
host all all all scram-sha-256
"""


@dataclass(frozen=True)
class Door:
    """Where a server can be reached: on 127.0.0.1, without a password, and on `address`, where
    everybody needs `password`. Port 0: the one of the last time, else any."""

    port: int = 0
    address: str = LOOPBACK
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.is_open and not self.password:
            raise ValueError("without a password the network could do as it likes")

    @property
    def is_open(self) -> bool:
        """Whether others than this machine may reach it."""
        return self.address != LOOPBACK

    def ports(self, data: Path) -> Iterator[int]:
        """Which ports to try for the server of a data directory."""
        if self.port:
            yield self.port
            return
        # The one of the last time first, which others may have noted down.
        with suppress(FileNotFoundError):
            kept = re.search(r'"port=(\d+)"', (data / "postmaster.opts").read_text())
            if kept is not None:
                yield int(kept[1])
        # Between choosing a free port and binding it somebody else may take it.
        for _ in range(_PORT_TRIES):
            yield _free_port()

    def settings(self, port: int, folder: Path) -> tuple[str, ...]:
        """The server's settings. `folder` gets the file that says who may log in, because the one
        in the data directory trusts whoever can come from this machine, and nobody else."""
        listen = (f"listen_addresses={','.join(addresses(self.address))}", f"port={port}")
        if not self.is_open:
            return listen
        logins = folder / "pg_hba.conf"
        logins.write_text(_LOGINS)
        logins.chmod(0o644)
        return (*listen, f"hba_file={logins}")


AT_HOME = Door()


def _free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port
