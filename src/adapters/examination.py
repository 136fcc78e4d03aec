"""Gathers what the doctor judges: configuration, Stripe account, database. Only reads."""

from collections.abc import Callable

import psycopg

from adapters.credentials import StripeSecrets
from adapters.migrations import READ_HISTORY, migrations_on_disk, refusal
from adapters.postgres import Database, InsecureConnection
from adapters.settings import Misconfigured, Settings
from adapters.sql_files import statement
from adapters.stripe_account import StripeAccount
from adapters.stripe_api import API_VERSION
from operations.doctor.configuration import key_problem
from operations.doctor.facts import (
    DatabaseFacts,
    Deployment,
    Misfit,
    Offer,
    Stranger,
    StripeFacts,
    Unknown,
)

FIND_OFFERS = statement("operations/find_offers")
FIND_STRANGERS = statement("operations/find_strangers")
FIND_HOME = "SELECT pg_catalog.current_schema() AS schema"
# So that no stranger has a say in the search for them.
TRUST_POSTGRES_ALONE = "SELECT pg_catalog.set_config('search_path', 'pg_catalog', true)"


def deployment_of(
    configured: Settings, url: str | None, read_credentials: Callable[[], StripeSecrets]
) -> Deployment:
    """The configuration; a secret that is refused, or that Secrets Manager does not give, makes
    what is in it Unknown."""
    known = _credentials(read_credentials)
    return Deployment(
        url=url or configured.webhook_url or None,
        livemode=configured.stripe_livemode,
        api_version=API_VERSION,
        api_key=known if isinstance(known, Unknown) else known.api_key,
        webhook_secrets=known if isinstance(known, Unknown) else known.webhook_secrets,
    )


def stripe_facts(
    deployment: Deployment, api_base: str, database: DatabaseFacts | Unknown
) -> StripeFacts:
    """The account as the deployment's key sees it, with the prices that the database names."""
    key = deployment.api_key
    if isinstance(key, Unknown) or key_problem(key) is not None:
        nothing = Unknown("there is no API key to ask with")
        return StripeFacts(endpoints=nothing, prices=nothing)
    offers = () if isinstance(database, Unknown) else database.offers
    named = () if isinstance(offers, Unknown) else offers
    price_ids = {price_id for offer in named for price_id in offer.stripe_price_ids}
    return StripeAccount(key, api_base).facts(price_ids)


def database_facts(database: Database) -> DatabaseFacts | Unknown:
    """The database; Unknown when it cannot be reached at all."""
    try:
        return database.retrying(lambda: _database_facts(database))
    # A login may need Secrets Manager or IAM, and what those raise is what the doctor is for.
    except Exception as error:
        return Unknown(_named(error))


def _database_facts(database: Database) -> DatabaseFacts:
    return DatabaseFacts(
        pending=_pending(database), offers=_offers(database), strangers=_strangers(database)
    )


def _pending(database: Database) -> tuple[str, ...] | Misfit | Unknown:
    migrations = migrations_on_disk()
    try:
        with database.transaction() as connection:
            history = {row["version"]: row["checksum"] for row in connection.execute(READ_HISTORY)}
    except psycopg.errors.UndefinedTable:
        history = {}
    except psycopg.errors.InsufficientPrivilege as error:
        return Unknown(_named(error))
    refused = refusal(migrations, history)
    if refused is not None:
        return Misfit(refused.message)
    return tuple(each.version for each in migrations if each.version not in history)


def _offers(database: Database) -> tuple[Offer, ...] | Unknown:
    try:
        with database.transaction() as connection:
            rows = connection.execute(FIND_OFFERS).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege) as error:
        return Unknown(_named(error))
    return tuple(
        Offer(
            package_id=row["package_id"],
            package_name=row["package_name"],
            amount=row["amount"],
            currency=row["currency"],
            stripe_price_ids=tuple(row["stripe_price_ids"]),
            active=row["active"],
        )
        for row in rows
    )


def _strangers(database: Database) -> tuple[Stranger, ...]:
    with database.transaction() as connection:
        home = connection.execute(FIND_HOME).fetchone()
        connection.execute(TRUST_POSTGRES_ALONE)
        return tuple(Stranger(**row) for row in connection.execute(FIND_STRANGERS, home))


def _credentials(read: Callable[[], StripeSecrets]) -> StripeSecrets | Unknown:
    try:
        known = read()
    # Powertools and botocore raise dozens of classes.
    except Exception as error:
        return Unknown(_named(error))
    return known if known.refused is None else Unknown(known.refused)


def _named(error: BaseException) -> str:
    """Our own words, else the classes alone: the texts of foreign errors quote addresses, names
    and rows."""
    if isinstance(error, Misconfigured | InsecureConnection):
        return str(error)
    behind = error.__cause__ or error.__context__
    names = [type(each).__name__ for each in (error, behind) if each is not None]
    return ", ".join(dict.fromkeys(names))
