"""What may be asked of reconcile and prove; every mistake is named."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.requests import Refused
from reconcile.requests import ProveRequest, ReconcileRequest, read_request

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize("source", ["aws.events", "aws.scheduler"])
def test_a_scheduled_event_asks_for_the_next_run(source: str) -> None:
    event = {"source": source, "detail-type": "Scheduled Event", "detail": {}, "id": "x"}
    assert read_request(event, NOW) == ReconcileRequest(scheduled=True)


def test_nothing_asks_for_the_next_run() -> None:
    assert read_request({}, NOW) == ReconcileRequest()


@pytest.mark.parametrize(
    "since", ["2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00.7"]
)
def test_a_time_is_read_in_any_zone_to_the_second(since: str) -> None:
    request = read_request({"since": since}, NOW)
    assert request == ReconcileRequest(since=datetime(2026, 1, 31, 12, tzinfo=UTC))


def test_days_begin_at_midnight_so_that_the_same_request_goes_on() -> None:
    request = read_request({"days": 2}, NOW)
    assert request == ReconcileRequest(since=datetime(2026, 11, 21, tzinfo=UTC))


def test_more_days_than_stripe_is_old_begin_with_stripe() -> None:
    request = read_request({"days": 10**9}, NOW)
    assert request == ReconcileRequest(since=datetime(2010, 1, 1, tzinfo=UTC))


def test_a_run_can_be_limited_and_dry() -> None:
    assert read_request({"dry_run": True, "max_pages": 3}, NOW) == ReconcileRequest(
        dry_run=True, max_pages=3
    )


def test_a_proof_ends_now_unless_it_says_when() -> None:
    since = datetime(2026, 11, 1, tzinfo=UTC)
    until = datetime(2026, 11, 2, tzinfo=UTC)
    asked = {"prove": True, "since": "2026-11-01"}
    assert read_request(asked, NOW) == ProveRequest(since, NOW)
    assert read_request({**asked, "until": "2026-11-02"}, NOW) == ProveRequest(since, until)


MISTAKES: dict[str, tuple[Any, str]] = {
    "no object": (None, "JSON object"),
    "a list": ([], "JSON object"),
    "an unknown field": ({"sinc": "2026-01-01"}, "sinc"),
    "a field that is no text": ({"\ud800": 1}, "there is no field \\ud800;"),
    "no time": ({"since": "last week"}, "since must be an ISO 8601 time"),
    "a number for a time": ({"since": 5}, "since must be an ISO 8601 time"),
    "a time to come": ({"since": "2027-01-01"}, "since must lie between"),
    "a time before Stripe": ({"since": "1999-01-01"}, "since must lie between"),
    "a time at the edge of the calendar": ({"since": "0001-01-01T00:00:00+14:00"}, "since"),
    "no days": ({"days": 0}, "days must be a whole number"),
    "half a day": ({"days": 0.5}, "days must be a whole number"),
    "true days": ({"days": True}, "days must be a whole number"),
    "both": ({"days": 1, "since": "2026-01-01"}, "since and days"),
    "a dry run by word": ({"dry_run": "yes"}, "dry_run must be true or false"),
    "no pages": ({"max_pages": 0}, "max_pages must be a whole number"),
    "until without prove": ({"until": "2026-01-01"}, "until"),
    "a proof of nothing": ({"prove": True}, "prove needs a beginning"),
    "a proof to come": ({"prove": True, "days": 1, "until": "2027-01-01"}, "until must be"),
    "a proof backwards": (
        {"prove": True, "since": "2026-02-01", "until": "2026-01-01"},
        "until must be",
    ),
    "a dry proof": ({"prove": True, "days": 1, "dry_run": True}, "dry_run"),
    "another schedule": ({"source": "aws.s3", "detail-type": "Scheduled Event"}, "source"),
}


@pytest.mark.parametrize(("request_", "named"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_named(request_: Any, named: str) -> None:
    refused = read_request(request_, NOW)
    assert isinstance(refused, Refused)
    assert refused.code == "bad_request"
    assert named in refused.message
