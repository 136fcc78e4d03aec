"""Delivers an event in each form that Stripe has; answers the outcome, or "503"."""

import json
from collections.abc import Callable
from typing import Any

from handlers import webhook
from standin.delivery import Form
from tests.till import Till

Json = dict[str, Any]
Deliver = Callable[[Till, Json], str]

OLD_VERSION = "2020-03-02"


def post(till: Till, event: Json) -> str:
    return till.deliver(event).outcome


def post_thin(till: Till, event: Json) -> str:
    return till.deliver(event, form="thin").outcome


def post_old(till: Till, event: Json) -> str:
    return till.deliver(event, api_version=OLD_VERSION).outcome


def send_by_bus(till: Till, event: Json, form: Form = "eventbridge") -> str:
    """An error tells the bus to deliver again, as 503 tells Stripe."""
    try:
        return str(till.deliver_by_bus(event, form)["outcome"])
    except webhook.NotProcessed:
        return "503"


def send_thin_by_bus(till: Till, event: Json) -> str:
    return send_by_bus(till, event, "eventbridge-thin")


def message(event: Json, message_id: str = "message-1") -> Json:
    """A message of SQS as Lambda gets it, with an event of EventBridge's in it."""
    return {
        "messageId": message_id,
        "receiptHandle": "handle",
        "body": json.dumps(event),
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:till",
    }


def send_by_queue(till: Till, event: Json, form: Form = "eventbridge") -> str:
    """A message that failed comes again. What became of one that did not, the event log says."""
    before = till.count("stripe_events")
    payload = till.account.delivery(event, form=form).payload
    failures = webhook.handler({"Records": [message(payload)]}, None)["batchItemFailures"]
    if failures:
        return "503"
    known = till.rows("SELECT outcome FROM stripe_events WHERE event_id = %s", event["id"])
    if not known:
        return "ignored"
    return str(known[0]["outcome"]) if till.count("stripe_events") > before else "duplicate"


def send_thin_by_queue(till: Till, event: Json) -> str:
    return send_by_queue(till, event, "eventbridge-thin")


FORMS: list[Deliver] = [post, post_thin, post_old, send_by_bus, send_thin_by_bus]
FORMS += [send_by_queue, send_thin_by_queue]
