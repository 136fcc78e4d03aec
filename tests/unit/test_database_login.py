"""How the till logs in to Postgres: what is asked of whom, without a server."""

from collections.abc import Mapping
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from adapters import database_login
from adapters.database_login import iam_token, login
from adapters.secrets import json_object
from adapters.settings import DatabaseAddress, Misconfigured
from tests.unit.blanks import KINDS_OF_BLANKS

# Nothing listens on port 1: what is tested is what was tried.
CLOSED = {"host": "127.0.0.1", "port": 1, "username": "till", "password": "p", "dbname": "till"}


class Secret:
    """A secret store that remembers how it was asked; it has something else when asked anew."""

    def __init__(
        self, kept: Mapping[str, Any] | None = CLOSED, now: Mapping[str, Any] | None = CLOSED
    ) -> None:
        self.asked: list[tuple[str, bool]] = []
        self._kept, self._now = kept, now

    def read(self, arn: str, anew: bool) -> Mapping[str, Any] | None:
        self.asked.append((arn, anew))
        return self._now if anew else self._kept


class Tried(Exception):
    """Instead of a connection: what it would have been made with."""


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(conninfo: str, _schema: str) -> None:
        raise Tried(conninfo)

    monkeypatch.setattr(database_login, "connect", connect)


def conninfo_of(secret: Mapping[str, Any] | None, **address: Any) -> dict[str, Any]:
    """What a login with this secret would connect to."""
    with pytest.raises(Tried) as tried:
        login(DatabaseAddress(secret_arn="arn:1", **address), Secret(secret).read, no_token)
    return conninfo_to_dict(str(tried.value))


def refused(secret: Mapping[str, Any] | None, **address: Any) -> str:
    with pytest.raises(Misconfigured) as refused:
        login(DatabaseAddress(secret_arn="arn:1", **address), Secret(secret, secret).read, no_token)
    return str(refused.value)


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


def test_a_token_needs_to_know_where_and_for_whom() -> None:
    sound = {"host": "db.example", "name": "till", "user": "writer", "iam_auth": True}
    for name in ("host", "name", "user"):
        with pytest.raises(Misconfigured, match="DATABASE_IAM_AUTH=true needs DATABASE_HOST"):
            login(DatabaseAddress(**{**sound, name: ""}), Secret().read, no_token)


@pytest.mark.parametrize("port", ["0", "65536", "54 32", "-1", "5432,5433", "٥٤٣٢", "x"])
def test_a_port_is_a_number(port: str) -> None:
    assert "DATABASE_PORT must be a number" in refused(CLOSED, port=port)
    assert "port in the database's secret must be a number" in refused({**CLOSED, "port": port})


NO_TEXTS: list[Any] = [7, 0, 1.5, True, False, {}, {"hush": 1}, [], ["hush"], "", " ", "\ufeff"]
KINDS_OF_NO_TEXT: list[Any] = [7, 0, False, ["hush"], " "]


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        *(("username", odd) for odd in (*NO_TEXTS, None)),
        *((name, odd) for name in ("password", "host") for odd in (*KINDS_OF_NO_TEXT, None)),
    ],
)
def test_a_secret_without_a_name_a_password_or_a_host_is_refused(name: str, odd: object) -> None:
    assert refused({**CLOSED, name: odd}) == (
        f"{name} in the database's secret must be a string, and not empty"
    )


@pytest.mark.parametrize("odd", [1.5, True, {}, {"hush": 1}, [], ["5432"], "x", 0, -1, 70000])
def test_a_port_of_a_wrong_kind_is_refused(odd: object) -> None:
    assert "port in the database's secret" in refused({**CLOSED, "port": odd})


@pytest.mark.parametrize("odd", KINDS_OF_NO_TEXT, ids=repr)
def test_a_database_name_of_a_wrong_kind_is_refused(odd: object) -> None:
    assert "dbname in the database's secret" in refused({**CLOSED, "dbname": odd})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '["hush"]',
        '"postgres"',
        "7",
        "null",
        "{",
        "hush",
        "[" * 100_000,
        b"\xff",
        "{'a': 1}",
    ],
)
def test_a_secret_that_is_no_json_object_is_refused(text: str | bytes) -> None:
    assert refused(json_object(text)) == "the database's secret must be a JSON object"


@pytest.mark.parametrize(
    "text", ['{"a": 1}', b'{"a": 1}', '\ufeff{"a": 1}\n', b'\xef\xbb\xbf{"a":1} ']
)
def test_a_secret_may_be_text_or_bytes_with_blanks_around(text: str | bytes) -> None:
    assert json_object(text) == {"a": 1}


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize("blank", KINDS_OF_BLANKS, ids=ascii)
def test_blanks_around_are_no_part_of_what_the_secret_says(blank: str) -> None:
    pasted = {name: f"{blank}{value}{blank}" for name, value in CLOSED.items()}
    assert conninfo_of(pasted) == conninfo_of(CLOSED)


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize(
    ("left_out", "address", "expected"),
    [
        ("dbname", {}, {"dbname": "postgres"}),
        ("dbname", {"name": "shop"}, {"dbname": "shop"}),
        ("port", {}, {"port": "5432"}),
        ("port", {"port": "6432"}, {"port": "6432"}),
        ("host", {"host": "proxy", "port": "6432"}, {"host": "proxy", "port": "6432"}),
    ],
)
def test_what_rds_leaves_out_is_the_environments_or_the_usual(
    left_out: str, address: dict[str, str], expected: dict[str, str]
) -> None:
    secret = {name: value for name, value in CLOSED.items() if name != left_out}
    found = conninfo_of(secret, **address)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.usefixtures("tried")
def test_a_refused_secret_that_was_put_right_is_read_anew() -> None:
    secret = Secret(kept={"username": 7}, now=CLOSED)
    with pytest.raises(Tried):
        login(DatabaseAddress(secret_arn="arn:1"), secret.read, no_token)
    assert secret.asked == [("arn:1", False), ("arn:1", True)]


@pytest.mark.parametrize(
    "url",
    [
        "till:hush@db.example",
        "postgres:hush@db.example/till",
        "https://till:hush@db.example/",
        "postgresql://till:hush@db.example/till?sslmod=hush",
        "postgresql://till:hush@[::1/till",
        "host=db.example password='hush",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(Misconfigured, match="URL cannot be read") as refused:
        login(DatabaseAddress(url=url), Secret().read, no_token)
    assert "hush" not in str(refused.value)
