"""Faults to order: each kind, as Stripe's own client sees it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import stripe

from standin import Server, StripeAccount, serving
from standin.tests.builders import an_open_session, client_of


@pytest.mark.parametrize(
    ("status", "error"),
    [(429, stripe.RateLimitError), (500, stripe.APIError), (503, stripe.APIError)],
)
def test_an_error_status_comes_as_often_as_it_was_asked_for(
    server: Server, status: int, error: type[Exception]
) -> None:
    server.faults.answer(status, times=2)
    client = client_of(server)
    for _ in range(2):
        with pytest.raises(error):
            client.v1.events.list()
    assert client.v1.events.list().data == []


def test_garbage_is_an_api_error(server: Server) -> None:
    server.faults.garbage()
    with pytest.raises(stripe.APIError):
        client_of(server).v1.events.list()


def test_a_dropped_connection_is_a_connection_error(server: Server) -> None:
    server.faults.drop()
    with pytest.raises(stripe.APIConnectionError):
        client_of(server).v1.events.list()


def test_a_request_hangs_until_it_is_released(server: Server) -> None:
    server.faults.hang()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client_of(server).v1.events.list)
        while not server.requests:
            pass
        done_before = waiting.done()
        server.faults.release()
        found = waiting.result(timeout=5)
    assert (done_before, found.data) == (False, [])


def test_a_fault_can_wait_for_the_third_request_of_a_path(server: Server) -> None:
    server.faults.answer(500, path="/v1/events", skip=2)
    client = client_of(server)
    client.v1.events.list()
    client.v1.charges.list()
    client.v1.events.list()
    with pytest.raises(stripe.APIError):
        client.v1.events.list()


def test_a_slow_reader_keeps_the_older_view(account: StripeAccount, server: Server) -> None:
    session_id = an_open_session(account)
    computed, go_on = Event(), Event()

    def hold(method: str, path: str) -> None:
        server.faults.before_answer = None
        computed.set()
        go_on.wait(5)

    server.faults.before_answer = hold
    sessions = client_of(server).v1.checkout.sessions
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(sessions.retrieve, session_id)
        assert computed.wait(5)
        account.complete(session_id)
        fresh = client_of(server).v1.checkout.sessions.retrieve(session_id)
        go_on.set()
        stale = slow.result(timeout=5)
    assert (stale.status, fresh.status) == ("open", "complete")


def test_the_server_stops_although_a_request_hangs(account: StripeAccount) -> None:
    with ThreadPoolExecutor(1) as pool:
        with serving(account) as server:
            server.faults.hang()
            waiting = pool.submit(client_of(server).v1.events.list)
            while not server.requests:
                pass
        assert waiting.exception(timeout=5) is None or isinstance(
            waiting.exception(), stripe.APIConnectionError
        )
