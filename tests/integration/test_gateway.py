"""The local gateway over real HTTP."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Barrier, BrokenBarrierError
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.gateway import MAX_BODY_BYTES, Handler, gateway
from standin import PortTaken


def _echo(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return {"statusCode": 200, "body": json.dumps(event)}


@contextmanager
def _serving(handler: Handler, route: str = "POST /hook") -> Iterator[http.client.HTTPConnection]:
    with gateway({route: handler}) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        try:
            yield connection
        finally:
            connection.close()


def _sent(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    **headers: str,
) -> tuple[int, Any]:
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def test_a_request_reaches_the_handler_and_its_answer_comes_back() -> None:
    def teapot(_event: dict[str, Any], _context: object) -> dict[str, Any]:
        return {"statusCode": 418, "headers": {"x-tea": "yes"}, "body": "{}"}

    with _serving(teapot) as connection:
        connection.request("POST", "/hook", b"{}")
        response = connection.getresponse()
        assert (response.status, response.headers["x-tea"]) == (418, "yes")


def test_a_path_parameter_is_decoded_and_the_path_is_not() -> None:
    with _serving(_echo, "GET /reports/{name}") as connection:
        event = _sent(connection, "GET", "/reports/a%20b%2Fc?limit=2")[1]
        assert event["pathParameters"] == {"name": "a b/c"}
        assert (event["rawPath"], event["rawQueryString"]) == ("/reports/a%20b%2Fc", "limit=2")


def test_headers_reach_a_function_of_format_1_as_they_were_sent() -> None:
    with (
        gateway({"POST /hook": _echo}, payload_format="1.0") as url,
        closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection,
    ):
        connection.putrequest("POST", "/hook")
        connection.putheader("X-Twice", "a")
        connection.putheader("X-Twice", "b")
        connection.putheader("content-length", "0")
        connection.endheaders()
        event = json.loads(connection.getresponse().read())
    assert event["multiValueHeaders"]["X-Twice"] == ["a", "b"]


def test_a_head_request_is_not_found_where_only_get_is_routed() -> None:
    with _serving(_echo, "GET /reports") as connection:
        connection.request("HEAD", "/reports")
        assert connection.getresponse().status == 404


def test_a_response_has_no_content_type_of_which_the_function_says_nothing() -> None:
    with _serving(lambda _event, _context: {"statusCode": 200, "body": "x"}) as connection:
        connection.request("POST", "/hook", b"{}")
        assert connection.getresponse().headers["Content-Type"] is None


@pytest.mark.parametrize(("method", "path"), [("GET", "/hook"), ("POST", "/"), ("POST", "/hook/")])
def test_what_no_route_takes_is_not_found(method: str, path: str) -> None:
    with _serving(_echo) as connection:
        assert _sent(connection, method, path) == (404, {"message": "Not Found"})


def test_a_handler_that_raises_is_an_internal_error() -> None:
    def broken(_event: dict[str, Any], _context: object) -> object:
        raise RuntimeError("broken")

    with _serving(broken) as connection:
        status, answer = _sent(connection, "POST", "/hook", b"{}")
        assert (status, answer) == (500, {"message": "Internal Server Error"})


def test_a_body_over_the_gateways_limit_is_refused_unread() -> None:
    with _serving(_echo) as connection:
        connection.putrequest("POST", "/hook")
        connection.putheader("Content-Length", str(MAX_BODY_BYTES + 1))
        connection.endheaders()
        assert connection.getresponse().status == 413


def test_a_body_of_unknown_length_is_refused() -> None:
    with _serving(_echo) as connection:
        assert _sent(connection, "POST", "/hook", **{"Transfer-Encoding": "chunked"})[0] == 411


@pytest.mark.parametrize("length", ["-1", "ten"])
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    with _serving(_echo) as connection:
        assert _sent(connection, "POST", "/hook", **{"Content-Length": length})[0] == 400


def test_a_handler_takes_one_invocation_at_a_time() -> None:
    both_inside = Barrier(2)

    def meets(_event: dict[str, Any], _context: object) -> dict[str, Any]:
        try:
            both_inside.wait(timeout=0.2)
        except BrokenBarrierError:
            return {"statusCode": 200, "body": '"alone"'}
        return {"statusCode": 200, "body": '"together"'}

    def send(netloc: str) -> Any:
        connection = http.client.HTTPConnection(netloc, timeout=10)
        try:
            return _sent(connection, "POST", "/hook")[1]
        finally:
            connection.close()

    with gateway({"POST /hook": meets}) as url, ThreadPoolExecutor(2) as senders:
        answers = list(senders.map(send, [urlsplit(url).netloc] * 2))
    assert answers == ["alone", "alone"]


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)), gateway({}, port=port):
            pass
