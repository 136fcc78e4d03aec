"""Sample events can be signed anew, and every one of them belongs to a function."""

from __future__ import annotations

import json
import shlex
import time
from pathlib import Path
from typing import Any

import pytest
import stripe

from domain.events import Hint, Origin, identify
from local.sam_local import EXAMPLE
from local.sample_purchases import play_samples
from local.shop import price_of
from local.sign_event import (
    SampleEvents,
    curl_line,
    function_for,
    sam_line,
    signed,
    webhook_secret,
)
from standin import StripeAccount

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


@pytest.mark.parametrize("name", DELIVERIES)
def test_a_sample_is_what_the_stand_in_makes_of_its_purchase(name: str) -> None:
    sample = json.loads(SAMPLES.read(name)["body"])
    account = StripeAccount(clock=lambda: sample["created"], id_seed="another each time")
    price = account.create_price(1000, "usd", "Starter", price_id=price_of("starter", 1000, "usd"))
    assert play_samples(account, price["id"])[name] == sample


@pytest.mark.parametrize(
    ("system", "added"),
    [("linux", " --add-host host.docker.internal:host-gateway"), ("darwin", "")],
)
def test_the_printed_line_invokes_the_function_with_the_signed_event(
    system: str, added: str
) -> None:
    path = SAMPLES.signed_folder / "migrate.json"
    assert sam_line("migrate", {}, path, EXAMPLE, system) == (
        ".venv-sam/bin/sam local invoke MigrateFunction --event .local/events/migrate.json"
        f" --env-vars env.example.json{added}"
    )


def test_a_delivery_is_sent_to_what_is_served_as_it_is_signed(tmp_path: Path) -> None:
    samples, name = SampleEvents(signed_folder=tmp_path), "checkout_session_completed"
    path = samples.write_signed(name, "whsec_mine", int(time.time()))
    line = curl_line(samples.read(name), path)
    words = shlex.split(line or "")
    assert words[-1] == "http://127.0.0.1:8000/stripe/webhook"
    ready = json.loads(path.read_text())
    assert f"stripe-signature: {ready['headers']['stripe-signature']}" in words
    assert (tmp_path / f"{name}.body").read_text() == ready["body"]
    assert f"@{tmp_path / name}.body" in words


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("catalogue", "curl http://127.0.0.1:8000/reports"),
        ("total_revenue", "curl http://127.0.0.1:8000/reports/total_revenue"),
        (
            "payments_for_user",
            "curl 'http://127.0.0.1:8000/reports/payments_for_user?user_id=user_123&limit=50'",
        ),
        ("migrate", None),
    ],
)
def test_a_report_is_asked_of_what_is_served(name: str, line: str | None) -> None:
    assert curl_line(SAMPLES.read(name), SAMPLES.signed_folder / f"{name}.json") == line


def test_the_first_configured_secret_signs() -> None:
    assert webhook_secret({"STRIPE_WEBHOOK_SECRET": "whsec_new, whsec_old"}) == "whsec_new"


def test_without_a_configured_secret_the_samples_secret_signs() -> None:
    assert webhook_secret({}) == "whsec_standin"
