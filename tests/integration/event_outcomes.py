"""Writes docs/event-outcomes.md: what the handler makes of each event and each state of a row.

`PYTHONPATH=src:. python -m tests.integration.event_outcomes` writes the page anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.events import EVENT_TYPES
from tests.databases import SharedDatabases
from tests.integration.event_ways import STATES, Way, Ways, played
from tests.till import Till, open_till

PAGE = Path(__file__).resolve().parents[2] / "docs" / "event-outcomes.md"
TAKEN = ("paid", "partly refunded", "refunded", "disputed", "lost", "held")
NEVER_TAKEN = ("expired", "canceled")
# How the page shows a row in a state whose name says more than the row's status.
SHOWN = {"partly refunded": "paid, partly refunded", "held": "paid, held"}

# Why some events cannot find a row in some states, by the beginning of the event's type.
REASONS: list[tuple[str, tuple[str, ...], str]] = [
    (
        "checkout.session.completed",
        ("expired",),
        "a session that expired was never completed, and cannot be any more",
    ),
    (
        "checkout.session.async_payment",
        ("expired",),
        "a session that expired was never completed, so no delayed payment was under way",
    ),
    (
        "checkout.session.async_payment_succeeded",
        ("canceled",),
        "a payment that was canceled cannot succeed",
    ),
    (
        "checkout.session.async_payment_failed",
        TAKEN,
        "a completed session takes no second payment after a delayed one that failed",
    ),
    (
        "checkout.session.expired",
        ("pending", *TAKEN),
        "only an open session expires, and this one is complete",
    ),
    ("payment_intent.canceled", TAKEN, "a payment that succeeded cannot be canceled"),
    (
        "payment_intent.succeeded",
        NEVER_TAKEN,
        "the payment intent is canceled, which is final",
    ),
    ("charge.", NEVER_TAKEN, "nothing was charged, and nothing can be any more"),
    ("refund.", NEVER_TAKEN, "nothing was charged, and nothing can be any more"),
]

INTRODUCTION = """\
# What each event does

This page sets every event that Tokentill listens to against every state that the payment's row can
be in when the event arrives. For each pair it says what comes of it: the outcome that the webhook
answers, the row's status afterwards, and the credits that the payment has granted before and after.

A program writes this page: it plays each case through the Stripe stand-in, the real handler and a
real Postgres. A test fails when the page is not what the program writes. To write it anew:

```sh
PYTHONPATH=src:. .venv/bin/python -m tests.integration.event_outcomes
```

How to read it:

- An event is a hint. The handler asks Stripe what the purchase is now, so the row afterwards
  depends on what has happened at Stripe, not on the event. That is why a refund that finds its row
  still `pending` comes to the right end, and why a late event changes nothing.
- `recorded`: the row was written, and the credits with it where they differ. `unchanged`: the row
  was right already. Either way the event is remembered; coming again it is a `duplicate`.
- The states are: *no row* (the till has heard nothing of the purchase), *pending*, *failed*,
  *expired*, *canceled*, *paid*, *partly refunded* (`paid`, with a part of the money returned),
  *refunded*, *disputed*, *lost*, and *held* (`paid`, with the credits withheld; in these cases
  because the payment names no user).
- Each case sells 1000 tokens for $10.00. A refund in part returns 40 %, a dispute is of the whole.
  A dispute in part withholds its part; an inquiry changes nothing until it becomes a dispute.
- "Nothing, the event is late": an earlier step made the event, and another event has brought the
  row up to date before it arrives.
- While Stripe's API gives no answer, the webhook answers 503 and writes nothing. There is one
  exception: where there is *no row*, a session's own snapshot event is recorded if its metadata
  names the package and the amount agrees.
"""


@dataclass(frozen=True)
class Result:
    """What came of one event."""

    outcome: str
    row: str
    granted: str


def page(till: Till) -> str:
    """The whole page, with every case played on this till."""
    ways = Ways()
    sections = (_section(till, ways, event_type) for event_type in EVENT_TYPES)
    return "\n".join([INTRODUCTION, *sections])


def _section(till: Till, ways: Ways, event_type: str) -> str:
    lines = [
        f"## `{event_type}`\n",
        "| Row before | The purchase until then | And since | Outcome | Row after | Credits |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_line(till, event_type, state, ways.find(event_type, state)) for state in STATES),
    ]
    return "\n".join(lines) + "\n"


def _line(till: Till, event_type: str, state: str, way: Way | None) -> str:
    if way is None:
        return f"| {state} | *cannot be: {_reason(event_type, state)}* | | | | |"
    result = _result(till, event_type, state, way)
    until_then = ", ".join(way.before) or "opened"
    since = ", ".join(way.since) or "nothing, the event is late"
    came_of_it = f"{result.outcome} | {result.row} | {result.granted}"
    return f"| {state} | {until_then} | {since} | {came_of_it} |"


def _reason(event_type: str, state: str) -> str:
    (reason,) = _reasons(event_type, state)
    return reason


def _reasons(event_type: str, state: str) -> Iterator[str]:
    for beginning, states, reason in REASONS:
        if event_type.startswith(beginning) and state in states:
            yield reason


def _result(till: Till, event_type: str, state: str, way: Way) -> Result:
    """Brings a row into its state, lets the rest happen, and delivers the event."""
    session_id = till.sell(user_id=None if state == "held" else "user_123")
    granted_before = 0
    events = played(till.account, session_id, way.before)
    late = [event for event in events if event["type"] == event_type][-1:]
    if state != "no row":
        others = [event for event in events if way.since or event not in late]
        till.deliver(others[-1])
        assert _state(till, session_id) == SHOWN.get(state, state)
        granted_before = till.payment(session_id)["credits_granted"]
    since = played(till.account, session_id, way.since)
    (event,) = [event for event in since if event["type"] == event_type][-1:] or late
    outcome = till.deliver(event).outcome
    granted = till.payment(session_id)["credits_granted"]
    return Result(outcome, _state(till, session_id), f"{granted_before} → {granted}")


def _state(till: Till, session_id: str) -> str:
    payment = till.payment(session_id)
    parts = [payment["payment_status"]]
    if payment["payment_status"] == "paid" and payment["amount_refunded"]:
        parts.append("partly refunded")
    return ", ".join(parts + ["held"] * bool(payment["held_reason"]))


def main() -> None:
    """Writes the page from a till of its own."""
    shared = SharedDatabases()
    try:
        databases = shared.get()
        with (
            databases.database(databases.template) as url,
            pytest.MonkeyPatch.context() as patched,
            open_till(url, patched) as till,
        ):
            PAGE.write_text(page(till), encoding="utf-8")
    finally:
        shared.close()


if __name__ == "__main__":
    main()
