"""Reads the configuration; the only module that reads the process environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

STRIPE_API = "https://api.stripe.com"

# Where Postgres puts what is not said to be elsewhere.
PUBLIC = "public"
# Postgres cuts longer names off.
LONGEST_NAME_BYTES = 63


class Misconfigured(Exception):
    """A variable or a secret is missing or makes no sense; the message says which and what to set,
    and quotes neither."""


def without_blanks(text: str) -> str:
    """`text` without what surrounds it and cannot be seen: white space, line ends, byte order
    marks, zero widths. They are pasted along, and are part of no key, secret or address."""
    first, last = 0, len(text)
    while first < last and _is_blank(text[first]):
        first += 1
    while first < last and _is_blank(text[last - 1]):
        last -= 1
    return text[first:last]


def _is_blank(character: str) -> bool:
    return character == " " or not character.isprintable()


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where Postgres is and how to log in: a URL, a secret, or a host with IAM authentication.
    `schema` is where the till's tables are."""

    url: str = field(default="", repr=False)
    secret_arn: str = ""
    host: str = ""
    port: str = "5432"
    name: str = ""
    user: str = ""
    iam_auth: bool = False
    schema: str = PUBLIC


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
    hold_unlisted_sales: bool = True
    reports_export_bucket: str = ""
    webhook_url: str = ""


def settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Reads all variables. Raises Misconfigured for one that makes no sense.

    A missing secret is no error here: it rejects every delivery (webhook secret) or fails the
    call that needs it (API key, database), and says so there.
    """
    return Settings(
        database=_database(environ),
        database_read_url=_text(environ, "DATABASE_READ_URL"),
        stripe_api_key=_text(environ, "STRIPE_API_KEY"),
        stripe_webhook_secrets=_several(_text(environ, "STRIPE_WEBHOOK_SECRET")),
        stripe_secret_arn=_text(environ, "STRIPE_SECRET_ARN"),
        stripe_api_base=_text(environ, "STRIPE_API_BASE").rstrip("/") or STRIPE_API,
        stripe_livemode=_choice(environ, "STRIPE_LIVEMODE", "false", "true") == "true",
        hold_unknown_users=_choice(environ, "UNKNOWN_USERS", "create", "hold") == "hold",
        hold_unlisted_sales=_choice(environ, "UNLISTED_SALES", "hold", "ignore") == "hold",
        reports_export_bucket=_text(environ, "REPORTS_EXPORT_BUCKET"),
        webhook_url=_text(environ, "WEBHOOK_URL"),
    )


def runs_in_sam_local(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether `sam local` runs this, in a container on a developer's machine: it says so itself,
    in a variable that no template sets."""
    return environ.get("AWS_SAM_LOCAL") == "true"


def _database(environ: Mapping[str, str]) -> DatabaseAddress:
    return DatabaseAddress(
        url=_text(environ, "DATABASE_URL"),
        secret_arn=_text(environ, "DATABASE_SECRET_ARN"),
        host=_text(environ, "DATABASE_HOST"),
        port=_text(environ, "DATABASE_PORT") or "5432",
        name=_text(environ, "DATABASE_NAME"),
        user=_text(environ, "DATABASE_USER"),
        iam_auth=_choice(environ, "DATABASE_IAM_AUTH", "false", "true") == "true",
        schema=_schema(_text(environ, "DATABASE_SCHEMA") or PUBLIC),
    )


def _schema(name: str) -> str:
    """A name that can be a schema's and stand in a search path, where "$user" is another's."""
    is_possible = name.isprintable() and len(name.encode()) <= LONGEST_NAME_BYTES
    if not is_possible or name.startswith("pg_") or name in ("$user", "information_schema"):
        raise Misconfigured(
            "DATABASE_SCHEMA must be the name of a schema: at most 63 bytes, no control characters,"
            " and none that Postgres keeps for itself (pg_..., information_schema, $user)"
        )
    return name


def _text(environ: Mapping[str, str], name: str) -> str:
    return without_blanks(environ.get(name, ""))


def _several(value: str) -> tuple[str, ...]:
    return tuple(text for part in value.split(",") if (text := without_blanks(part)))


def _choice(environ: Mapping[str, str], name: str, default: str, other: str) -> str:
    value = _text(environ, name).lower() or default
    if value not in (default, other):
        # Not quoted: it may be a secret that was meant for another variable.
        raise Misconfigured(f"{name} must be {default} or {other}")
    return value
