"""Keys, versions, errors, headers, what the stand-in lacks, and many requests at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from standin import Server, StripeAccount
from standin.tests.builders import a_paid_session, an_open_session, client_of, raw
from standin.tests.calling import Caller


def test_a_thin_event_is_fetched_from_the_second_api(caller: Caller) -> None:
    event = caller.account.expire(an_open_session(caller.account))[0]
    found = caller.call("GET", f"/v2/core/events/{event['id']}")
    assert found["type"] == "v1.checkout.session.expired"


def test_a_wrong_key_is_refused_in_stripes_error_shape(server: Server) -> None:
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key"):
        client_of(server, key="sk_test_other").v1.events.list()


def test_the_key_is_also_taken_as_basic_authentication(caller: Caller) -> None:
    # The key "sk_test_standin", a colon, and no password.
    basic = "Basic c2tfdGVzdF9zdGFuZGluOg=="
    assert caller.call("GET", "/v1/account", authorization=basic)["object"] == "account"


@pytest.mark.parametrize("sent", ["", "Digest sk_test_standin", "Basic ?", "Bearer "])
def test_a_request_without_a_key_is_told_how_to_send_one(caller: Caller, sent: str) -> None:
    error = caller.refused("account", method="GET", authorization=sent)
    assert (error["status"], "did not provide" in error["message"]) == (401, True)


def test_every_answer_names_its_request_and_version(server: Server) -> None:
    _, _, headers = raw(server, "/v1/account")
    assert headers["Request-Id"].startswith("req_")
    assert headers["Stripe-Version"] == "2026-10-28.endive"


@pytest.mark.parametrize(
    ("path", "status", "code", "param"),
    [
        ("checkout/sessions/cs_none", 404, "resource_missing", "session"),
        ("payment_intents/pi_none", 404, "resource_missing", "intent"),
        ("checkout/sessions/cs_none/line_items", 404, "resource_missing", "session"),
        ("unknown", 404, None, None),
        ("charges/ch_1/nothing", 404, None, None),
        ("events?limit=0", 400, "parameter_invalid_integer", "limit"),
        ("events?limit=101", 400, "parameter_invalid_integer", "limit"),
        ("events?limit=many", 400, "parameter_invalid_integer", "limit"),
        ("events?colour=red", 400, "parameter_unknown", "colour"),
        ("events?created[after]=1", 400, "parameter_unknown", "created[after]"),
        ("events?starting_after=evt_none", 400, "resource_missing", "starting_after"),
        ("checkout/sessions?status=paid", 400, None, "status"),
        ("events?delivery_success=maybe", 400, None, "delivery_success"),
        ("events?[=1", 400, None, "["),
    ],
)
def test_a_bad_request_is_answered_in_stripes_error_shape(
    caller: Caller, path: str, status: int, code: str | None, param: str | None
) -> None:
    error = caller.refused(path, method="GET")
    assert (error["status"], error["type"]) == (status, "invalid_request_error")
    assert (error.get("code"), error.get("param")) == (code, param)


def test_a_slash_in_an_id_is_no_slash_of_the_path(server: Server) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"No such event: '\.\./events'"):
        client_of(server).v1.events.retrieve("../events")


def test_an_id_is_decoded(caller: Caller) -> None:
    caller.post("products", {"id": "my product", "name": "Starter"})
    assert caller.get("products/my%20product")["name"] == "Starter"


def test_requests_are_logged_for_counting(account: StripeAccount, server: Server) -> None:
    session_id = an_open_session(account)
    raw(server, f"/v1/checkout/sessions/{session_id}?expand[]=line_items")
    assert server.requests == [("GET", f"/v1/checkout/sessions/{session_id}")]


def test_many_clients_at_once_all_get_their_session(account: StripeAccount, server: Server) -> None:
    made = [a_paid_session(account) for _ in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda each: raw(server, f"/v1/checkout/sessions/{each}"), made))
    assert [each[1]["id"] for each in found] == made


def test_moves_from_many_threads_lose_no_event(account: StripeAccount) -> None:
    made = [an_open_session(account) for _ in range(60)]
    with ThreadPoolExecutor(8) as pool:
        moved = list(pool.map(account.complete, made))
    assert [len(events) for events in moved] == [5] * 60
    assert len({event["id"] for event in account.events}) == 300


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/subscriptions"),
        ("POST", "/v1/payment_intents"),
        ("POST", "/v1/payment_intents/pi_1/confirm"),
        ("GET", "/v1/customers/search"),
        ("DELETE", "/v1/products/prod_1"),
        ("POST", "/v1/refunds/re_1/cancel"),
        ("GET", "/v1/balance"),
        ("POST", "/v2/core/event_destinations"),
    ],
)
def test_a_call_that_stripe_has_and_the_stand_in_lacks_says_whose_fault_it_is(
    caller: Caller, method: str, path: str
) -> None:
    answer = caller.answer(method, path)
    assert (answer.status_code, answer.headers["Stripe-Should-Retry"]) == (501, "false")
    assert b"The stand-in does not know" in answer.data
    assert path.encode() in answer.data


def test_a_call_that_stripe_lacks_too_is_stripes_404(caller: Caller) -> None:
    error = caller.refused("no_such_thing")
    assert (error["status"], error["type"]) == (404, "invalid_request_error")
    assert "stand-in" not in error["message"]


def test_stripes_client_raises_what_the_stand_in_lacks_at_once(server: Server) -> None:
    client = stripe.StripeClient(
        "sk_test_standin", base_addresses={"api": server.url}, max_network_retries=2
    )
    with pytest.raises(stripe.APIError, match="The stand-in does not know"):
        client.v1.subscriptions.list()
    assert server.requests == [("GET", "/v1/subscriptions")]
