"""Reads the configuration; the only module that reads the process environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

STRIPE_API = "https://api.stripe.com"


class Misconfigured(Exception):
    """A variable is missing or makes no sense; the message says which and what to set."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration of one deployment. Secrets stay out of its repr."""

    database_url: str = field(repr=False)
    stripe_api_key: str = field(repr=False)
    stripe_webhook_secrets: tuple[str, ...] = field(repr=False)
    stripe_api_base: str = STRIPE_API
    stripe_livemode: bool = False
    hold_unknown_users: bool = False


def settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Reads all variables. Raises Misconfigured for one that makes no sense.

    A missing secret is no error here: it rejects every delivery (webhook secret) or fails the
    call that needs it (API key, database), and says so there.
    """
    return Settings(
        database_url=environ.get("DATABASE_URL", ""),
        stripe_api_key=environ.get("STRIPE_API_KEY", ""),
        stripe_webhook_secrets=_several(environ.get("STRIPE_WEBHOOK_SECRET", "")),
        stripe_api_base=environ.get("STRIPE_API_BASE", "").rstrip("/") or STRIPE_API,
        stripe_livemode=_choice(environ, "STRIPE_LIVEMODE", "false", "true") == "true",
        hold_unknown_users=_choice(environ, "UNKNOWN_USERS", "create", "hold") == "hold",
    )


def _several(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _choice(environ: Mapping[str, str], name: str, default: str, other: str) -> str:
    value = environ.get(name, "").strip().lower() or default
    if value not in (default, other):
        raise Misconfigured(f"{name} must be {default} or {other}, not {value!r}")
    return value
