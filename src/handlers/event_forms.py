"""The forms beside HTTP in which an event of Stripe's gets to the webhook, and JSON as it comes.

https://docs.stripe.com/event-destinations/eventbridge
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Never, TypeGuard

# Partner event sources of Stripe's start like this.
PARTNER = "aws.partner/stripe.com"


@dataclass(frozen=True, slots=True)
class NotJson:
    """A body that is no JSON, or more deeply nested than can be read."""


def is_partner_event(event: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether EventBridge sent this on behalf of Stripe; Stripe's event is its `detail`."""
    source = event.get("source") if isinstance(event, Mapping) else None
    return isinstance(source, str) and source.startswith(PARTNER)


def queued(event: object) -> Sequence[Mapping[str, Any]]:
    """The messages of a batch from SQS; none when the event is no such batch."""
    records = event.get("Records") if isinstance(event, Mapping) else None
    if not isinstance(records, list) or not all(map(_is_message, records)):
        return ()
    return records


def parsed(body: object) -> object:
    """The value that JSON text in UTF-8 stands for, or NotJson."""
    try:
        text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
        return _DECODER.decode(text) if isinstance(text, str) else NotJson()
    except (ValueError, RecursionError):
        return NotJson()


def _is_message(record: object) -> bool:
    return isinstance(record, Mapping) and record.get("eventSource") == "aws:sqs"


def _no_number(literal: str) -> Never:
    """Python also takes NaN and Infinity, which JSON does not have."""
    raise ValueError(literal)


_DECODER = json.JSONDecoder(parse_constant=_no_number)
