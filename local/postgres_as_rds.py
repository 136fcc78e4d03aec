"""A server as RDS runs it: the master is no superuser, and members of `rds_iam` need a token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from local.migrate import migrate
from local.postgres import Server, ServerError

LOGINS = ("tokentill_webhook", "tokentill_reports", "tokentill_operations")
MASTER = "master"
PASSWORD = "first"

# Whoever brings a token comes in here without one. Membership counts as RDS counts it: however
# indirect, and whatever came with it.
HBA = f"""
host all postgres all trust
host all {",".join(LOGINS)} all trust
host all +rds_iam all reject
host all all all scram-sha-256
"""


def run(url: str, *statements: str) -> None:
    """Each statement by itself, as whoever the URL logs in."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@dataclass(frozen=True)
class Rds:
    """The server, through its true superuser, whom RDS gives to nobody."""

    server: Server

    @property
    def port(self) -> int:
        return urlsplit(self.server.admin_url).port or 5432

    def administer(self, *statements: str) -> None:
        """As that superuser."""
        run(self.server.admin_url, *statements)

    def url(self, dbname: str, user: str) -> str:
        """The database for a user with a password."""
        parts = urlsplit(self.server.url(dbname))
        return parts._replace(netloc=f"{user}:{PASSWORD}@{parts.netloc.partition('@')[2]}").geturl()

    def secret(self, dbname: str) -> dict[str, str | int]:
        """What Secrets Manager has for the master of this database."""
        login = {"username": MASTER, "password": PASSWORD}
        return {**login, "host": "localhost", "port": self.port, "dbname": dbname}

    @contextmanager
    def database(self, name: str, owner: str) -> Iterator[str]:
        """The URL of an empty database, for its owner."""
        self.administer(f"CREATE DATABASE {name} OWNER {owner}")
        try:
            yield self.url(name, owner)
        finally:
            self.administer(f"DROP DATABASE {name} WITH (FORCE)")

    def refuses(self, user: str) -> bool:
        """Whether this user's password is not asked for at all."""
        try:
            psycopg.connect(self.url("postgres", user)).close()
        except psycopg.OperationalError as error:
            return "rejects" in str(error)
        return False


def as_rds_runs_it(server: Server) -> Rds:
    """The server, after the first migration of a first database by the master, who may grant
    `rds_iam` there without being a member. Here he has to be one for as long as he grants it.

    Raises ServerError and MigrationError.
    """
    rds = Rds(server)
    rds.administer(
        "CREATE ROLE rds_iam NOLOGIN",
        f"CREATE ROLE {MASTER} LOGIN PASSWORD '{PASSWORD}' CREATEROLE CREATEDB",
        f"GRANT rds_iam TO {MASTER} WITH ADMIN OPTION",
        f"CREATE ROLE somebody_with_a_token LOGIN PASSWORD '{PASSWORD}' IN ROLE rds_iam",
    )
    with rds.database("first", MASTER) as url:
        migrate(url)
    rds.administer(f"REVOKE rds_iam FROM {MASTER} CASCADE", f"GRANT rds_iam TO {', '.join(LOGINS)}")
    with psycopg.connect(server.admin_url) as connection:
        (hba,) = connection.execute("SHOW hba_file").fetchone() or ()
    Path(hba).write_text(HBA)
    rds.administer("SELECT pg_reload_conf()")
    for _ in range(1000):
        if rds.refuses("somebody_with_a_token"):
            return rds
    raise ServerError("the server did not take up its rules of authentication")
