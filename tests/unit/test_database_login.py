"""How the till logs in to Postgres: what is asked of whom, without a server."""

from collections.abc import Mapping
from typing import Any

import pytest

from adapters import database_login
from adapters.database_login import iam_token, login
from adapters.environment import DatabaseAddress

# Nothing listens on port 1: what is tested is what was tried.
CLOSED = {"host": "127.0.0.1", "port": 1, "username": "till", "password": "p", "dbname": "till"}


class Secret:
    """A secret store that remembers how it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def read(self, arn: str, anew: bool) -> Mapping[str, Any]:
        self.asked.append((arn, anew))
        return CLOSED


def no_token(_address: DatabaseAddress) -> str:
    raise AssertionError("no token is needed")


def test_a_server_that_is_away_is_no_reason_to_read_the_secret_again() -> None:
    secret = Secret()
    with pytest.raises(database_login.psycopg.OperationalError):
        login(DatabaseAddress(secret_arn="arn:1"), secret.read, no_token)
    assert secret.asked == [("arn:1", False)]


def test_with_iam_authentication_every_connection_has_a_token_of_its_own() -> None:
    made: list[DatabaseAddress] = []

    def token(address: DatabaseAddress) -> str:
        made.append(address)
        return "token"

    address = DatabaseAddress(host="127.0.0.1", port="1", name="till", user="u", iam_auth=True)
    for _ in range(2):
        with pytest.raises(database_login.psycopg.OperationalError):
            login(address, Secret().read, token)
    assert made == [address, address]


def test_an_iam_token_is_signed_for_host_port_and_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    token = iam_token(DatabaseAddress(host="db.example", port="5433", name="till", user="writer"))
    assert token.startswith("db.example:5433/?Action=connect&DBUser=writer")
    assert "X-Amz-Expires=900" in token
