"""Whoever calls the webhook, and however: it is done, refused or an error, and never just lost."""

from __future__ import annotations

import base64
import itertools
import json
import time
from typing import Any

import pytest

from handlers import webhook
from standin.delivery import signature_header
from tests.integration.forms import message
from tests.integration.said import listening
from tests.till import WEBHOOK_SECRET, Till, completed

# Of a type that the till does not listen to, so that it is answered with 200 without a database.
EVENT = {"id": "evt_1", "object": "event", "type": "invoice.paid", "livemode": False}
BODY = json.dumps(EVENT)


@pytest.fixture(autouse=True)
def _no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET)


def signature(body: str | bytes) -> str:
    exact = body.encode() if isinstance(body, str) else body
    return signature_header(exact, WEBHOOK_SECRET, int(time.time()))


def status(event: dict[str, Any]) -> int:
    answer = webhook.handler(event, None)
    assert isinstance(json.loads(answer["body"]), dict)
    return int(answer["statusCode"])


# An invocation in no known form.

SCHEDULED = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "region": "us-east-1",
    "resources": ["arn:aws:events:us-east-1:123456789012:rule/r"],
    "detail": {},
}
S3 = {"eventSource": "aws:s3", "s3": {"object": {"key": "secret"}}}
SNS = {"EventSource": "aws:sns", "Sns": {"Message": BODY}}
UNKNOWN: dict[str, Any] = {
    "nothing": {},
    "null": None,
    "a list": [EVENT],
    "a text": BODY,
    "a number": 7,
    "true": True,
    "a schedule": SCHEDULED,
    "another source of EventBridge": {**SCHEDULED, "source": "my.app", "detail": EVENT},
    "another partner": {**SCHEDULED, "source": "aws.partner/other.com/1", "detail": EVENT},
    "a source that is no text": {**SCHEDULED, "source": 7},
    "S3": {"Records": [S3]},
    "SNS": {"Records": [SNS]},
    "an empty batch": {"Records": []},
    "a batch that is no list": {"Records": {"eventSource": "aws:sqs"}},
    "a batch of texts": {"Records": ["aws:sqs"]},
    "a batch of several sources": {"Records": [message(EVENT), S3]},
    "a bare event of Stripe's": EVENT,
    "a bare thin event": {**EVENT, "object": "v2.core.event"},
    "what became of another function": {
        "version": "1.0",
        "requestContext": {"requestId": "1", "condition": "RetriesExhausted"},
        "requestPayload": EVENT,
    },
    "a report": {"report": "total_revenue"},
}


@pytest.mark.parametrize("event", UNKNOWN.values(), ids=list(UNKNOWN))
def test_an_invocation_in_no_known_form_is_an_error_that_quotes_nothing(event: Any) -> None:
    with pytest.raises(webhook.UnknownForm) as raised:
        webhook.handler(event, None)
    assert str(raised.value) == (
        "neither an HTTP request, nor an event of Stripe's from EventBridge or SQS"
    )


# Requests over HTTP.


def minimal(**fields: Any) -> dict[str, Any]:
    return {"version": "2.0", "headers": {}, "body": BODY, "isBase64Encoded": False} | fields


def format_2(method: Any = "POST", **fields: Any) -> dict[str, Any]:
    """Of API Gateway, and of a function URL."""
    context = {"requestContext": {"http": {"method": method, "path": "/stripe/webhook"}}}
    return minimal(routeKey="$default", rawPath="/stripe/webhook", **context) | fields


def format_1(method: Any = "POST", **fields: Any) -> dict[str, Any]:
    context = {"httpMethod": method, "requestContext": {"httpMethod": method, "stage": "prod"}}
    return minimal(version="1.0", resource="/", path="/", **context) | fields


def load_balancer(method: Any = "POST", **fields: Any) -> dict[str, Any]:
    event = minimal(httpMethod=method, path="/", requestContext={"elb": {"targetGroupArn": "a"}})
    del event["version"]
    return event | fields


FORMATS = {"2.0": format_2, "1.0": format_1, "load balancer": load_balancer}
every_format = pytest.mark.parametrize("form", FORMATS.values(), ids=list(FORMATS))
SIGNED = {
    "one header": lambda: {"headers": {"Stripe-Signature": signature(BODY)}},
    "several headers": lambda: {
        "headers": None,
        "multiValueHeaders": {"stripe-signature": [signature(BODY)]},
    },
    "a list among single headers": lambda: {"headers": {"Stripe-Signature": [signature(BODY)]}},
    "beside odd ones": lambda: {
        "headers": {
            "Stripe-Signature": signature(BODY),
            "a": None,
            "b": 7,
            "c": ["x", None],
            "": {},
        },
        "multiValueHeaders": {"Stripe-Signature": None, "b": [1], "c": "x"},
    },
}


@every_format
@pytest.mark.parametrize("signed", SIGNED.values(), ids=list(SIGNED))
def test_a_signed_event_is_done_however_its_headers_come(form: Any, signed: Any) -> None:
    assert status(form(**signed())) == 200


def test_a_test_may_send_as_little_as_headers_and_body() -> None:
    assert status({"headers": {"stripe-signature": signature(BODY)}, "body": BODY}) == 200


ODD: dict[str, list[Any]] = {
    "headers": [None, {}, [], "x", 7, {"a": None}, {"stripe-signature": 7}, {"a": {"b": "c"}}],
    "multiValueHeaders": [None, [], {"stripe-signature": None}, {"stripe-signature": []}],
    "body": [None, "", 7, True, [], {}, EVENT, "\ud800"],
    "isBase64Encoded": [None, True, "true", 7, []],
    "requestContext": [None, {}, [], "x", {"http": None}, {"http": []}, {"http": {"method": 7}}],
    "httpMethod": [None, "", 7, [], {}],
    "version": [None, 2, []],
}


@every_format
@pytest.mark.parametrize("pair", list(itertools.combinations(ODD, 2)), ids="-".join)
def test_a_malformed_request_is_refused_and_never_an_error(
    form: Any, pair: tuple[str, str]
) -> None:
    for first, second in itertools.product(*(ODD[part] for part in pair)):
        assert status(form(**{pair[0]: first, pair[1]: second})) == 400, (first, second)


@every_format
def test_a_request_without_some_of_its_parts_is_refused(form: Any) -> None:
    for count in range(1, len(ODD) - 1):
        for missing in itertools.combinations(ODD, count):
            event = {name: part for name, part in form().items() if name not in missing}
            if event.keys() & {"headers", "body", "rawPath", "httpMethod", "isBase64Encoded"}:
                assert status(event) == 400, missing


METHODS = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "get", "POSTS", "\ud800"]


@every_format
@pytest.mark.parametrize("method", METHODS)
def test_what_is_not_posted_is_refused_and_no_signature_failure(
    form: Any, method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = webhook.handler(form(method, body=None), None)
    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "POST")
    assert "SignatureFailures" not in capsys.readouterr().out


@pytest.mark.parametrize("method", ["POST", "post", None, ""])
def test_what_is_posted_without_a_signature_is_a_signature_failure(
    method: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(format_1(method)) == 400
    assert '"SignatureFailures":[1.0]' in capsys.readouterr().out


def test_a_load_balancer_that_sends_lists_gets_lists() -> None:
    answer = webhook.handler(load_balancer(multiValueHeaders={}), None)
    assert answer["multiValueHeaders"] == {
        "content-type": ["application/json"],
        "cache-control": ["no-store"],
    }


# Bodies.


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


def with_value(value: str) -> str:
    return f'{BODY[:-1]}, "more": {value}}}'


READ = {
    "a byte order mark": "\ufeff" + BODY,
    "white space": f"\r\n\t {BODY} \n",
    "some nesting": with_value(nested(100)),
    "a large number": with_value("9" * 4000),
    "a float out of range": with_value("1e999"),
    "a name twice": with_value("1, " + BODY[1:-1]),
    "half a character": with_value('"\\ud800"'),
}
NOT_JSON = {
    "deep lists": "[" * 100_000 + "]" * 100_000,
    "deep objects": nested(100_000),
    "deep within an event": with_value(nested(100_000)),
    "a deep value that never ends": "[" * 100_000,
    "a number of 5,000 digits": with_value("9" * 5_000),
    "NaN": with_value("NaN"),
    "Infinity": with_value("Infinity"),
    "-Infinity": with_value("[-Infinity]"),
    "two values": BODY + BODY,
    "single quotes": BODY.replace('"', "'"),
    "a NUL": BODY + "\0",
    "a half": BODY[: len(BODY) // 2],
}
BYTES = {
    "UTF-16": BODY.encode("utf-16"),
    "UTF-16 without its mark": BODY.encode("utf-16-le"),
    "UTF-32": BODY.encode("utf-32"),
    "invalid UTF-8": BODY.replace("evt_1", "evt_\xff").encode("latin-1"),
    "a surrogate in UTF-8": BODY.replace("evt_1", "evt_\ud800").encode("utf-8", "surrogatepass"),
    "nothing but zeros": bytes(1000),
}


def posted(body: str) -> int:
    return status(format_2(body=body, headers={"stripe-signature": signature(body)}))


@pytest.mark.parametrize("body", READ.values(), ids=list(READ))
def test_odd_json_is_read(body: str) -> None:
    assert posted(body) == 200


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=list(NOT_JSON))
def test_what_is_no_json_is_refused(body: str) -> None:
    assert posted(body) == 400


@pytest.mark.parametrize("depth", [500, 900, 990, 1_000, 1_010, 1_100, 2_000, 5_000, 20_000])
def test_no_depth_is_an_error(depth: int) -> None:
    assert posted(with_value(nested(depth))) in (200, 400)


@pytest.mark.parametrize("body", BYTES.values(), ids=list(BYTES))
def test_what_is_no_utf_8_is_refused(body: bytes) -> None:
    headers = {"stripe-signature": signature(body)}
    encoded = base64.b64encode(body).decode()
    assert status(format_2(body=encoded, headers=headers, isBase64Encoded=True)) == 400


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=list(NOT_JSON))
def test_what_is_not_signed_is_not_parsed(body: str) -> None:
    assert "bad_signature" in webhook.handler(format_2(body=body), None)["body"]


# Through EventBridge and SQS.


def envelope(detail: object) -> dict[str, Any]:
    return {**SCHEDULED, "source": "aws.partner/stripe.com/ed_1", "detail": detail}


@pytest.mark.parametrize("detail", [None, 7, "x", [], {}, [EVENT], {"id": 7}, {"id": "evt_1"}])
def test_a_partner_event_without_an_event_in_it_is_an_error(detail: Any) -> None:
    with pytest.raises(webhook.NotProcessed):
        webhook.handler(envelope(detail), None)


def test_a_partner_event_is_answered_with_its_outcome_alone() -> None:
    answer = webhook.handler(envelope(EVENT), None)
    assert answer == {"outcome": "ignored", "event_id": "evt_1", "payment_id": None}


def failed(*messages: dict[str, Any]) -> list[Any]:
    """The ids of the messages that will come again."""
    answer = webhook.handler({"Records": list(messages)}, None)
    assert answer.keys() == {"batchItemFailures"}
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


BAD_MESSAGES: dict[str, Any] = {
    "no body": {"body": None},
    "a body that is no text": {"body": envelope(EVENT)},
    "an empty body": {"body": ""},
    "a bare event of Stripe's": {"body": BODY},
    "a schedule": {"body": json.dumps(SCHEDULED)},
    "a partner event without an event": {"body": json.dumps(envelope(None))},
    "an event that needs the database": {
        "body": json.dumps(
            envelope(
                {
                    **EVENT,
                    "type": "checkout.session.completed",
                    "data": {"object": {"id": "cs_1", "mode": "payment"}},
                }
            )
        )
    },
    **{name: {"body": body} for name, body in NOT_JSON.items()},
}


@pytest.mark.parametrize("bad", BAD_MESSAGES.values(), ids=list(BAD_MESSAGES))
def test_a_bad_message_fails_alone(bad: dict[str, Any]) -> None:
    good = [message(envelope(EVENT), f"good-{number}") for number in range(2)]
    assert failed(good[0], message({}, "bad") | bad, good[1]) == ["bad"]


def test_a_bad_message_without_an_id_fails_the_whole_batch() -> None:
    bad = message({}, "bad")
    del bad["messageId"]
    assert failed(message(envelope(EVENT)), bad) == [None]


def test_a_message_that_failed_is_named_in_the_log_without_the_event_before_it() -> None:
    with listening() as said:
        failed(message(envelope(EVENT), "good"), message({}, "bad"))
    (line,) = [line for line in said.text.splitlines() if '"message not processed"' in line]
    logged = json.loads(line)
    assert (logged["message_id"], logged.get("correlation_id")) == ("bad", None)


def test_the_messages_of_a_batch_are_done_each_for_itself(till: Till) -> None:
    events = [completed(till.account.complete(till.sell(f"user_{number}"))) for number in range(3)]
    messages = [message(envelope(event), event["id"]) for event in events]
    assert failed(*messages, message({}, "bad"), messages[0]) == ["bad"]
    assert [till.credits(f"user_{number}") for number in range(3)] == [1000] * 3
