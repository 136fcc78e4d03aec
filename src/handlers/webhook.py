"""Stripe's events come in here: signed by API Gateway, or by EventBridge, which is trusted."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from domain.converge import Outcome, TryLater, Verdict
from domain.events import Hint, NotAnEvent, NotOurs, Source, identify
from handlers import wiring
from handlers.api_gateway import Request, request_of, response

MAX_BODY_BYTES = 1024 * 1024
# https://docs.stripe.com/event-destinations/eventbridge: partner event sources start like this.
EVENTBRIDGE_SOURCE = "aws.partner/stripe.com"

logger = logging.getLogger("tokentill.webhook")


wiring.load_webhook()


class NotProcessed(Exception):
    """An event from EventBridge could not be processed. An asynchronous invocation is repeated
    when it fails, and only then."""


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answers 200 only when the event's work is done: Stripe then never sends it again.

    An EventBridge event is answered with the outcome alone; raises NotProcessed.
    """
    if isinstance(event, Mapping) and _is_from_eventbridge(event):
        return _from_eventbridge(event.get("detail"))
    try:
        return _answer(request_of(event))
    except Exception:
        # Whatever it was may have gone by when Stripe delivers again.
        logger.exception("delivery failed")
        return response(503, {"error": {"code": "try_later", "message": "not processed; retry"}})


def _answer(request: Request) -> dict[str, Any]:
    if request.body is not None and len(request.body) > MAX_BODY_BYTES:
        return _refused(413, "too_large", "the body is over 1 MiB")
    webhook = wiring.webhook()
    signature = request.header("stripe-signature")
    if request.body is None or not webhook.is_signed(request.body, signature):
        return _refused(400, "bad_signature", "the Stripe-Signature header does not verify")
    try:
        event = json.loads(request.body)
    except ValueError:
        return _refused(400, "not_json", "the body is not JSON")
    match _process(event, Source.WEBHOOK, webhook):
        case NotAnEvent(reason):
            return _refused(400, "not_an_event", reason)
        case TryLater() as later:
            logger.warning("try later %s: %s", later.event_id, later.why)
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
    match identified:
        case Hint():
            return webhook.converge(identified)
        case NotOurs(event_id, _, reason):
            return Outcome(verdict=Verdict.IGNORED, event_id=event_id, reason=reason)
    return identified


def _answer_of(outcome: Outcome) -> dict[str, Any]:
    logger.info("%s %s %s", outcome.verdict, outcome.event_id, outcome.payment_id)
    return {
        "outcome": outcome.verdict,
        "event_id": outcome.event_id,
        "payment_id": outcome.payment_id,
    }


def _refused(status_code: int, code: str, message: str) -> dict[str, Any]:
    if status_code < 500:
        logger.warning("refused: %s", code)
    return response(status_code, {"error": {"code": code, "message": message}})
