"""Does the environment name a deployment, or nothing at all? Half of one is neither."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

from adapters.connecting import InsecureConnection
from adapters.database_login import refusal
from adapters.postgres import DatabaseUnavailable
from adapters.settings import Misconfigured, Settings, settings
from local import Failure


class NotConfigured(Failure):
    """The environment names half a deployment, or makes no sense; the message says what to set."""


# What the code that Lambda runs too says to whoever configured it wrongly: told as a Failure is.
REFUSALS = (DatabaseUnavailable, InsecureConnection, Misconfigured, psycopg.Error)


def names_deployment(environment: Mapping[str, str]) -> bool:
    """Whether `environment` names a Stripe account and a database; False when it names nothing,
    so that a stand-in may take the place of both. Raises NotConfigured."""
    configured = checked_settings(environment)
    if configured == Settings():
        return False
    missing = [what for what in (_no_account(configured), refusal(configured.database)) if what]
    if not missing:
        return True
    said = ", ".join(_named(environment))
    raise NotConfigured(
        f"{said} alone is half a deployment: {'; '.join(missing)}. Or unset {said} to see the"
        " stand-in for Stripe at work."
    )


def checked_settings(environment: Mapping[str, str]) -> Settings:
    """The settings. Raises NotConfigured for a variable that makes no sense."""
    try:
        return settings(environment)
    except Misconfigured as error:
        raise NotConfigured(str(error)) from error


def _no_account(configured: Settings) -> str | None:
    if configured.stripe_api_key or configured.stripe_secret_arn:
        return None
    return "set STRIPE_API_KEY, or STRIPE_SECRET_ARN"


def _named(environment: Mapping[str, str]) -> list[str]:
    """The variables that say something else than what is usual."""
    each = {name: settings({name: value}) for name, value in environment.items()}
    return sorted(name for name, alone in each.items() if alone != Settings())
