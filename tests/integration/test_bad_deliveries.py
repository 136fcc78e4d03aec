"""Every delivery that is refused, in both payload formats, before a database is opened."""

import base64
import json
import time
from typing import Any

import pytest
import stripe

from handlers.app import app
from tests.till import WEBHOOK_SECRET, Answer, Till, completed, http_event, posted

NO_DATABASE = "postgresql://nobody@127.0.0.1:1/none"
EVENT = {"id": "evt_1", "object": "event", "type": "checkout.session.completed", "livemode": False}


@pytest.fixture(params=["2.0", "1.0"])
def payload_format(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def _no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """To open a connection fails the delivery with 503: any other answer proves none was."""
    monkeypatch.setenv("DATABASE_URL", NO_DATABASE)
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_of_nobody")
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:1")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET)


def signature(body: str, secret: str = WEBHOOK_SECRET, age_seconds: int = 0) -> str:
    return stripe.WebhookSignature.generate_signature_header(
        body, secret, int(time.time()) - age_seconds
    )


def sent(
    body: str, header: str | None, payload_format: str, name: str = "Stripe-Signature"
) -> Answer:
    headers = {} if header is None else {name: header}
    return posted(http_event(body, headers, payload_format=payload_format))


BODY = json.dumps(EVENT)
SIGNED = signature(BODY)
REFUSED_HEADERS = {
    "missing": None,
    "empty": "",
    "malformed": "hello",
    "without timestamp": SIGNED.split(",")[1],
    "without signature": SIGNED.split(",")[0],
    "wrong secret": signature(BODY, "whsec_of_somebody_else"),
    "stale": signature(BODY, age_seconds=301),
    "from the future": signature(BODY, age_seconds=-7200),
    "of another body": signature(BODY + " "),
}


@pytest.mark.parametrize("header", REFUSED_HEADERS.values(), ids=list(REFUSED_HEADERS))
def test_a_bad_signature_is_refused(header: str | None, payload_format: str) -> None:
    answer = sent(BODY, header, payload_format)
    assert (answer.status_code, answer.body["error"]["code"]) == (400, "bad_signature")


def test_an_altered_byte_is_refused(payload_format: str) -> None:
    assert sent(BODY.replace("evt_1", "evt_2"), signature(BODY), payload_format).status_code == 400


@pytest.mark.parametrize("secret", ["", " ", ",", " , "])
def test_without_a_webhook_secret_everything_is_refused(
    secret: str, payload_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", secret)
    for guess in (secret, "", WEBHOOK_SECRET):
        assert sent(BODY, signature(BODY, guess), payload_format).status_code == 400


BAD_BODIES = {
    "empty": "",
    "truncated JSON": BODY[:-1],
    "no object": "[1, 2]",
    "no event": '{"hello": "world"}',
    "no type": '{"id": "evt_1"}',
    "no object in it": BODY,
    "an id that is a number": '{"id": 7, "type": "checkout.session.completed"}',
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=list(BAD_BODIES))
def test_a_signed_body_that_is_no_event_is_refused(body: str, payload_format: str) -> None:
    assert sent(body, signature(body), payload_format).status_code == 400


def test_invalid_utf_8_is_refused(payload_format: str) -> None:
    encoded = base64.b64encode(b'{"id": "\xff\xfe"}').decode()
    event = http_event(
        encoded, {"stripe-signature": SIGNED}, base64=True, payload_format=payload_format
    )
    assert posted(event).status_code == 400


def test_a_body_that_is_not_the_base64_it_claims_is_refused(payload_format: str) -> None:
    event = http_event(
        "%%%", {"stripe-signature": SIGNED}, base64=True, payload_format=payload_format
    )
    assert posted(event).status_code == 400


def test_a_body_of_five_megabytes_is_too_large(payload_format: str) -> None:
    body = json.dumps({**EVENT, "padding": "x" * 5_000_000})
    assert sent(body, signature(body), payload_format).status_code == 413


def test_a_body_of_one_mebibyte_is_still_read(payload_format: str) -> None:
    body = json.dumps({**EVENT, "type": "invoice.paid", "padding": ""})
    body = body.replace('""', '"' + "x" * (1024 * 1024 - len(body)) + '"')
    assert len(body) == 1024 * 1024
    assert sent(body, signature(body), payload_format).outcome == "ignored"


IGNORED: dict[str, dict[str, Any]] = {
    "another event type": {"type": "invoice.paid"},
    "the other livemode": {"livemode": True},
    "an unknown thin event": {
        "object": "v2.core.event",
        "type": "v2.money_management.payout.posted",
    },
    "a subscription's session": {"data": {"object": {"id": "cs_1", "mode": "subscription"}}},
    "a refund without payment intent": {
        "type": "refund.created",
        "data": {"object": {"id": "re_1", "payment_intent": None, "charge": None}},
    },
}


@pytest.mark.parametrize("changes", IGNORED.values(), ids=list(IGNORED))
def test_what_is_not_ours_is_ignored_without_a_database(
    changes: dict[str, Any], payload_format: str
) -> None:
    body = json.dumps({**EVENT, **changes})
    answer = sent(body, signature(body), payload_format)
    assert answer.body == {"outcome": "ignored", "event_id": "evt_1", "payment_id": None}


def test_a_handler_that_fails_answers_503_so_that_stripe_delivers_again(
    payload_format: str,
) -> None:
    body = json.dumps({**EVENT, "data": {"object": {"id": "cs_1", "mode": "payment"}}})
    answer = sent(body, signature(body), payload_format)
    assert (answer.status_code, answer.body["error"]["code"]) == (503, "try_later")
    app.close()


@pytest.mark.parametrize("name", ["stripe-signature", "STRIPE-SIGNATURE", "Stripe-Signature"])
def test_any_of_several_secrets_verifies_whatever_the_case_of_the_header(
    name: str, payload_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", f"whsec_old, {WEBHOOK_SECRET}")
    body = json.dumps({**EVENT, "type": "invoice.paid"})
    for secret in ("whsec_old", WEBHOOK_SECRET):
        assert sent(body, signature(body, secret), payload_format, name).status_code == 200


def test_a_base64_body_is_verified_over_the_bytes_it_stands_for(
    till: Till, payload_format: str
) -> None:
    delivery = till.account.delivery(completed(till.account.complete(till.sell())))
    event = http_event(
        base64.b64encode(delivery.body).decode(),
        dict(delivery.headers),
        base64=True,
        payload_format=payload_format,
    )
    assert posted(event).outcome == "recorded"


def test_the_body_is_verified_as_it_came_and_not_as_it_parses(
    till: Till, payload_format: str
) -> None:
    delivery = till.account.delivery(completed(till.account.complete(till.sell())))
    reformatted = json.dumps(json.loads(delivery.body), indent=1)
    event = http_event(reformatted, dict(delivery.headers), payload_format=payload_format)
    assert posted(event).status_code == 400
