"""Logs in to Postgres the way the deployment says: by URL, by RDS's secret, or by IAM token."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from adapters.connecting import connect
from adapters.postgres import Connection
from adapters.settings import DatabaseAddress, Misconfigured, without_blanks

ReadSecret = Callable[[str, bool], Mapping[str, Any] | None]
MakeToken = Callable[[DatabaseAddress], str]


def login(address: DatabaseAddress, read_secret: ReadSecret, token: MakeToken) -> Connection:
    """A new connection. `read_secret(arn, anew)` reads Secrets Manager, `token` makes an IAM token
    (valid for 15 minutes, and checked at connect only).

    Raises Misconfigured when the environment or the secret names no database.
    """
    why = refusal(address)
    if why is not None:
        raise Misconfigured(why)
    if address.url:
        return connect(address.url, address.schema)
    if address.iam_auth:
        conninfo = make_conninfo(
            host=address.host,
            port=address.port,
            dbname=address.name,
            user=address.user,
            password=token(address),
        )
        return connect(conninfo, address.schema)
    return _by_secret(address, read_secret)


def refusal(address: DatabaseAddress) -> str | None:
    """What to set before anybody can log in; None when `address` says enough."""
    if address.url:
        return _url_refusal(address.url)
    if not _is_port(address.port):
        return "DATABASE_PORT must be a number from 1 to 65535"
    if address.iam_auth and not (address.host and address.name and address.user):
        return "DATABASE_IAM_AUTH=true needs DATABASE_HOST, DATABASE_NAME and DATABASE_USER"
    if address.iam_auth or address.secret_arn:
        return None
    return (
        "set DATABASE_URL, or DATABASE_SECRET_ARN, or DATABASE_HOST, DATABASE_NAME and"
        " DATABASE_USER with DATABASE_IAM_AUTH=true"
    )


def _url_refusal(url: str) -> str | None:
    """libpq would quote what it cannot read, with the password in it."""
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return "the database's URL cannot be read: write postgresql://user@host:5432/name"
    return None


def _by_secret(address: DatabaseAddress, read_secret: ReadSecret) -> Connection:
    """RDS rotates its secret while we remember the old one: then the first login fails. So it does
    when what we remember is no such secret, and was put right since."""
    try:
        known = conninfo_from(address, read_secret(address.secret_arn, False))
        return connect(known, address.schema)
    except psycopg.OperationalError as error:
        if "authentication failed" not in str(error):
            raise
    except Misconfigured:
        pass
    return connect(conninfo_from(address, read_secret(address.secret_arn, True)), address.schema)


def conninfo_from(address: DatabaseAddress, secret: Mapping[str, Any] | None) -> str:
    """RDS's own secret lacks the host where a proxy or cluster is meant: the environment wins.
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html

    Raises Misconfigured.
    """
    if secret is None:
        raise Misconfigured("the database's secret must be a JSON object")
    return make_conninfo(
        host=address.host or _text(secret, "host"),
        port=address.port if address.host else _port(secret, address.port),
        dbname=address.name or _text(secret, "dbname", "postgres"),
        user=_text(secret, "username"),
        password=_text(secret, "password"),
    )


def _text(secret: Mapping[str, Any], name: str, default: str = "") -> str:
    given = secret.get(name)
    text = without_blanks(given or default) if isinstance(given, str | None) else ""
    if not text:
        raise Misconfigured(f"{name} in the database's secret must be a string, and not empty")
    return text


def _port(secret: Mapping[str, Any], default: str) -> str:
    """RDS writes a number, people often a string."""
    given = secret.get("port")
    text = without_blanks(str(default if given in (None, "") else given))
    if not _is_port(text):
        raise Misconfigured("port in the database's secret must be a number from 1 to 65535")
    return text


def _is_port(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None and 0 < int(text) < 65536


def iam_token(address: DatabaseAddress) -> str:
    """Signed locally with the function's role: no call leaves the machine.
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.Python.html
    """
    import boto3

    client = boto3.client("rds")
    return client.generate_db_auth_token(
        DBHostname=address.host, Port=int(address.port), DBUsername=address.user
    )
