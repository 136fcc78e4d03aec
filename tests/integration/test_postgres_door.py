"""Where the embedded server listens; nobody but this machine gets in without a password."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Iterator

import psycopg
import pytest

from local.postgres import Server, ServerError, postgres_server
from local.postgres_door import Door
from tests.integration.relay import relay

# Linux has all of 127.0.0.0/8, other systems the first address of it.
ANOTHER = "127.0.0.2"
EVERYWHERE = "0.0.0.0"  # noqa: S104
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs a second address")


@pytest.fixture(scope="module")
def opened() -> Iterator[Server]:
    """A server that others than this machine can reach."""
    with postgres_server(door=Door(address=ANOTHER, password="sesame")) as server:
        yield server


def refused(url: str, **login: str) -> str:
    with pytest.raises(psycopg.OperationalError) as error:
        psycopg.connect(url, connect_timeout=5, sslmode="disable", **login)
    return str(error.value)


def test_it_is_on_this_machine_alone_unless_it_is_told() -> None:
    with postgres_server() as server, psycopg.connect(server.admin_url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)


def test_a_door_to_the_network_has_a_password_or_is_none() -> None:
    with pytest.raises(ValueError, match="without a password"):
        Door(address=EVERYWHERE)


def test_a_password_is_not_shown() -> None:
    assert "sesame" not in repr(Door(address=EVERYWHERE, password="sesame"))


@linux
def test_this_machine_gets_in_without_a_password(opened: Server) -> None:
    with psycopg.connect(opened.admin_url) as connection:
        row = connection.execute("SHOW listen_addresses").fetchone()
    assert row == (f"127.0.0.1,{ANOTHER}",)


@linux
@pytest.mark.parametrize("address", ["127.0.0.1", ANOTHER])
def test_who_comes_from_elsewhere_gets_in_by_the_password_alone(
    opened: Server, address: str
) -> None:
    url = opened.admin_url.replace("127.0.0.1", address)
    with relay(url, source=ANOTHER) as way:
        psycopg.connect(way.url, password="sesame").close()
        assert "no password supplied" in refused(way.url)
        assert "password authentication failed" in refused(way.url, password="open")
        assert "password authentication failed" in refused(way.url, password="x", user="nobody")


@linux
def test_an_address_of_two_that_another_server_has_is_not_passed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        door = Door(other.getsockname()[1], ANOTHER, "sesame")
        with pytest.raises(ServerError, match=r'could not bind .* "127.0.0.1"'):
            postgres_server(door=door).__enter__()


@linux
def test_on_every_address_it_is_on_this_machine_too() -> None:
    with postgres_server(door=Door(address=EVERYWHERE, password="sesame")) as server:
        psycopg.connect(server.admin_url).close()
        (port,) = re.findall(r":(\d+)/", server.admin_url)
        socket.create_connection((ANOTHER, int(port))).close()
