"""Logs in to Postgres the way the deployment says: by URL, by RDS's secret, or by IAM token."""

from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from adapters.environment import DatabaseAddress, Misconfigured
from adapters.postgres import Connection, connect

ReadSecret = Callable[[str, bool], Mapping[str, Any]]
MakeToken = Callable[[DatabaseAddress], str]


def login(address: DatabaseAddress, read_secret: ReadSecret, token: MakeToken) -> Connection:
    """A new connection. `read_secret(arn, anew)` reads Secrets Manager, `token` makes an IAM token
    (valid for 15 minutes, and checked at connect only).

    Raises Misconfigured when the environment names no database.
    """
    if address.url:
        return connect(address.url)
    if address.iam_auth:
        conninfo = make_conninfo(
            host=address.host,
            port=address.port,
            dbname=address.name,
            user=address.user,
            password=token(address),
        )
        return connect(conninfo)
    if address.secret_arn:
        return _by_secret(address, read_secret)
    raise Misconfigured(
        "set DATABASE_URL, or DATABASE_SECRET_ARN, or DATABASE_HOST, DATABASE_NAME and"
        " DATABASE_USER with DATABASE_IAM_AUTH=true"
    )


def _by_secret(address: DatabaseAddress, read_secret: ReadSecret) -> Connection:
    """RDS rotates its secret while we remember the old one: then the first login fails."""
    try:
        return connect(_from_secret(address, read_secret(address.secret_arn, False)))
    except psycopg.OperationalError as error:
        if "authentication failed" not in str(error):
            raise
        return connect(_from_secret(address, read_secret(address.secret_arn, True)))


def _from_secret(address: DatabaseAddress, secret: Mapping[str, Any]) -> str:
    """RDS's own secret lacks the host where a proxy or cluster is meant: the environment wins.
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
    """
    return make_conninfo(
        host=address.host or secret.get("host"),
        port=address.port if address.host else secret.get("port") or address.port,
        dbname=address.name or secret.get("dbname") or "postgres",
        user=secret.get("username"),
        password=secret.get("password"),
    )


def iam_token(address: DatabaseAddress) -> str:
    """Signed locally with the function's role: no call leaves the machine.
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.Python.html
    """
    import boto3

    client = boto3.client("rds")
    return client.generate_db_auth_token(
        DBHostname=address.host, Port=int(address.port), DBUsername=address.user
    )
