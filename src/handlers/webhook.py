"""Stripe's events come in here: signed over HTTP, or by EventBridge and SQS, which IAM guards."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.telemetry import Telemetry
from domain.converge import Outcome, TryLater, Verdict
from domain.events import Hint, NotAnEvent, NotOurs, Origin, identify
from domain.measurements import RETRY, SIGNATURE_FAILURE, measurements_of
from handlers.app import App, app
from handlers.event_forms import NotJson, is_partner_event, parsed, queued
from handlers.http import Request, is_http, request_of, response, response_to
from handlers.till import Till

MAX_BODY_BYTES = 1024 * 1024

telemetry = Telemetry("webhook")


def the_till(app: App) -> Till:
    return Till(app, telemetry)


class NotProcessed(Exception):
    """An event from EventBridge could not be processed. An asynchronous invocation is repeated
    when it fails, and only then."""


class UnknownForm(Exception):
    """An invocation that is nothing the webhook knows. A normal return would tell Lambda that it
    was handled."""


def handler(event: object, _context: object) -> dict[str, Any]:
    """Answers 200 only when the event's work is done: Stripe then never sends it again.

    An EventBridge event is answered with the outcome alone; raises NotProcessed. A batch from SQS
    is answered with `{"batchItemFailures": [{"itemIdentifier"}]}`. Raises UnknownForm.
    """
    with telemetry.invocation():
        if is_partner_event(event):
            return _from_eventbridge(event)
        if messages := queued(event):
            return _from_queue(messages)
        if is_http(event):
            return response_to(event, _over_http(event))
        raise UnknownForm(
            "neither an HTTP request, nor an event of Stripe's from EventBridge or SQS"
        )


def _over_http(event: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return _answer(request_of(event))
    except Exception as error:
        # Whatever it was may have gone by when Stripe delivers again.
        _failed(error)
        return _refused(503, "try_later", "not processed; deliver it again")


def _answer(request: Request) -> dict[str, Any]:
    if request.method not in ("POST", ""):
        return _refused(405, "method_not_allowed", "events are posted", {"allow": "POST"})
    if request.body is not None and len(request.body) > MAX_BODY_BYTES:
        return _refused(413, "too_large", "the body is over 1 MiB")
    till = app.once(the_till)
    signature = request.header("stripe-signature")
    if request.body is None or not till.is_signed(request.body, signature):
        telemetry.measure([SIGNATURE_FAILURE])
        return _refused(400, "bad_signature", "the Stripe-Signature header does not verify")
    event = parsed(request.body)
    if isinstance(event, NotJson):
        return _refused(400, "not_json", "the body is not JSON")
    match _process(event, Origin.WEBHOOK, till):
        case NotAnEvent(reason):
            return _refused(400, "not_an_event", reason)
        case TryLater() as later:
            return _refused(503, "try_later", later.why)
        case Outcome() as outcome:
            return response(200, _answer_of(outcome))


def _from_eventbridge(event: Mapping[str, Any]) -> dict[str, Any]:
    done = _from_bus(event)
    if isinstance(done, Outcome):
        return _answer_of(done)
    raise NotProcessed(done)


def _from_queue(messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One message that fails keeps no other from being done. Without an id it fails the batch."""
    failures = [message.get("messageId") for message in messages if not _is_done(message)]
    return {"batchItemFailures": [{"itemIdentifier": failed} for failed in failures]}


def _is_done(message: Mapping[str, Any]) -> bool:
    telemetry.correlate(None)
    event = parsed(message.get("body"))
    done = _from_bus(event) if is_partner_event(event) else "no event of EventBridge's for Stripe"
    if isinstance(done, Outcome):
        return True
    telemetry.warning("message not processed", message_id=message.get("messageId"), why=done)
    return False


def _from_bus(event: Mapping[str, Any]) -> Outcome | str:
    """The outcome, or why there is none."""
    try:
        done = _process(event.get("detail"), Origin.EVENTBRIDGE, app.once(the_till))
    except Exception as error:
        # The runtime logs what is raised, and foreign errors quote rows.
        _failed(error)
        return "the log says why"
    match done:
        case NotAnEvent(reason):
            return reason
        case TryLater() as later:
            return later.why
    return done


def _failed(error: Exception) -> None:
    telemetry.measure([RETRY])
    telemetry.failure("delivery failed", error)


def _process(event: object, origin: Origin, till: Till) -> Outcome | TryLater | NotAnEvent:
    identified = identify(event, origin, till.livemode)
    if isinstance(identified, NotAnEvent):
        return identified
    telemetry.correlate(identified.event_id)
    outcome = (
        Outcome(verdict=Verdict.IGNORED, event_id=identified.event_id, reason=identified.reason)
        if isinstance(identified, NotOurs)
        else till.converge(identified)
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


def _refused(
    status_code: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    if status_code < 500:
        telemetry.warning("refused", status_code=status_code, code=code)
    return response(status_code, {"error": {"code": code, "message": message}}, headers)
