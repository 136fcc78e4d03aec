"""Reads the configuration; the only module that reads the process environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

STRIPE_API = "https://api.stripe.com"


class Misconfigured(Exception):
    """A variable is missing or makes no sense; the message says which and what to set."""


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where Postgres is and how to log in: a URL, a secret, or a host with IAM authentication."""

    url: str = field(default="", repr=False)
    secret_arn: str = ""
    host: str = ""
    port: str = "5432"
    name: str = ""
    user: str = ""
    iam_auth: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration of one deployment. Secrets stay out of its repr."""

    database: DatabaseAddress = DatabaseAddress()
    database_read_url: str = field(default="", repr=False)
    stripe_api_key: str = field(default="", repr=False)
    stripe_webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    stripe_secret_arn: str = ""
    stripe_api_base: str = STRIPE_API
    stripe_livemode: bool = False
    hold_unknown_users: bool = False
    reports_export_bucket: str = ""
    webhook_url: str = ""


def settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Reads all variables. Raises Misconfigured for one that makes no sense.

    A missing secret is no error here: it rejects every delivery (webhook secret) or fails the
    call that needs it (API key, database), and says so there.
    """
    return Settings(
        database=_database(environ),
        database_read_url=environ.get("DATABASE_READ_URL", ""),
        stripe_api_key=environ.get("STRIPE_API_KEY", ""),
        stripe_webhook_secrets=_several(environ.get("STRIPE_WEBHOOK_SECRET", "")),
        stripe_secret_arn=environ.get("STRIPE_SECRET_ARN", ""),
        stripe_api_base=environ.get("STRIPE_API_BASE", "").rstrip("/") or STRIPE_API,
        stripe_livemode=_choice(environ, "STRIPE_LIVEMODE", "false", "true") == "true",
        hold_unknown_users=_choice(environ, "UNKNOWN_USERS", "create", "hold") == "hold",
        reports_export_bucket=environ.get("REPORTS_EXPORT_BUCKET", ""),
        webhook_url=environ.get("WEBHOOK_URL", ""),
    )


def _database(environ: Mapping[str, str]) -> DatabaseAddress:
    return DatabaseAddress(
        url=environ.get("DATABASE_URL", ""),
        secret_arn=environ.get("DATABASE_SECRET_ARN", ""),
        host=environ.get("DATABASE_HOST", ""),
        port=environ.get("DATABASE_PORT", "") or "5432",
        name=environ.get("DATABASE_NAME", ""),
        user=environ.get("DATABASE_USER", ""),
        iam_auth=_choice(environ, "DATABASE_IAM_AUTH", "false", "true") == "true",
    )


def _several(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _choice(environ: Mapping[str, str], name: str, default: str, other: str) -> str:
    value = environ.get(name, "").strip().lower() or default
    if value not in (default, other):
        raise Misconfigured(f"{name} must be {default} or {other}")
    return value
