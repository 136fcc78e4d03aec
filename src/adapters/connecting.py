"""Connects to Postgres: with verified TLS to a remote host, and in the schema that is configured.

A schema that is not `public` is asked for at connect: a SET would leak to a pooler's next client,
and pin the connection in RDS Proxy. Poolers refuse that or drop it, and then what the role is set
to holds: so each connection is looked at once. The path is that schema alone: what others may
write to has no say in what a statement means.
"""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

import certifi
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from adapters.postgres import Connection
from adapters.settings import PUBLIC, Misconfigured, runs_in_sam_local

# What a container calls the machine that it runs on. Anywhere else the name may lead anywhere.
SAM_LOCAL_HOST = "host.docker.internal"
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

LOOK = """
SELECT current_setting('search_path') AS path,
       format('ALTER ROLE %I IN DATABASE %I SET search_path = ', session_user, current_database())
           AS command
"""


class InsecureConnection(Exception):
    """The connection would reach a remote server without verified TLS."""


def connect(conninfo: str, schema: str = PUBLIC) -> Connection:
    """Opens a connection to a libpq URL that works in `schema`; to a remote host with TLS
    `verify-full` only.

    Raises InsecureConnection, Misconfigured when the connection works in another schema, and
    psycopg.OperationalError when the server does not answer.
    """
    if schema == PUBLIC:
        return connected(conninfo)
    try:
        connection = connected(asking_for(schema, conninfo))
    except psycopg.OperationalError as error:
        if not may_not_ask(error):
            raise
        connection = connected(conninfo)
    try:
        check(connection, schema)
    except BaseException:
        connection.close()
        raise
    return connection


def connected(conninfo: str) -> Connection:
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
    if all(is_local(host) for host in hosts):
        return {}
    if asked.get("sslmode", "verify-full") != "verify-full":
        raise InsecureConnection("sslmode must be verify-full for a remote database")
    authorities = asked.get("sslrootcert") or certificate_authorities(hosts)
    return {"sslmode": "verify-full", "sslrootcert": str(authorities)}


def certificate_authorities(hosts: Sequence[str]) -> Path | str:
    """RDS has authorities of its own, which no system trusts by default."""
    if all(host.endswith((".amazonaws.com", ".amazonaws.com.cn")) for host in hosts):
        return RDS_AUTHORITIES
    return certifi.where()


def is_local(host: str) -> bool:
    """A Unix socket (a directory, or abstract with "@"), the loopback interface, or the machine
    around the container of `sam local`."""
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    if host == SAM_LOCAL_HOST:
        return runs_in_sam_local()
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def asking_for(schema: str, conninfo: str) -> str:
    """`conninfo`, with the schema among its `options`, whose words are parted by blanks; as it is
    where the schema is `public`.

    https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS
    """
    if schema == PUBLIC:
        return conninfo
    asked = re.sub(r"([\\\s])", r"\\\1", quoted(schema))
    others = conninfo_to_dict(conninfo).get("options") or ""
    return make_conninfo(conninfo, options=f"{others} -csearch_path={asked}".lstrip())


def may_not_ask(error: psycopg.OperationalError) -> bool:
    """Whether a pooler refuses the `options`. RDS Proxy: "currently doesn't support command-line
    options"; pgbouncer: "unsupported startup parameter: options", or "... in options: search_path".
    """
    return "options" in str(error)


def check(connection: Connection, schema: str) -> None:
    """Raises Misconfigured when the connection does not work in `schema`, and in it alone."""
    row = connection.execute(LOOK).fetchone()
    assert row is not None, "it always gives one row"
    if row["path"] not in spellings(schema):
        raise Misconfigured(
            "DATABASE_SCHEMA is not in force on this connection, for a pooler drops what is asked"
            " for at connect; as this user, or as who made it, run this on the database itself, and"
            f" let the pooler connect anew: {row['command']}{quoted(schema)};"
        )


def spellings(schema: str) -> set[str]:
    """What Postgres may call a path of this schema alone."""
    is_plain = re.fullmatch("[a-z_][a-z0-9_]*", schema) is not None
    return {quoted(schema), schema} if is_plain else {quoted(schema)}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
