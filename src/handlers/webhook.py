"""Stripe's events come in here: signed by API Gateway, or by EventBridge, which is trusted."""

import json
from collections.abc import Mapping
from typing import Any

from domain.converge import Outcome, TryLater, Verdict
from domain.events import Hint, NotAnEvent, NotOurs, Source, identify
from domain.measurements import RETRY, SIGNATURE_FAILURE, measurements_of
from handlers import wiring
from handlers.api_gateway import Request, request_of, response

MAX_BODY_BYTES = 1024 * 1024
# https://docs.stripe.com/event-destinations/eventbridge: partner event sources start like this.
EVENTBRIDGE_SOURCE = "aws.partner/stripe.com"

wiring.load_webhook()
telemetry = wiring.telemetry("webhook")


class NotProcessed(Exception):
    """An event from EventBridge could not be processed. An asynchronous invocation is repeated
    when it fails, and only then."""


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answers 200 only when the event's work is done: Stripe then never sends it again.

    An EventBridge event is answered with the outcome alone; raises NotProcessed.
    """
    with telemetry.invocation():
        if isinstance(event, Mapping) and _is_from_eventbridge(event):
            return _from_eventbridge(event.get("detail"))
        return _from_api_gateway(event)


def _from_api_gateway(event: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return _answer(request_of(event))
    except Exception as error:
        # Whatever it was may have gone by when Stripe delivers again.
        telemetry.measure([RETRY])
        telemetry.failure("delivery failed", error)
        return _refused(503, "try_later", "not processed; deliver it again")


def _answer(request: Request) -> dict[str, Any]:
    if request.body is not None and len(request.body) > MAX_BODY_BYTES:
        return _refused(413, "too_large", "the body is over 1 MiB")
    webhook = wiring.webhook()
    signature = request.header("stripe-signature")
    if request.body is None or not webhook.is_signed(request.body, signature):
        telemetry.measure([SIGNATURE_FAILURE])
        return _refused(400, "bad_signature", "the Stripe-Signature header does not verify")
    try:
        event = json.loads(request.body)
    except ValueError:
        return _refused(400, "not_json", "the body is not JSON")
    match _process(event, Source.WEBHOOK, webhook):
        case NotAnEvent(reason):
            return _refused(400, "not_an_event", reason)
        case TryLater() as later:
            return _refused(503, "try_later", later.why)
        case Outcome() as outcome:
            return response(200, _answer_of(outcome))


def _is_from_eventbridge(event: Mapping[str, Any]) -> bool:
    source = event.get("source")
    return isinstance(source, str) and source.startswith(EVENTBRIDGE_SOURCE)


def _from_eventbridge(event: object) -> dict[str, Any]:
    outcome = _process(event, Source.EVENTBRIDGE, wiring.webhook())
    if isinstance(outcome, Outcome):
        return _answer_of(outcome)
    raise NotProcessed(outcome.reason if isinstance(outcome, NotAnEvent) else outcome.why)


def _process(
    event: object, source: Source, webhook: wiring.Webhook
) -> Outcome | TryLater | NotAnEvent:
    identified = identify(event, source, webhook.livemode)
    if isinstance(identified, NotAnEvent):
        return identified
    telemetry.correlate(identified.event_id)
    outcome = (
        Outcome(verdict=Verdict.IGNORED, event_id=identified.event_id, reason=identified.reason)
        if isinstance(identified, NotOurs)
        else webhook.converge(identified)
    )
    telemetry.measure(measurements_of(outcome))
    _log(identified, outcome)
    return outcome


def _log(identified: Hint | NotOurs, outcome: Outcome | TryLater) -> None:
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


def _answer_of(outcome: Outcome) -> dict[str, Any]:
    return {
        "outcome": outcome.verdict,
        "event_id": outcome.event_id,
        "payment_id": outcome.payment_id,
    }


def _refused(status_code: int, code: str, message: str) -> dict[str, Any]:
    if status_code < 500:
        telemetry.warning("refused", status_code=status_code, code=code)
    return response(status_code, {"error": {"code": code, "message": message}})
