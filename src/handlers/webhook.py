"""Stripe's events come in here: signed over HTTP, or by EventBridge and SQS, which IAM guards.

https://docs.stripe.com/event-destinations/eventbridge
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from adapters.telemetry import Telemetry
from domain.converge import Outcome, TryLater, Verdict
from domain.events import Hint, NotAnEvent, NotOurs, Origin, identify
from handlers.app import App, app
from handlers.http import (
    NotJson,
    Request,
    is_http,
    parsed,
    request_of,
    response,
    response_to,
)
from handlers.till import Till

MAX_BODY_BYTES = 1024 * 1024
# Partner event sources of Stripe's start like this.
PARTNER = "aws.partner/stripe.com"

telemetry = Telemetry("webhook")


def the_till(app: App) -> Till:
    return Till(app, telemetry)


class NotProcessed(Exception):
    """An event from EventBridge could not be processed. An asynchronous invocation is repeated
    when it fails, and only then."""


class UnknownForm(Exception):
    """An invocation that is nothing the webhook knows. A normal return would tell Lambda that it
    was handled."""


def handler(event: object, context: object) -> dict[str, Any]:
    """Answers 200 only when the event's work is done: Stripe then never sends it again.

    An EventBridge event is answered with the outcome alone; raises NotProcessed. A batch from SQS
    is answered with `{"batchItemFailures": [{"itemIdentifier"}]}`. Raises UnknownForm.
    """
    with telemetry.invocation(context):
        if is_partner_event(event):
            return from_eventbridge(event)
        if messages := queued(event):
            return from_queue(messages)
        if is_http(event):
            return response_to(event, over_http(event))
        raise UnknownForm(
            "neither an HTTP request, nor an event of Stripe's from EventBridge or SQS"
        )


def over_http(event: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return answered(request_of(event))
    except Exception as error:
        # Whatever it was may have gone by when Stripe delivers again.
        failed(error)
        return refused(503, "try_later", "not processed; deliver it again")


def answered(request: Request) -> dict[str, Any]:
    if request.method not in ("POST", ""):
        return refused(405, "method_not_allowed", "events are posted", {"allow": "POST"})
    if request.body is not None and len(request.body) > MAX_BODY_BYTES:
        return refused(413, "too_large", "the body is over 1 MiB")
    till = app.once(the_till)
    signature = request.header("stripe-signature")
    if request.body is None or not till.is_signed(request.body, signature):
        telemetry.count({"SignatureFailures": 1})
        return refused(400, "bad_signature", "the Stripe-Signature header does not verify")
    event = parsed(request.body)
    if isinstance(event, NotJson):
        return refused(400, "not_json", "the body is not JSON")
    match processed(event, Origin.WEBHOOK, till):
        case NotAnEvent(reason):
            return refused(400, "not_an_event", reason)
        case TryLater() as later:
            return refused(503, "try_later", later.why)
        case Outcome() as outcome:
            return response(200, answer_of(outcome))


def from_eventbridge(event: Mapping[str, Any]) -> dict[str, Any]:
    done = from_bus(event)
    if isinstance(done, Outcome):
        return answer_of(done)
    raise NotProcessed(done)


def from_queue(messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One message that fails keeps no other from being done. Without an id it fails the batch."""
    failures = [message.get("messageId") for message in messages if not is_done(message)]
    return {"batchItemFailures": [{"itemIdentifier": failed} for failed in failures]}


def is_done(message: Mapping[str, Any]) -> bool:
    telemetry.correlate(None)
    event = parsed(message.get("body"))
    done = from_bus(event) if is_partner_event(event) else "no event of EventBridge's for Stripe"
    if isinstance(done, Outcome):
        return True
    telemetry.warning("message not processed", message_id=message.get("messageId"), why=done)
    return False


def from_bus(event: Mapping[str, Any]) -> Outcome | str:
    """The outcome, or why there is none."""
    try:
        done = processed(event.get("detail"), Origin.EVENTBRIDGE, app.once(the_till))
    except Exception as error:
        # The runtime logs what is raised, and foreign errors quote rows.
        failed(error)
        return "the log says why"
    match done:
        case NotAnEvent(reason):
            return reason
        case TryLater() as later:
            return later.why
    return done


def failed(error: Exception) -> None:
    telemetry.count({"Retries": 1})
    telemetry.failure("delivery failed", error)


def processed(event: object, origin: Origin, till: Till) -> Outcome | TryLater | NotAnEvent:
    identified = identify(event, origin, till.livemode)
    if isinstance(identified, NotAnEvent):
        return identified
    telemetry.correlate(identified.event_id)
    outcome = (
        Outcome(verdict=Verdict.IGNORED, event_id=identified.event_id, reason=identified.reason)
        if isinstance(identified, NotOurs)
        else till.converge(identified)
    )
    telemetry.count(counts_of(outcome))
    log(identified, outcome)
    return outcome


def log(identified: Hint | NotOurs, outcome: Outcome | TryLater) -> None:
    event_type = identified.event_type
    if isinstance(outcome, TryLater):
        telemetry.warning("try later", event_type=event_type, why=outcome.why)
        return
    telemetry.info(
        f"event {outcome.verdict}",
        event_type=event_type,
        payment_id=outcome.payment_id,
        held_reason=outcome.held_reason,
        why=outcome.reason,
    )


def answer_of(outcome: Outcome) -> dict[str, Any]:
    return {
        "outcome": outcome.verdict,
        "event_id": outcome.event_id,
        "payment_id": outcome.payment_id,
    }


def refused(
    status_code: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    if status_code < 500:
        telemetry.warning("refused", status_code=status_code, code=code)
    return response(status_code, {"error": {"code": code, "message": message}}, headers)


def is_partner_event(event: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether EventBridge sent this on behalf of Stripe; Stripe's event is its `detail`."""
    source = event.get("source") if isinstance(event, Mapping) else None
    return isinstance(source, str) and source.startswith(PARTNER)


def queued(event: object) -> Sequence[Mapping[str, Any]]:
    """The messages of a batch from SQS; none when the event is no such batch."""
    records = event.get("Records") if isinstance(event, Mapping) else None
    if not isinstance(records, list) or not all(map(is_message, records)):
        return ()
    return records


def is_message(record: object) -> bool:
    return isinstance(record, Mapping) and record.get("eventSource") == "aws:sqs"


COUNTED_AS = {
    Verdict.RECORDED: "EventsRecorded",
    Verdict.UNCHANGED: "EventsUnchanged",
    Verdict.DUPLICATE: "EventsDuplicate",
    Verdict.IGNORED: "EventsIgnored",
}


def counts_of(outcome: Outcome | TryLater) -> dict[str, int]:
    """What alarms and dashboards read of one event, under the names that it has in CloudWatch."""
    if isinstance(outcome, TryLater):
        return {"Retries": 1}
    counts, write = {COUNTED_AS[outcome.verdict]: 1}, outcome.write
    if write is None or outcome.verdict is not Verdict.RECORDED:
        return counts
    if outcome.held_reason is not None:
        counts["PaymentsHeld"] = 1
    elif write.entry is not None:
        given = write.entry.delta > 0
        counts["CreditsGranted" if given else "CreditsClawedBack"] = abs(write.entry.delta)
    if not write.payment.enriched:
        counts["PaymentsUnenriched"] = 1
    return counts
