"""The schema that a connection works in, where it is not `public`.

It is asked for at connect: a SET would leak to a pooler's next client, and pin the connection in
RDS Proxy. Poolers refuse that or drop it, and then what the role is set to holds: so each is
looked at once. The path is that schema alone: what others may write to has no say in what a
statement means.
"""

import re

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from adapters.bounded_connection import Connection
from adapters.settings import PUBLIC, Misconfigured

LOOK = """
SELECT current_setting('search_path') AS path,
       format('ALTER ROLE %I IN DATABASE %I SET search_path = ', session_user, current_database())
           AS command
"""


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
