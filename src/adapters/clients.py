"""The clients of one container: each made when first needed, and kept.

Every one is imported where it is made, so that a function pays at cold start for what it uses.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from adapters.settings import STRIPE_API, DatabaseAddress, Settings

if TYPE_CHECKING:
    from adapters.credentials import Credentials
    from adapters.postgres import Database
    from adapters.secrets import Secrets
    from adapters.stripe_api import StripeApi
    from adapters.stripe_listing import StripeHistory

_databases: "list[Database]" = []


@lru_cache(maxsize=8)
def database(configured: Settings) -> "Database":
    """The connection that everything but reports shares."""
    return new_database(configured)


def new_database(configured: Settings) -> "Database":
    """A connection of one's own."""
    from adapters.database_login import iam_token, login
    from adapters.postgres import Database

    made = Database(lambda: login(configured.database, _read_secret, iam_token))
    _databases.append(made)
    return made


def reading(configured: Settings) -> Settings:
    """The same, with the database that reports are read from: a replica, where there is one."""
    if not configured.database_read_url:
        return configured
    return replace(configured, database=DatabaseAddress(url=configured.database_read_url))


def stripe(configured: Settings) -> "StripeApi":
    """The client for the key as it is now; a rolled key makes a new one."""
    return _stripe(keyring(configured).api_key, configured.stripe_api_base)


@lru_cache(maxsize=8)
def _stripe(api_key: str, api_base: str) -> "StripeApi":
    from adapters.stripe_api import StripeApi

    return StripeApi(api_key, api_base)


def history(configured: Settings) -> "StripeHistory":
    """The client for Stripe's lists."""
    return _history(
        keyring(configured).api_key, configured.stripe_api_base, configured.stripe_livemode
    )


@lru_cache(maxsize=8)
def _history(api_key: str, api_base: str, livemode: bool) -> "StripeHistory":
    """At the pace that Stripe allows; a stand-in allows any."""
    from adapters.stripe_listing import Pace, StripeHistory, calls_per_second

    pace = Pace(calls_per_second(livemode) if api_base == STRIPE_API else math.inf)
    return StripeHistory(api_key, api_base, livemode, pace)


@lru_cache(maxsize=8)
def keyring(configured: Settings) -> "Credentials":
    """Stripe's credentials, from the environment or from Secrets Manager."""
    from adapters.credentials import Credentials, StripeSecrets, secrets_of

    if configured.stripe_secret_arn:
        return Credentials(
            lambda anew: secrets_of(_read_secret(configured.stripe_secret_arn, anew))
        )
    fixed = StripeSecrets(configured.stripe_api_key, configured.stripe_webhook_secrets)
    return Credentials(lambda _anew: fixed)


def _read_secret(arn: str, anew: bool) -> Mapping[str, Any] | None:
    return _secrets().read(arn, anew=anew)


@lru_cache(maxsize=1)
def _secrets() -> "Secrets":
    from adapters.secrets import Secrets

    return Secrets()


def close() -> None:
    """Forgets all clients, connections first."""
    while _databases:
        _databases.pop().close()
    for kept in (database, _stripe, _history, keyring, _secrets):
        kept.cache_clear()
