"""The doctor on a real database and the stand-in: what it finds, and what it never tells."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from adapters.doctor import READS
from adapters.stripe_api import API_VERSION
from domain.events import EVENT_TYPES
from handlers import operations
from handlers.app import app
from tests.till import Till

PROJECT = Path(__file__).resolve().parents[2]
URL = "https://till.example.com/stripe/webhook"


def examine(**fields: Any) -> dict[str, Any]:
    """The doctor's answer; it needs no actor and no request id."""
    return operations.handler({"operation": "doctor", "url": URL, **fields}, None)


def wrong(answer: dict[str, Any]) -> dict[str, str]:
    return {each["check"]: each["message"] for each in answer["checks"] if not each["ok"]}


@pytest.fixture
def sound(till: Till) -> Till:
    """A till of which everything is as it should be."""
    till.account.add_webhook_endpoint(URL, list(EVENT_TYPES), API_VERSION)
    for package_id in ("starter", "professional", "enterprise"):
        till.price_of(package_id)
    return till


@pytest.mark.usefixtures("sound")
def test_a_sound_deployment_is_ok() -> None:
    answer = examine()
    assert (answer["ok"], wrong(answer)) == (True, {})


@pytest.mark.usefixtures("sound")
def test_the_url_may_come_from_the_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_URL", URL)
    assert operations.handler({"operation": "doctor"}, None)["ok"]


@pytest.mark.usefixtures("till")
def test_a_fresh_deployment_is_told_what_is_missing() -> None:
    answer = examine()
    assert not answer["ok"]
    assert wrong(answer).keys() == {"webhook_endpoint", "packages_without_price"}


def test_a_price_that_stripe_does_not_know_is_told(sound: Till) -> None:
    sound.execute(
        "UPDATE packages SET stripe_price_ids = '{price_gone}' WHERE package_id = 'starter'"
    )
    assert wrong(examine())["prices"].startswith("price_gone of package starter is not known")


def test_a_wrong_amount_is_told(sound: Till) -> None:
    sound.execute("UPDATE packages SET amount = 9.99 WHERE package_id = 'starter'")
    assert "costs 10.00 USD, but the package 9.99 USD" in wrong(examine())["prices"]


def test_a_migration_that_is_due_is_told(sound: Till) -> None:
    (latest,) = sound.rows("SELECT max(version) AS version FROM schema_migrations")
    sound.execute("DELETE FROM schema_migrations WHERE version = %s", latest["version"])
    assert latest["version"] in wrong(examine())["migrations"]


def test_an_empty_database_is_told_apart_from_one_that_is_down(
    till: Till, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    found = wrong(examine())
    assert "0001_payments_and_credits" in found["migrations"]
    assert "database_reachable" not in found


def test_a_database_that_is_down_is_told_without_its_password(
    sound: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:hush@127.0.0.1:1/none")
    answer = examine()
    assert wrong(answer).keys() == {"database_reachable"}
    assert "hush" not in json.dumps(answer)


def test_a_key_that_stripe_refuses_is_told_without_the_key(
    sound: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_hush")
    answer = examine()
    assert "AuthenticationError" in wrong(answer)["stripe_reachable"]
    assert "hush" not in json.dumps(answer)


@pytest.mark.parametrize(("name", "path"), READS.items())
def test_a_restricted_key_that_may_not_read_what_the_till_reads_is_told(
    sound: Till, name: str, path: str
) -> None:
    sound.stripe.faults.answer(403, times=9, path=path)
    found = wrong(examine())
    assert f"may not read {name}." in found["stripe_permissions"]
    assert "stripe_reachable" not in found


@pytest.mark.parametrize(
    "api_key",
    ["pk_test_hush", "whsec_hush", "sk_test_hu sh", "sk_test_hu\nsh", "sk_test_hush\u0107"],
)
def test_what_is_no_key_is_not_shown_to_stripe(
    sound: Till, monkeypatch: pytest.MonkeyPatch, api_key: str
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", api_key)
    answer = examine()
    assert {"api_key", "stripe_reachable"} <= wrong(answer).keys()
    assert sound.stripe.requests == []
    assert "hu" not in json.dumps(wrong(answer))


def test_a_key_and_a_secret_that_changed_places_are_told(
    sound: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "whsec_hush")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "sk_test_hush")
    found = wrong(examine())
    assert "it is a webhook secret" in found["api_key"]
    assert "it is an API key" in found["webhook_secret"]
    assert "hush" not in json.dumps(found)


@pytest.mark.parametrize("name", ["STRIPE_LIVEMODE", "UNKNOWN_USERS", "DATABASE_IAM_AUTH"])
def test_a_variable_that_makes_no_sense_is_told_with_its_choices(
    sound: Till, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "hush")
    found = wrong(examine())
    assert found["configuration"].startswith(f"{name} must be ")
    assert "hush" not in found["configuration"]


def test_what_to_set_for_a_database_is_told(sound: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    assert "set DATABASE_URL, or " in wrong(examine())["database_reachable"]
    app.close()
    monkeypatch.setenv("DATABASE_IAM_AUTH", "true")
    assert "needs DATABASE_HOST" in wrong(examine())["database_reachable"]


def test_a_database_that_could_be_listened_to_is_told(
    sound: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/till?sslmode=require")
    assert "sslmode must be verify-full" in wrong(examine())["database_reachable"]


@pytest.mark.usefixtures("impatient")
def test_a_stripe_that_is_down_is_told(sound: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:1")
    assert "APIConnectionError" in wrong(examine())["stripe_reachable"]


def test_missing_secrets_are_told(sound: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRIPE_API_KEY")
    monkeypatch.delenv("STRIPE_WEBHOOK_SECRET")
    assert {"api_key", "webhook_secret"} < wrong(examine()).keys()


def test_a_secret_that_cannot_be_read_is_told(sound: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_ARN", "arn:aws:secretsmanager:us-east-1:1:secret:none")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETSMANAGER", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(variable, "us-east-1")
    assert (
        "cannot be read (GetParameterError, EndpointConnectionError)" in wrong(examine())["api_key"]
    )


def test_the_operators_role_is_enough(sound: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    as_operator = f"{sound.database_url}?options={quote('-c role=operator')}"
    monkeypatch.setenv("DATABASE_URL", as_operator)
    assert examine()["ok"]


def test_a_role_that_may_not_look_is_told(sound: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    as_nobody = f"{sound.database_url}?options={quote('-c role=pg_monitor')}"
    monkeypatch.setenv("DATABASE_URL", as_nobody)
    assert {"migrations", "packages"} <= wrong(examine()).keys()


def test_nothing_is_written(sound: Till) -> None:
    examine()
    assert (sound.count("stripe_events"), sound.count("payment_transactions")) == (0, 0)


@pytest.mark.parametrize(
    ("fields", "told"),
    [({"user_id": "user_1"}, "doctor has no field user_id"), ({"url": 3}, "url must be a string")],
)
def test_a_request_that_makes_no_sense_is_refused(fields: dict[str, Any], told: str) -> None:
    assert examine(**fields) == {"error": {"code": "bad_request", "message": told}}


def run(till: Till, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The doctor as a program, with the till's environment."""
    path = os.pathsep.join((str(PROJECT / "src"), str(PROJECT)))
    return subprocess.run(
        [sys.executable, "-m", "local", "doctor", *arguments],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_program_prints_every_check_and_ends_well(sound: Till) -> None:
    ran = run(sound, "--url", URL)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert [line.split()[1] for line in lines] == [each["check"] for each in examine()["checks"]]


def test_the_program_prints_commands_on_lines_of_their_own_and_fails(till: Till) -> None:
    ran = run(till, "--url", URL)
    assert ran.returncode == 1
    assert any(
        line.startswith("stripe webhook_endpoints create -d ") for line in ran.stdout.splitlines()
    )
