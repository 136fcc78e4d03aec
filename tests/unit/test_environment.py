"""The configuration from the environment, and TLS to a database."""

import json
from collections.abc import Mapping
from pathlib import Path

import certifi
import pytest

from adapters.connecting import RDS_AUTHORITIES, InsecureConnection, tls_parameters
from adapters.settings import (
    DatabaseAddress,
    Misconfigured,
    Settings,
    settings,
    without_blanks,
)
from tests.unit.blanks import BLANKS, KINDS_OF_BLANKS

PROJECT = Path(__file__).resolve().parents[2]
PUBLIC, RDS = certifi.where(), str(RDS_AUTHORITIES)
STACKS = [f"stacks/{path.name}" for path in (PROJECT / "stacks").glob("*.yaml")]


def test_an_empty_environment_gives_the_defaults() -> None:
    assert settings({}) == Settings(
        database=DatabaseAddress(
            url="", secret_arn="", host="", port="5432", name="", user="", iam_auth=False
        ),
        stripe_api_key="",
        stripe_webhook_secrets=(),
        stripe_secret_arn="",
        stripe_api_base="https://api.stripe.com",
        stripe_livemode=False,
        hold_unknown_users=False,
        reports_export_bucket="",
        webhook_url="",
    )


EVERY_VARIABLE = {
    "DATABASE_URL": "postgresql://till@db.example/till",
    "DATABASE_SECRET_ARN": "arn:database",
    "DATABASE_HOST": "db.example",
    "DATABASE_PORT": "6432",
    "DATABASE_NAME": "till",
    "DATABASE_USER": "webhook",
    "DATABASE_IAM_AUTH": "true",
    "DATABASE_SCHEMA": "My Till",
    "DATABASE_READ_URL": "postgresql://till@replica.example/till",
    "REPORTS_EXPORT_BUCKET": "exports",
    "STRIPE_SECRET_ARN": "arn:stripe",
    "STRIPE_API_KEY": "sk_live_1",
    "STRIPE_WEBHOOK_SECRET": "whsec_1",
    "STRIPE_API_BASE": "http://127.0.0.1:12111",
    "STRIPE_LIVEMODE": "true",
    "UNKNOWN_USERS": "hold",
    "UNLISTED_SALES": "ignore",
    "WEBHOOK_URL": "https://till.example.com/stripe/webhook",
}


def test_every_variable_is_read() -> None:
    assert settings(EVERY_VARIABLE) == Settings(
        database=DatabaseAddress(
            url="postgresql://till@db.example/till",
            secret_arn="arn:database",
            host="db.example",
            port="6432",
            name="till",
            user="webhook",
            iam_auth=True,
            schema="My Till",
        ),
        database_read_url="postgresql://till@replica.example/till",
        stripe_api_key="sk_live_1",
        stripe_webhook_secrets=("whsec_1",),
        stripe_secret_arn="arn:stripe",
        stripe_api_base="http://127.0.0.1:12111",
        stripe_livemode=True,
        hold_unknown_users=True,
        hold_unlisted_sales=False,
        reports_export_bucket="exports",
        webhook_url="https://till.example.com/stripe/webhook",
    )


def test_whatever_cannot_be_seen_around_a_text_is_no_part_of_it() -> None:
    assert [blank for blank in BLANKS if without_blanks(f"{blank}a b{blank}") != "a b"] == []
    assert [blank for blank in BLANKS if without_blanks(blank) != ""] == []


@pytest.mark.parametrize("blank", KINDS_OF_BLANKS, ids=ascii)
def test_blanks_around_a_value_are_no_part_of_it(blank: str) -> None:
    pasted = {name: f"{blank}{value}{blank}" for name, value in EVERY_VARIABLE.items()}
    assert settings(pasted) == settings(EVERY_VARIABLE)


@pytest.mark.parametrize("blank", KINDS_OF_BLANKS, ids=ascii)
def test_a_value_of_blanks_alone_is_no_value(blank: str) -> None:
    assert settings(dict.fromkeys(EVERY_VARIABLE, blank)) == settings({})


def test_blanks_within_a_value_are_left_alone() -> None:
    assert settings({"DATABASE_URL": " host=/tmp dbname=till "}).database.url == (
        "host=/tmp dbname=till"
    )


@pytest.mark.parametrize(
    ("value", "secrets"),
    [
        ("whsec_1", ("whsec_1",)),
        ("whsec_1,whsec_2", ("whsec_1", "whsec_2")),
        (" whsec_1 ,\twhsec_2\n", ("whsec_1", "whsec_2")),
        ("whsec_1,,whsec_2,", ("whsec_1", "whsec_2")),
        ("", ()),
        (" ", ()),
        (" , ,", ()),
    ],
)
def test_webhook_secrets_are_separated_by_commas_and_never_empty(
    value: str, secrets: tuple[str, ...]
) -> None:
    assert settings({"STRIPE_WEBHOOK_SECRET": value}).stripe_webhook_secrets == secrets


@pytest.mark.parametrize(
    ("value", "base"),
    [
        ("", "https://api.stripe.com"),
        ("http://127.0.0.1:12111/", "http://127.0.0.1:12111"),
        ("https://stripe.example//", "https://stripe.example"),
    ],
)
def test_stripe_s_address_has_no_slash_at_its_end(value: str, base: str) -> None:
    assert settings({"STRIPE_API_BASE": value}).stripe_api_base == base


@pytest.mark.parametrize(
    ("value", "livemode"), [("true", True), ("false", False), ("", False), (" TRUE ", True)]
)
def test_the_mode_is_true_or_false(value: str, livemode: bool) -> None:
    assert settings({"STRIPE_LIVEMODE": value}).stripe_livemode is livemode


@pytest.mark.parametrize(
    ("value", "hold"), [("create", False), ("hold", True), ("", False), ("Hold", True)]
)
def test_unknown_users_are_created_or_held(value: str, hold: bool) -> None:
    assert settings({"UNKNOWN_USERS": value}).hold_unknown_users is hold


@pytest.mark.parametrize(
    ("environ", "choices"),
    [
        ({"STRIPE_LIVEMODE": "yes"}, "STRIPE_LIVEMODE must be false or true"),
        ({"STRIPE_LIVEMODE": "1"}, "STRIPE_LIVEMODE must be false or true"),
        ({"DATABASE_IAM_AUTH": "on"}, "DATABASE_IAM_AUTH must be false or true"),
        ({"UNKNOWN_USERS": "reject"}, "UNKNOWN_USERS must be create or hold"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_with_what_to_set(
    environ: Mapping[str, str], choices: str
) -> None:
    with pytest.raises(Misconfigured, match=choices):
        settings(environ)


def test_a_value_that_is_refused_is_not_quoted() -> None:
    with pytest.raises(Misconfigured) as refused:
        settings({"STRIPE_LIVEMODE": "sk_live_hush"})
    assert "hush" not in str(refused.value)


def test_no_secret_shows_in_the_settings_repr() -> None:
    configured = settings(
        {
            "DATABASE_URL": "postgresql://till:confidential@db/till",
            "STRIPE_API_KEY": "sk_confidential",
            "STRIPE_WEBHOOK_SECRET": "whsec_confidential",
        }
    )
    assert "confidential" not in repr(configured)


@pytest.mark.parametrize(
    "conninfo",
    [
        "",
        "dbname=till",
        "postgresql:///till",
        "postgresql:///till?host=/var/run/postgresql",
        "host=@abstract",
        "postgresql://till@localhost/till",
        "postgresql://till@127.0.0.1:5432/till",
        "postgresql://till@127.3.2.1/till",
        "postgresql://till@[::1]/till",
        "host=localhost,127.0.0.1 dbname=till",
        "hostaddr=127.0.0.1 dbname=till",
        "postgresql://till@localhost/till?sslmode=disable",
    ],
)
def test_a_local_database_needs_no_tls(conninfo: str) -> None:
    assert tls_parameters(conninfo) == {}


@pytest.mark.parametrize(
    "conninfo",
    [
        "postgresql://till@db.example/till",
        "postgresql://till@db.example/till?sslmode=verify-full",
        "postgresql://till@10.0.0.5/till",
        "postgresql://till@[2001:db8::1]/till",
        "host=localhost,db.example dbname=till",
        "hostaddr=10.0.0.5 dbname=till",
        "postgresql://till@localhost.example/till",
        # libpq connects to hostaddr, and keeps host for the certificate.
        "host=localhost hostaddr=10.0.0.5 dbname=till",
        # A name, not an address: it may lead anywhere.
        "postgresql://till@127.example.com/till",
    ],
)
def test_tls_to_a_remote_database_is_verify_full(conninfo: str) -> None:
    assert tls_parameters(conninfo) == {"sslmode": "verify-full", "sslrootcert": PUBLIC}


@pytest.mark.parametrize(
    ("host", "authorities"),
    [
        ("till.rds.amazonaws.com", RDS),
        ("till.rds.amazonaws.com.cn", RDS),
        ("a.rds.amazonaws.com,b.rds.amazonaws.com", RDS),
        ("till.rds.amazonaws.com,db.example", PUBLIC),
        ("amazonaws.com.example", PUBLIC),
        ("notamazonaws.com", PUBLIC),
    ],
)
def test_rds_is_trusted_by_its_own_authorities_others_by_public_ones(
    host: str, authorities: str
) -> None:
    assert tls_parameters(f"host={host} dbname=till")["sslrootcert"] == authorities


def test_a_root_certificate_that_was_given_is_kept() -> None:
    given = tls_parameters("postgresql://db.example/till?sslrootcert=/opt/rds.pem")
    assert given == {"sslmode": "verify-full", "sslrootcert": "/opt/rds.pem"}


@pytest.mark.parametrize(
    ("host", "mode"),
    [
        *(("db.example", mode) for mode in ("disable", "allow", "prefer", "require", "verify-ca")),
        ("localhost,db.example", "verify-ca"),
        ("10.0.0.5", "verify-ca"),
    ],
)
def test_less_than_verify_full_of_a_remote_database_is_refused(host: str, mode: str) -> None:
    with pytest.raises(InsecureConnection, match="verify-full"):
        tls_parameters(f"host={host} dbname=till sslmode={mode}")


@pytest.mark.parametrize(
    "name", ["a" * 63, "till", "My-Till", 'the "till"', "a,b", "pgtill", "\u00e4" * 31, " till\n"]
)
def test_any_name_of_a_schema_may_be_the_tills(name: str) -> None:
    assert settings({"DATABASE_SCHEMA": name}).database.schema == name.strip()


@pytest.mark.parametrize(
    "name",
    [
        "a" * 64,
        "\u00e4" * 32,
        "pg_temp",
        "pg_catalog",
        "information_schema",
        "$user",
        "a\nb",
        "a\0b",
    ],
)
def test_a_name_that_no_schema_can_have_is_refused(name: str) -> None:
    with pytest.raises(Misconfigured, match="DATABASE_SCHEMA must be the name"):
        settings({"DATABASE_SCHEMA": name})


def test_an_empty_name_of_a_schema_is_public() -> None:
    assert settings({"DATABASE_SCHEMA": " "}).database.schema == "public"


SHIPPED = json.loads((PROJECT / "env.example.json").read_text())["Parameters"]["DATABASE_URL"]


def test_the_shipped_example_needs_no_tls_where_sam_local_runs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SAM_LOCAL", "true")
    assert tls_parameters(SHIPPED) == {}


@pytest.mark.parametrize("said", ["", "false", "1", "TRUE"])
def test_the_shipped_example_needs_tls_anywhere_else(
    monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv("AWS_SAM_LOCAL", said)
    assert tls_parameters(SHIPPED)["sslmode"] == "verify-full"


@pytest.mark.parametrize(
    "conninfo",
    [
        "postgresql://till@db.example/till",
        "postgresql://till@10.0.0.5/till",
        "postgresql://till@host.docker.internal.example/till",
        "postgresql://till@host.docker.internal,db.example/till",
        "host=host.docker.internal hostaddr=10.0.0.5 dbname=till",
        "postgresql://till@gateway.docker.internal/till",
    ],
)
def test_sam_local_needs_tls_to_any_other_host(
    monkeypatch: pytest.MonkeyPatch, conninfo: str
) -> None:
    monkeypatch.setenv("AWS_SAM_LOCAL", "true")
    assert tls_parameters(conninfo)["sslmode"] == "verify-full"


@pytest.mark.parametrize("template", ["template.yaml", *sorted(STACKS)])
def test_no_template_says_that_sam_local_runs_it(template: str) -> None:
    assert "AWS_SAM_LOCAL" not in (PROJECT / template).read_text()
