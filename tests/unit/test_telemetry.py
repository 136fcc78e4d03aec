"""What is counted, and what a log line may say of an error."""

import json
from dataclasses import replace
from types import SimpleNamespace

import psycopg
import pytest

from adapters.postgres import DatabaseUnavailable
from adapters.telemetry import Telemetry, described
from domain.converge import Outcome, TryLater, Verdict, Write
from domain.events import Hint, Origin, Reference, ReferenceKind
from domain.payment import Entry, Payment, PaymentStatus, Reason
from handlers.webhook import counts_of

PAYMENT = Payment(
    user_id="user_1",
    stripe_session_id="cs_1",
    stripe_payment_intent_id="pi_1",
    package_id="starter",
    package_name="Starter",
    tokens_purchased=1000,
    amount_paid_cents=1000,
    currency="usd",
    payment_status=PaymentStatus.PAID,
    payment_method="card",
    customer_email="a@b.example",
    amount_charged_minor=1000,
    amount_refunded_minor=0,
    amount_disputed_minor=0,
    credits_granted=1000,
    held_reason=None,
    enriched=True,
    paid_at=None,
)
HINT = Hint(
    event_id="evt_1",
    event_type="checkout.session.completed",
    origin=Origin.WEBHOOK,
    reference=Reference(ReferenceKind.CHECKOUT_SESSION, "cs_1"),
)


def outcome(
    entry: Entry | None, payment: Payment = PAYMENT, held_reason: str | None = None
) -> Outcome:
    return Outcome(
        verdict=Verdict.RECORDED,
        event_id="evt_1",
        payment_id="pay_1",
        write=Write(HINT, Verdict.RECORDED, payment, None, entry),
        held_reason=held_reason,
    )


def test_a_purchase_counts_the_event_and_its_credits() -> None:
    assert counts_of(outcome(Entry(1000, Reason.PURCHASE))) == {
        "EventsRecorded": 1,
        "CreditsGranted": 1000,
    }


def test_credits_taken_back_are_counted_apart_and_without_sign() -> None:
    measured = counts_of(outcome(Entry(-250, Reason.REFUND)))
    assert measured["CreditsClawedBack"] == 250


def test_a_held_payment_counts_as_held_and_grants_nothing() -> None:
    measured = counts_of(outcome(Entry(1000, Reason.PURCHASE), held_reason="unknown_user"))
    assert measured == {"EventsRecorded": 1, "PaymentsHeld": 1}


def test_a_payment_from_a_snapshot_counts_as_unenriched() -> None:
    measured = counts_of(outcome(None, replace(PAYMENT, enriched=False)))
    assert measured["PaymentsUnenriched"] == 1


@pytest.mark.parametrize(
    ("verdict", "name"),
    [
        (Verdict.UNCHANGED, "EventsUnchanged"),
        (Verdict.DUPLICATE, "EventsDuplicate"),
        (Verdict.IGNORED, "EventsIgnored"),
    ],
)
def test_every_verdict_is_counted(verdict: Verdict, name: str) -> None:
    assert counts_of(Outcome(verdict=verdict, event_id="e")) == {name: 1}


def test_an_event_left_for_later_counts_as_a_retry() -> None:
    assert counts_of(TryLater("evt_1", "why")) == {"Retries": 1}


def test_the_text_of_a_foreign_error_stays_out_of_the_log() -> None:
    error = psycopg.errors.CheckViolation("Failing row contains (buyer@example.com)")
    said = described(error)
    assert (said["error"], said["text"]) == ("psycopg.errors.CheckViolation", None)
    assert "buyer" not in str(said)


def test_our_own_words_are_logged() -> None:
    assert described(DatabaseUnavailable("no route"))["text"] == "no route"


def test_an_error_is_logged_with_its_place() -> None:
    try:
        raise ValueError("secret")
    except ValueError as error:
        said = described(error)
    assert said["where"][-1].startswith("test_telemetry.py:")


def test_the_metrics_of_an_invocation_leave_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Telemetry("test")
    with telemetry.invocation(None), telemetry.timed("StripeLatency"):
        telemetry.count({"EventsRecorded": 1})
    out = capsys.readouterr().out
    assert '"EventsRecorded":[1.0]' in out
    assert '"StripeLatency":[' in out
    with telemetry.invocation(None):
        pass
    assert capsys.readouterr().out == ""


def test_a_deployment_counts_under_the_name_of_its_stack(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Tokentill/live")
    telemetry = Telemetry("test")
    with telemetry.invocation(None):
        telemetry.count({"EventsRecorded": 1})
    assert '"Namespace":"Tokentill/live"' in capsys.readouterr().out


def test_a_line_says_which_invocation_it_is_of_and_whether_that_started_the_container(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry = Telemetry("of these lines")
    for request_id in ("first", "second"):
        with telemetry.invocation(SimpleNamespace(aws_request_id=request_id)):
            telemetry.info("done")
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    said = [(line["function_request_id"], line["cold_start"]) for line in lines]
    assert said == [("first", True), ("second", False)]
