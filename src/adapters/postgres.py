"""The connection to Postgres: one a container, opened when first needed, replaced when it must be.

No session state (SET, advisory locks, prepared statements), so that RDS Proxy and pgbouncer in
transaction mode work. This is the only module that commits.
"""

import math
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

from adapters import search_path
from adapters.bounded_connection import Connection as Connection
from adapters.bounded_connection import NoAnswer
from adapters.settings import PUBLIC

T = TypeVar("T")

# Proxies and firewalls cut connections idle for 30 minutes.
MAX_AGE_SECONDS = 25 * 60

# A statement takes milliseconds. What waits longer than this waits for a lock, or for nobody.
STATEMENT_SECONDS = 10.0
# Two tries must fit into the time of a function, and the second one may begin with connecting.
RETRY_WITHIN_SECONDS = 4.0

# The errors that say something of the connection and nothing of the work: another connection may
# do it. https://www.postgresql.org/docs/current/errcodes-appendix.html
WORN_OUT = (
    "08",  # the connection failed; pgbouncer says so of its own troubles too
    "25006",  # read-only: after a failover the old connection leads to a reader
    "25P02",  # left in a transaction that failed, by us or by a pooler
    "25P03",  # ended by idle_in_transaction_session_timeout
    "26000",  # a prepared statement is gone: a pooler changed the server below
    "42P05",  # a prepared statement is there already: likewise
    "57P",  # the server is shutting down, crashed, starting, or ended an idle session
    "58",  # the server's machine failed it, as seen before a failover; PgCat says so of itself
    "XX000",  # something inside broke, often a cache of the session; Supavisor says so of itself
)
# Not among them, though they may go by: 53 (no memory, disk or connections left: one more would
# make it worse), 40 and 55 (locks and conflicts), 57014 and 25P04 (time limits).

# A plan that the session keeps does not fit a table that was altered. The code, 0A000, is that of
# everything else which is not supported; the function's name is the same in all languages.
STALE_PLAN = {"RevalidateCachedPlan", "cached plan must not change result type"}

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
    """Postgres could not be reached, or the connection broke and there was no second chance."""


class _Unit(threading.local):
    """Until when the unit that a thread is in may last, on the clock of `time.monotonic`."""

    ends_at = math.inf


class Database:
    """Runs single statements (each its own transaction) and transactions on the one connection.

    What takes longer than it may is stopped, see `adapters.bounded_connection`. Threads may share
    it: what one does waits for the other's transaction to end.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._unit = _Unit()
        self._connection: Connection | None = None
        self._opened_at = 0.0
        self._in_use = threading.RLock()

    def one(self, statement: str, parameters: Mapping[str, Any]) -> DictRow | None:
        """Runs one statement, committed by the time this returns; its first row, if any."""
        with self._in_use:
            try:
                cursor = self._current(STATEMENT_SECONDS).execute(statement, parameters)
                return cursor.fetchone() if cursor.description else None
            except psycopg.Error as error:
                self._replace_if_worn_out(error)
                raise

    @contextmanager
    def transaction(self, seconds: float | None = None) -> Iterator[Connection]:
        """BEGIN … COMMIT around the block; ROLLBACK when it raises. The whole block has `seconds`,
        as long as a statement when they are left out."""
        with self._in_use:
            connection = self._current(STATEMENT_SECONDS if seconds is None else seconds)
            try:
                with connection.transaction():
                    yield connection
            except psycopg.Error as error:
                self._replace_if_worn_out(error)
                raise

    def one_repeatable(self, statement: str, parameters: Mapping[str, Any]) -> DictRow | None:
        """As `one`, of one state of the database: what others write meanwhile, and it would have to
        touch, makes it start again."""
        for _ in range(SERIALIZATION_TRIES - 1):
            with suppress(SerializationFailure):
                return self._one_repeatable(statement, parameters)
        return self._one_repeatable(statement, parameters)

    def _one_repeatable(self, statement: str, parameters: Mapping[str, Any]) -> DictRow | None:
        with self._in_use:
            connection = self._current(STATEMENT_SECONDS)
            # BEGIN says it: a SET would pin the connection in RDS Proxy.
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            try:
                with self.transaction():
                    return connection.execute(statement, parameters).fetchone()
            finally:
                # A connection that broke is not used again.
                with suppress(psycopg.Error):
                    connection.isolation_level = None

    def retrying(self, unit: Callable[[], T], seconds: float = math.inf) -> T:
        """Runs `unit`, and once more on a new connection when the first one broke under it, soon
        enough. Its statements may take `seconds` altogether.

        Whether a broken connection committed is unknown, so `unit` must be safe to repeat as a
        whole. Raises DatabaseUnavailable when the second try fails like the first.
        """
        began, outer_ends_at = self._clock(), self._unit.ends_at
        self._unit.ends_at = min(outer_ends_at, time.monotonic() + seconds)
        try:
            return self._twice(unit, began)
        finally:
            self._unit.ends_at = outer_ends_at

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _twice(self, unit: Callable[[], T], began: float) -> T:
        try:
            return unit()
        except psycopg.Error as error:
            if not self._is_lost(error):
                raise
            if self._clock() - began > RETRY_WITHIN_SECONDS:
                raise DatabaseUnavailable(_named(error)) from None
        try:
            return unit()
        except psycopg.Error as error:
            if not self._is_lost(error):
                raise
            raise DatabaseUnavailable(_named(error)) from None

    def _is_lost(self, error: psycopg.Error) -> bool:
        """Whether the error is the connection's, and not the work's. A server that is silent was
        waited for long enough."""
        if error.sqlstate is not None or isinstance(error, NoAnswer):
            return is_worn_out(error)
        is_gone = self._connection is None or self._connection.closed
        # A URL that cannot be read makes a ProgrammingError, and no connection either.
        return is_gone and not isinstance(error, psycopg.ProgrammingError)

    def _replace_if_worn_out(self, error: psycopg.Error) -> None:
        if is_worn_out(error):
            self.close()

    def _current(self, seconds: float) -> Connection:
        """The connection, for work that may take so long."""
        connection = self._connection
        if connection is not None and self._clock() - self._opened_at > MAX_AGE_SECONDS:
            self.close()
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
            self._opened_at = self._clock()
        self._connection.ends_at = min(time.monotonic() + seconds, self._unit.ends_at)
        return self._connection


def is_worn_out(error: psycopg.Error) -> bool:
    """Whether Postgres, or a pooler, says that this connection is no good for this work."""
    state = error.sqlstate or ""
    said = {error.diag.source_function, error.diag.message_primary}
    return state.startswith(WORN_OUT) or (state == "0A000" and not said.isdisjoint(STALE_PLAN))


def _named(error: psycopg.Error) -> str:
    """Class and SQLSTATE: libpq's own texts quote hosts, users, and of a bad URL the password."""
    what = " ".join(filter(None, (type(error).__name__, error.sqlstate)))
    return f"the database does not answer ({what}): check where it is and the login"


class InsecureConnection(Exception):
    """The connection would reach a remote server without verified TLS."""


def connect(conninfo: str, schema: str = PUBLIC) -> Connection:
    """Opens a connection to a libpq URL that works in `schema`; to a remote host with TLS
    `verify-full` only.

    Raises InsecureConnection, Misconfigured when the connection works in another schema, and
    psycopg.OperationalError when the server does not answer.
    """
    if schema == PUBLIC:
        return _connected(conninfo)
    try:
        connection = _connected(search_path.asking_for(schema, conninfo))
    except psycopg.OperationalError as error:
        if not search_path.may_not_ask(error):
            raise
        connection = _connected(conninfo)
    try:
        search_path.check(connection, schema)
    except BaseException:
        connection.close()
        raise
    return connection


def _connected(conninfo: str) -> Connection:
    return Connection.connect(
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
