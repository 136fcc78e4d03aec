"""Stripe's API gives no usable answer: credited from a signed snapshot where that is safe, else
left to the next delivery with nothing written."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import product
from threading import Thread
from typing import Any

import pytest
import stripe

from adapters import stripe_api
from handlers.app import app
from tests.till import Till, completed

pytestmark = pytest.mark.usefixtures("sound_books", "impatient")

NAMED: dict[str, Any] = {"metadata": {"package_id": "starter"}}
FOREVER = 1000


Failure = Callable[[Till, pytest.MonkeyPatch], None]


def answers(status: int) -> Failure:
    return lambda till, _: till.stripe.faults.answer(status, times=FOREVER)


def never_answers(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_api, "READ_SECONDS", 0.1)
    till.stripe.faults.hang(times=FOREVER)


def hangs_up(till: Till, _: pytest.MonkeyPatch) -> None:
    till.stripe.faults.drop(times=FOREVER)


def answers_garbage(till: Till, _: pytest.MonkeyPatch) -> None:
    till.stripe.faults.garbage(times=FOREVER)


def refuses_the_connection(_: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:1")


FAILURES: dict[str, Failure] = {
    "429": answers(429),
    "500": answers(500),
    "503": answers(503),
    "timeout": never_answers,
    "dropped connection": hangs_up,
    "refused connection": refuses_the_connection,
    "garbage": answers_garbage,
}


def paid(till: Till, **sale: Any) -> tuple[str, dict[str, Any]]:
    """A session that is paid, and its event, which is not delivered yet."""
    session_id = till.sell(**sale)
    return session_id, completed(till.account.complete(session_id))


@dataclass
class Other:
    """A server that answers everything with this JSON, whatever it is at the time."""

    url: str
    status: int = 200
    body: object = None

    def says(self, status: int, body: object) -> None:
        self.status, self.body = status, body


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch, till: Till) -> Iterator[Other]:
    """It stands where Stripe should be."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(made.status)
            self.end_headers()
            self.wfile.write(json.dumps(made.body).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Other(f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("STRIPE_API_BASE", made.url)
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("failure", FAILURES.values(), ids=list(FAILURES))
def test_a_customer_who_paid_does_not_wait_for_stripe(
    till: Till, monkeypatch: pytest.MonkeyPatch, failure: Failure
) -> None:
    session_id, event = paid(till, **NAMED)
    failure(till, monkeypatch)
    assert till.deliver(event).outcome == "recorded"
    payment = till.payment(session_id)
    assert (payment["enriched"], payment["payment_status"]) == (False, "paid")
    assert till.ledger() == [("purchase", 1000, 1000)]


@pytest.mark.parametrize("failure", FAILURES.values(), ids=list(FAILURES))
def test_what_a_snapshot_cannot_tell_is_left_to_the_next_delivery(
    till: Till, monkeypatch: pytest.MonkeyPatch, failure: Failure
) -> None:
    """The line items are no part of a snapshot, and nothing else names the package."""
    session_id, event = paid(till)
    failure(till, monkeypatch)
    assert till.deliver(event).status_code == 503
    assert till.count("stripe_events") == till.count("payment_transactions") == 0
    till.stripe.faults.clear()
    monkeypatch.setattr(stripe_api, "READ_SECONDS", 5.0)
    monkeypatch.setenv("STRIPE_API_BASE", till.stripe.url)
    app.close()
    assert till.deliver(event).outcome == "recorded"
    assert till.payment(session_id)["enriched"] is True


WRONG: dict[str, object] = {
    "another object": {"object": "customer", "id": "cus_1"},
    "an empty object": {},
    "a list": [],
    "null": None,
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
def test_an_answer_that_is_the_wrong_object_is_no_answer(
    till: Till, other: Other, wrong: object
) -> None:
    named, unnamed = paid(till, **NAMED)[1], paid(till)[1]
    other.says(200, wrong)
    assert till.deliver(named).outcome == "recorded"
    assert till.deliver(unnamed).status_code == 503
    assert till.rows("SELECT enriched FROM payment_transactions") == [{"enriched": False}]


REFUSALS = (301, 304, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 422, 451)
BODIES: dict[str, object] = {
    "Stripe's": {"error": {"type": "invalid_request_error"}},
    "another's": {"detail": "no"},
    "a list": ["no"],
}


def test_a_refusal_is_no_outage(till: Till, other: Other) -> None:
    """A wrong key or an unknown session waits for somebody to mend it."""
    _, event = paid(till, **NAMED)
    answers = {}
    for status, (words, body) in product(REFUSALS, BODIES.items()):
        other.says(status, body)
        answers[status, words] = till.deliver(event).status_code
    assert answers == dict.fromkeys(answers, 503)
    assert till.count("payment_transactions") == 0


OUTAGES = (429, 500, 502, 503, 504, 529)
ERRORS = ("bad gateway", "invalid_grant", 7, None, ["no"])


def test_an_outage_in_the_words_of_a_gateway_is_an_outage(till: Till, other: Other) -> None:
    recorded = {}
    for status, error in product(OUTAGES, ERRORS):
        other.says(status, {"error": error})
        session_id, event = paid(till, **NAMED)
        outcome = till.deliver(event).outcome
        recorded[status, str(error)] = (outcome, till.payment(session_id)["enriched"])
    assert recorded == dict.fromkeys(recorded, ("recorded", False))


@pytest.mark.parametrize("call", ["/line_items", "/v1/disputes"])
def test_half_an_answer_is_no_answer(till: Till, call: str) -> None:
    """The session came, what belongs to it did not: nothing may be derived from the half."""
    line_items = [(700, 1)] * 10 + [(till.price_of("starter"), 1)]
    session_id = till.sell(line_items=line_items)
    event = completed(till.account.complete(session_id))
    till.account.dispute(session_id)
    till.stripe.faults.answer(503, times=FOREVER, path=call)
    assert till.deliver(event).status_code == 503
    assert till.count("payment_transactions") == 0


def test_one_bad_answer_is_asked_again_within_the_delivery(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_api, "RETRIES", 1)
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
    session_id, event = paid(till, **NAMED)
    till.stripe.faults.answer(503)
    till.deliver(event)
    assert till.payment(session_id)["enriched"] is True
