"""Sample events can be signed anew, and every one of them belongs to a function."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import stripe

from domain.events import Hint, Origin, identify
from local.sign_event import SampleEvents, function_for, invoke_line, signed, webhook_secret

SAMPLES = SampleEvents()
DELIVERIES = [name for name in SAMPLES.names() if "rawPath" in SAMPLES.read(name)]


def _verify(event: dict[str, Any], secret: str) -> None:
    header = event["headers"]["stripe-signature"]
    stripe.WebhookSignature.verify_header(event["body"], header, secret, tolerance=300)


def test_a_sample_is_stale_as_it_lies_in_the_repository() -> None:
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        _verify(SAMPLES.read("checkout_session_completed"), "whsec_standin")


@pytest.mark.parametrize("name", DELIVERIES)
def test_stripes_own_verification_accepts_a_signed_sample(name: str, tmp_path: Path) -> None:
    samples = SampleEvents(signed_folder=tmp_path / "events")
    written = samples.write_signed(name, "whsec_mine", int(time.time()))
    _verify(json.loads(written.read_text()), "whsec_mine")


@pytest.mark.parametrize("name", DELIVERIES)
def test_a_signed_sample_is_of_a_purchase_of_now(name: str) -> None:
    event = json.loads(signed(SAMPLES.read(name), "whsec_mine", 1800000000)["body"])
    assert (event["created"], event["data"]["object"]["created"]) == (1800000000, 1800000000)


@pytest.mark.parametrize("name", DELIVERIES)
def test_a_sample_delivery_is_an_event_of_ours(name: str) -> None:
    body = json.loads(SAMPLES.read(name)["body"])
    assert isinstance(identify(body, Origin.WEBHOOK, False), Hint)


@pytest.mark.parametrize("name", DELIVERIES)
def test_a_sample_is_named_after_its_event_type(name: str) -> None:
    assert json.loads(SAMPLES.read(name)["body"])["type"].replace(".", "_") == name


def test_an_invocation_without_a_signature_is_left_as_it_is() -> None:
    assert signed({"report": "total_revenue"}, "whsec_mine", 0) == {"report": "total_revenue"}


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("checkout_session_completed", "WebhookFunction"),
        ("total_revenue", "ReportsFunction"),
        ("catalogue", "ReportsFunction"),
        ("migrate", "MigrateFunction"),
    ],
)
def test_a_sample_goes_to_its_function(name: str, function: str) -> None:
    assert function_for(name, SAMPLES.read(name)) == function


def test_the_printed_line_invokes_the_function_with_the_signed_event() -> None:
    path = SAMPLES.signed_folder / "migrate.json"
    assert invoke_line("migrate", {}, path) == (
        "sam local invoke MigrateFunction --event .local/events/migrate.json"
        " --env-vars env.example.json"
    )


def test_the_first_configured_secret_signs() -> None:
    assert webhook_secret({"STRIPE_WEBHOOK_SECRET": "whsec_new, whsec_old"}) == "whsec_new"


def test_without_a_configured_secret_the_samples_secret_signs() -> None:
    assert webhook_secret({}) == "whsec_standin"
