"""The HTTP server of the stand-in and the gateway: connections, requests unread, and its end."""

from __future__ import annotations

import http.client
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from urllib.parse import urlsplit

import pytest
from werkzeug import Request, Response
from werkzeug.exceptions import Forbidden

from standin.http_server import PortTaken, Respond, listening

# Linux has all of 127.0.0.0/8, other systems the first address of it.
ANOTHER = "127.0.0.2"
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs a second address")


@contextmanager
def connected(respond: Respond) -> Iterator[http.client.HTTPConnection]:
    with listening(respond) as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
        connection.connect()
        # The connection that is there is the one that is tested: no other is made for it.
        connection.auto_open = 0
        try:
            yield connection
        finally:
            connection.close()


def echo(request: Request) -> Response:
    return Response(request.get_data())


def unread(_request: Request) -> Response:
    return Response("no")


def posted(connection: http.client.HTTPConnection, body: bytes) -> bytes:
    connection.request("POST", "/", body)
    return connection.getresponse().read()


def test_one_connection_takes_one_request_after_the_other() -> None:
    with connected(echo) as connection:
        bodies = [b"first", b"x" * 100_000, b""]
        assert [posted(connection, each) for each in bodies] == bodies


def test_what_was_left_unread_is_not_taken_for_the_next_request() -> None:
    with connected(unread) as connection:
        connection.request("POST", "/", b"GET / HTTP/1.1\r\n\r\n")
        response = connection.getresponse()
        assert (response.read(), response.headers["Connection"]) == (b"no", "close")


def test_headers_come_as_they_were_sent_repeats_and_all() -> None:
    def sent(request: Request) -> Response:
        headers = request.environ["sent_headers"]
        return Response(repr([each for each in headers if each[0].startswith(("X", "x"))]))

    with connected(sent) as connection:
        connection.putrequest("GET", "/")
        connection.putheader("X-Twice", "a")
        connection.putheader("x-TWICE", "b")
        connection.putheader("X_Low", "c")
        connection.endheaders()
        found = connection.getresponse().read().decode()
    assert found == "[('X-Twice', 'a'), ('x-TWICE', 'b'), ('X_Low', 'c')]"


def test_an_http_error_is_answered_by_its_status() -> None:
    def forbid(_request: Request) -> Response:
        raise Forbidden

    with connected(forbid) as connection:
        connection.request("GET", "/")
        assert connection.getresponse().status == 403


def test_a_connection_error_cuts_the_connection_without_an_answer() -> None:
    def cut(_request: Request) -> Response:
        raise ConnectionAbortedError

    with connected(cut) as connection:
        connection.request("GET", "/")
        with pytest.raises(http.client.RemoteDisconnected):
            connection.getresponse()


def test_a_taken_port_is_named() -> None:
    with listening(echo) as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(PortTaken, match=str(port)), listening(echo, port):
            pass


def test_the_port_of_a_server_that_has_ended_is_free_at_once() -> None:
    with listening(echo) as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):
            pass
    with listening(echo, port) as again:
        assert again == url


def test_the_end_cuts_whoever_is_connected_and_waits_for_what_is_under_way() -> None:
    arrived, go_on, done = Event(), Event(), Event()

    def slow(_request: Request) -> Response:
        arrived.set()
        go_on.wait(5)
        done.set()
        return Response("late")

    with ThreadPoolExecutor(1) as pool:
        with (
            listening(slow) as url,
            socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as idle,
        ):
            client = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
            client.request("GET", "/")
            assert arrived.wait(5)
            pool.submit(go_on.set)
        client.close()
    assert done.is_set()
    assert idle.fileno() == -1


def answers(address: str, url: str) -> bool:
    """Whether the server of this URL answers at another address of this machine too."""
    connection = http.client.HTTPConnection(address, urlsplit(url).port, timeout=5)
    try:
        return posted(connection, b"here") == b"here"
    except OSError:
        return False
    finally:
        connection.close()


@linux
def test_it_is_reached_from_this_machine_alone_unless_it_is_told() -> None:
    with listening(echo) as url:
        assert (answers("127.0.0.1", url), answers(ANOTHER, url)) == (True, False)


@linux
@pytest.mark.parametrize("bind", [ANOTHER, "0.0.0.0"])
def test_it_listens_on_one_more_address_and_on_the_same_port(bind: str) -> None:
    with listening(echo, bind=bind) as url:
        assert (answers("127.0.0.1", url), answers(ANOTHER, url)) == (True, True)
    assert (answers("127.0.0.1", url), answers(ANOTHER, url)) == (False, False)


@linux
def test_a_port_that_is_taken_on_one_of_two_addresses_is_taken() -> None:
    with socket.create_server((ANOTHER, 0)) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(PortTaken, match=f"port {port} on {ANOTHER} is taken"),
            listening(echo, port, ANOTHER),
        ):
            pass
        with listening(echo, port):
            pass
