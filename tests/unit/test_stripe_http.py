"""Calls to Stripe over urllib3: proxies and certificates, each against a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe

from adapters.stripe_api import Urllib3Client


class Listening(ThreadingHTTPServer):
    """Answers whatever it is asked, and keeps what that was."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[str] = []
        self.address = f"127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    """To every GET: nothing, in JSON."""

    server: Listening

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_request(self, *_: object) -> None:
        """A test's output is its own."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with Listening() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def get(base: str) -> int:
    """The status of Stripe's answer to one call."""
    client = Urllib3Client(base, connect_seconds=2, read_seconds=2)
    try:
        return client.request("get", f"{base}/v1/balance", {})[1]
    finally:
        client.close()


def test_a_call_goes_straight_to_stripe(server: Listening) -> None:
    assert get(f"http://{server.address}") == 200
    assert server.asked == ["/v1/balance"]


def test_a_call_goes_through_the_proxy_of_the_environment(
    server: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://{server.address}")
    assert get("http://stripe.test") == 200
    assert server.asked == ["http://stripe.test/v1/balance"]


def test_a_host_that_needs_no_proxy_is_called_without_one(
    server: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.test:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert get(f"http://{server.address}") == 200


def test_a_server_without_a_certificate_is_not_stripe_however_often_it_is_asked(
    server: Listening,
) -> None:
    with pytest.raises(stripe.APIConnectionError, match="SSLError") as refused:
        get(f"https://{server.address}")
    assert not refused.value.should_retry


def test_a_key_that_no_header_can_carry_is_told_as_no_connection(server: Listening) -> None:
    client = Urllib3Client(f"http://{server.address}", connect_seconds=2, read_seconds=2)
    with pytest.raises(stripe.APIConnectionError, match="ValueError") as refused:
        client.request("get", f"http://{server.address}/", {"Authorization": "Bearer sk\nx"})
    assert not refused.value.should_retry
    assert server.asked == []
