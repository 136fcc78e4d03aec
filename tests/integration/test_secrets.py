"""Secrets Manager: Stripe's secrets rolled without a deployment, RDS's password rotated."""

import json
import os
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import psycopg
import pytest
from moto import mock_aws
from psycopg.conninfo import conninfo_to_dict

from adapters.database_login import login
from adapters.settings import DatabaseAddress, Misconfigured
from handlers import operations
from handlers.app import app
from tests.till import WEBHOOK_SECRET, Till, completed

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


@pytest.fixture(scope="module")
def manager() -> Iterator["SecretsManagerClient"]:
    """A Secrets Manager for all of these tests: each makes a secret of its own."""
    with pytest.MonkeyPatch.context() as patched, mock_aws():
        patched.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        yield boto3.client("secretsmanager")


def created(manager: "SecretsManagerClient", content: str) -> str:
    """A new secret; its ARN."""
    return manager.create_secret(Name=uuid.uuid4().hex, SecretString=content)["ARN"]


@pytest.fixture
def rolling(
    till: Till, manager: "SecretsManagerClient", monkeypatch: pytest.MonkeyPatch
) -> tuple[Till, str]:
    """A till whose Stripe secrets are in Secrets Manager; the ARN of them."""
    arn = created(manager, stripe_secret(till, "whsec_old"))
    monkeypatch.delenv("STRIPE_API_KEY")
    monkeypatch.delenv("STRIPE_WEBHOOK_SECRET")
    monkeypatch.setenv("STRIPE_SECRET_ARN", arn)
    return till, arn


def stripe_secret(till: Till, *webhook_secrets: str) -> str:
    return json.dumps({"api_key": till.account.api_key, "webhook_secrets": webhook_secrets})


def sold_and_signed_with(till: Till, secret: str) -> str:
    return till.deliver(completed(till.account.complete(till.sell())), secret=secret).outcome


def test_rolling_the_webhook_secret_loses_no_event(
    rolling: tuple[Till, str], manager: "SecretsManagerClient"
) -> None:
    till, arn = rolling
    assert sold_and_signed_with(till, "whsec_old") == "recorded"
    manager.put_secret_value(
        SecretId=arn, SecretString=stripe_secret(till, "whsec_old", "whsec_new")
    )
    assert sold_and_signed_with(till, "whsec_old") == "recorded"
    assert sold_and_signed_with(till, "whsec_new") == "recorded"
    manager.put_secret_value(SecretId=arn, SecretString=stripe_secret(till, "whsec_new"))
    assert sold_and_signed_with(till, "whsec_new") == "recorded"
    assert till.credits() == 4000


def test_a_secret_that_was_taken_back_is_refused_by_a_new_container(
    rolling: tuple[Till, str], manager: "SecretsManagerClient"
) -> None:
    till, arn = rolling
    sold_and_signed_with(till, "whsec_old")
    manager.put_secret_value(SecretId=arn, SecretString=stripe_secret(till, "whsec_new"))
    app.close()
    assert sold_and_signed_with(till, "whsec_old") == "400"


def test_an_unreadable_secret_leaves_the_event_to_the_next_delivery(
    till: Till, manager: "SecretsManagerClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:1:secret:none")
    assert sold_and_signed_with(till, WEBHOOK_SECRET) == "503"


FORGERIES = ("w", "h", "_", "whsec_abc", "", " ", "7", "webhook_secrets", "[")


@pytest.mark.parametrize("secret", ['{"webhook_secrets": {"whsec_abc": 1}}', "whsec_abc", "\n"])
def test_a_secret_of_another_shape_verifies_nothing_even_while_stripe_is_down(
    rolling: tuple[Till, str],
    manager: "SecretsManagerClient",
    monkeypatch: pytest.MonkeyPatch,
    secret: str,
) -> None:
    till, arn = rolling
    event = completed(till.account.complete(till.sell(metadata={"package_id": "starter"})))
    manager.put_secret_value(SecretId=arn, SecretString=secret)
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:1")
    assert {till.deliver(event, secret=each).outcome for each in FORGERIES} == {"400"}
    assert till.count("payment_transactions") == 0


def test_why_a_secret_is_refused_is_logged_once_and_never_its_content(
    rolling: tuple[Till, str],
    manager: "SecretsManagerClient",
    caplog: pytest.LogCaptureFixture,
) -> None:
    till, arn = rolling
    manager.put_secret_value(SecretId=arn, SecretString='{"webhook_secrets": {"whsec_hush": 1}}')
    event = completed(till.account.complete(till.sell()))
    for _ in range(3):
        till.deliver(event, secret="whsec_hush")
    told = [vars(record)["why"] for record in caplog.records if "why" in vars(record)]
    assert told == [
        "webhook_secrets in the Stripe secret must be a string, or a list of strings, none of them"
        " empty"
    ]
    assert "hush" not in repr([vars(record) for record in caplog.records])


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ('{"webhook_secrets": {"whsec_hush": 1}}', "webhook_secrets in the Stripe secret must be"),
        ('{"api_key": ["sk_test_hush"]}', "api_key in the Stripe secret must be a string"),
        ("sk_test_hush", "the Stripe secret must be a JSON object"),
    ],
)
def test_the_doctor_says_why_a_secret_is_refused(
    rolling: tuple[Till, str], manager: "SecretsManagerClient", secret: str, told: str
) -> None:
    manager.put_secret_value(SecretId=rolling[1], SecretString=secret)
    answer = operations.handler({"operation": "doctor", "url": "https://till.example.com/"}, None)
    failed = {each["check"]: each["message"] for each in answer["checks"] if not each["ok"]}
    assert told in failed["api_key"]
    assert told in failed["webhook_secret"]
    assert "hush" not in json.dumps(answer)


def test_a_secret_that_was_put_right_satisfies_the_doctor_at_once(
    rolling: tuple[Till, str], manager: "SecretsManagerClient"
) -> None:
    till, arn = rolling
    manager.put_secret_value(SecretId=arn, SecretString=stripe_secret(till))
    assert "webhook_secret" in doctor_finds_wrong()
    manager.put_secret_value(SecretId=arn, SecretString=stripe_secret(till, "whsec_new"))
    assert "webhook_secret" not in doctor_finds_wrong()


def doctor_finds_wrong() -> dict[str, str]:
    """What is to be mended, by check."""
    answer = operations.handler({"operation": "doctor", "url": "https://till.example.com/"}, None)
    return {each["check"]: each["message"] for each in answer["checks"] if not each["ok"]}


def test_the_doctor_says_what_is_wrong_with_the_databases_secret(
    till: Till, manager: "SecretsManagerClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = created(manager, '{"username": "u", "password": 7}')
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("DATABASE_SECRET_ARN", arn)
    monkeypatch.setenv("DATABASE_HOST", "127.0.0.1")
    failed = doctor_finds_wrong()
    assert "password in the database's secret must be a string" in failed["database_reachable"]


def test_a_refused_secret_that_was_put_right_is_noticed_without_a_deployment(
    rolling: tuple[Till, str], manager: "SecretsManagerClient"
) -> None:
    till, arn = rolling
    manager.put_secret_value(SecretId=arn, SecretString='{"webhook_secrets": 7}')
    operations.handler({"operation": "doctor", "url": "https://till.example.com/"}, None)
    manager.put_secret_value(SecretId=arn, SecretString=stripe_secret(till, "whsec_new"))
    assert sold_and_signed_with(till, "whsec_new") == "recorded"


def test_one_string_is_one_secret(
    rolling: tuple[Till, str], manager: "SecretsManagerClient"
) -> None:
    till, arn = rolling
    secret = {"api_key": till.account.api_key, "webhook_secrets": "whsec_abc"}
    manager.put_secret_value(SecretId=arn, SecretString=json.dumps(secret))
    assert sold_and_signed_with(till, "w") == "400"
    assert sold_and_signed_with(till, "whsec_abc") == "recorded"


def test_secrets_with_line_ends_around_them_work(
    rolling: tuple[Till, str], manager: "SecretsManagerClient"
) -> None:
    till, arn = rolling
    secret = {"api_key": f" {till.account.api_key}\n", "webhook_secrets": ["\ufeffwhsec_abc\r\n"]}
    manager.put_secret_value(SecretId=arn, SecretString=f"\ufeff{json.dumps(secret)}\n")
    assert sold_and_signed_with(till, "whsec_abc") == "recorded"


def test_variables_with_line_ends_around_them_work(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "STRIPE_API_KEY", "STRIPE_API_BASE", "STRIPE_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, f"\ufeff {os.environ[name]}\r\n")
    assert sold_and_signed_with(till, WEBHOOK_SECRET) == "recorded"


def rds_secret(url: str, password: str) -> str:
    """As RDS writes it, for the role that the test made."""
    server = conninfo_to_dict(url)
    return json.dumps(
        {
            "username": "till_login",
            "password": password,
            "engine": "postgres",
            "host": server["host"],
            "port": int(server["port"] or 5432),
            "dbname": server["dbname"],
        }
    )


def test_the_database_is_reached_with_the_secret_that_rds_keeps(
    till: Till, manager: "SecretsManagerClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    role = "CREATE ROLE till_login LOGIN PASSWORD 'first' IN ROLE webhook_writer"
    till.execute(f"DO $$ BEGIN {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    arn = created(manager, rds_secret(till.database_url, "first"))
    session_id = till.sell()
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("DATABASE_SECRET_ARN", arn)
    assert till.deliver(completed(till.account.complete(session_id))).outcome == "recorded"


def test_a_deployment_without_a_database_answers_503_and_names_the_variables(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = completed(till.account.complete(till.sell()))
    monkeypatch.delenv("DATABASE_URL")
    assert till.deliver(event).status_code == 503
    with pytest.raises(Misconfigured, match="DATABASE_SECRET_ARN"):
        login(DatabaseAddress(), lambda _arn, _anew: {}, lambda _address: "")


def test_a_role_without_login_cannot_connect(till: Till) -> None:
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(till.database_url, user="webhook_writer")
