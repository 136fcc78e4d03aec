"""The connection to Postgres: one a container, opened when first needed, replaced when it must be.

No session state (SET, advisory locks, prepared statements), so that RDS Proxy and pgbouncer in
transaction mode work. This is the only module that commits.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

import certifi
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import SerializationFailure
from psycopg.rows import DictRow, dict_row

T = TypeVar("T")
Connection = psycopg.Connection[DictRow]

# Proxies and firewalls cut connections idle for 30 minutes.
MAX_AGE_SECONDS = 25 * 60
CANCEL_SECONDS = 5.0
# Each try fails only because somebody else's write succeeded.
SERIALIZATION_TRIES = 5

RDS_AUTHORITIES = Path(__file__).with_name("rds-ca-bundle.pem")

# Every wait is bounded: a host that vanished would otherwise hold a call for minutes.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
WAITS = {
    "connect_timeout": "5",
    "tcp_user_timeout": "10000",
    "keepalives_idle": "30",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "application_name": "tokentill",
}


class DatabaseUnavailable(Exception):
    """Postgres could not be reached, or the connection broke twice in a row."""


class Database:
    """Runs single statements (each its own transaction) and transactions on the one connection.

    Threads may share it: what one does waits for the other's transaction to end.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._connection: Connection | None = None
        self._opened_at = 0.0
        self._in_use = threading.RLock()

    def one(self, statement: str, parameters: Mapping[str, Any]) -> DictRow | None:
        """Runs one statement, committed by the time this returns; its first row, if any."""
        with self._in_use:
            cursor = self._current().execute(statement, parameters)
            return cursor.fetchone() if cursor.description else None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """BEGIN … COMMIT around the block; ROLLBACK when it raises."""
        with self._in_use:
            connection = self._current()
            with connection.transaction():
                yield connection

    def one_repeatable(self, statement: str, parameters: Mapping[str, Any]) -> DictRow | None:
        """As `one`, of one state of the database: what others write meanwhile, and it would have to
        touch, makes it start again."""
        for _ in range(SERIALIZATION_TRIES - 1):
            with suppress(SerializationFailure):
                return self._one_repeatable(statement, parameters)
        return self._one_repeatable(statement, parameters)

    def _one_repeatable(self, statement: str, parameters: Mapping[str, Any]) -> DictRow | None:
        with self._in_use:
            connection = self._current()
            # BEGIN says it: a SET would pin the connection in RDS Proxy.
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            try:
                with connection.transaction():
                    return connection.execute(statement, parameters).fetchone()
            finally:
                # A connection that broke is not used again.
                with suppress(psycopg.Error):
                    connection.isolation_level = None

    def retrying(self, unit: Callable[[], T]) -> T:
        """Runs `unit`, and once more on a new connection when the first one broke under it.

        Whether a broken connection committed is unknown, so `unit` must be safe to repeat as a
        whole. Raises DatabaseUnavailable when the second try fails like the first.
        """
        try:
            return unit()
        except psycopg.OperationalError as error:
            if self._connection is not None and not self._connection.closed:
                raise
            first = error
        try:
            return unit()
        except psycopg.OperationalError as error:
            raise DatabaseUnavailable(str(first)) from error

    def cancel(self) -> None:
        """Asks the server to stop the statement that runs now, if any; for another thread."""
        connection = self._connection
        if connection is not None and not connection.closed:
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=CANCEL_SECONDS)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _current(self) -> Connection:
        connection = self._connection
        if connection is not None and self._clock() - self._opened_at > MAX_AGE_SECONDS:
            self.close()
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
            self._opened_at = self._clock()
        return self._connection


class InsecureConnection(Exception):
    """The connection would reach a remote server without verified TLS."""


def connect(conninfo: str) -> Connection:
    """Opens a connection to a libpq URL; to a remote host with TLS `verify-full` only.

    Raises InsecureConnection, and psycopg.OperationalError when the server does not answer.
    """
    return psycopg.connect(
        make_conninfo(conninfo, **WAITS, **tls_parameters(conninfo)),
        autocommit=True,
        prepare_threshold=None,
        row_factory=dict_row,
    )


def tls_parameters(conninfo: str) -> dict[str, str]:
    """What must be added to `conninfo`: libpq's default silently falls back to plain text.

    Raises InsecureConnection when it asks for less than `verify-full` of a remote host.
    """
    asked = conninfo_to_dict(conninfo)
    # libpq connects to hostaddr where there is one, and checks the certificate against host.
    named = [str(asked[name]) for name in ("host", "hostaddr") if asked.get(name)]
    hosts = ",".join(named).split(",")
    if all(_is_local(host) for host in hosts):
        return {}
    if asked.get("sslmode", "verify-full") != "verify-full":
        raise InsecureConnection("sslmode must be verify-full for a remote database")
    authorities = asked.get("sslrootcert") or _certificate_authorities(hosts)
    return {"sslmode": "verify-full", "sslrootcert": str(authorities)}


def _certificate_authorities(hosts: Sequence[str]) -> Path | str:
    """RDS has authorities of its own, which no system trusts by default."""
    if all(host.endswith((".amazonaws.com", ".amazonaws.com.cn")) for host in hosts):
        return RDS_AUTHORITIES
    return certifi.where()


def _is_local(host: str) -> bool:
    """A Unix socket (a directory, or abstract with "@") or the loopback interface."""
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
