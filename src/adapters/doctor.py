"""Gathers what the doctor judges: configuration, Stripe account, database. Only reads."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import stripe
from psycopg.errors import InsufficientPrivilege, UndefinedTable

from adapters.connecting import InsecureConnection
from adapters.credentials import StripeSecrets
from adapters.migrations import READ_HISTORY, migrations_on_disk, refusal
from adapters.postgres import Database
from adapters.settings import Misconfigured, Settings
from adapters.sql_files import statement
from adapters.stripe_api import (
    API_VERSION,
    PAGE,
    StripeApi,
    asked,
    checked,
    path_of,
    unless_missing,
)
from domain.requests import Refused
from domain.stripe_objects import StripeRefused, StripeUnreachable
from operations.doctor import (
    Configuration,
    DatabaseFacts,
    Facts,
    PackageRow,
    Stranger,
    StripeFacts,
    Unknown,
    key_problem,
)

T = TypeVar("T")

FIND_PACKAGES = statement("operations/find_packages")
FIND_STRANGERS = statement("operations/find_strangers")
FIND_HOME = "SELECT pg_catalog.current_schema() AS schema"
# So that no stranger has a say in the search for them.
TRUST_POSTGRES_ALONE = "SELECT pg_catalog.set_config('search_path', 'pg_catalog', true)"

# What the till reads, by the names of a restricted key's permissions.
READS = {
    "Checkout Sessions": "/v1/checkout/sessions",
    "Payment Intents": "/v1/payment_intents",
    "Charges": "/v1/charges",
    "Refunds": "/v1/refunds",
    "Disputes": "/v1/disputes",
    "Balance Transactions": "/v1/balance_transactions",
    "Events": "/v1/events",
    "Prices": "/v1/prices",
    "Webhook Endpoints": "/v1/webhook_endpoints",
}


def gather(
    settings: Settings,
    url: str | None,
    read_credentials: Callable[[], StripeSecrets],
    database: Database,
) -> Facts:
    """Everything that is judged; each part that could not be looked at is Unknown."""
    configuration = configuration_of(settings, url, read_credentials)
    found = database_facts(database)
    stripe = stripe_facts(configuration, settings.stripe_api_base, found)
    return Facts(configuration=configuration, stripe=stripe, database=found)


def configuration_of(
    settings: Settings, url: str | None, read_credentials: Callable[[], StripeSecrets]
) -> Configuration:
    """The configuration; a secret that is refused, or that Secrets Manager does not give, makes
    what is in it Unknown."""
    try:
        known = read_credentials()
        unknown = None if known.refused is None else Unknown(known.refused)
    # Powertools and botocore raise dozens of classes.
    except Exception as error:
        known, unknown = StripeSecrets(), Unknown(named(error))
    return Configuration(
        url=url or settings.webhook_url or None,
        livemode=settings.stripe_livemode,
        api_version=API_VERSION,
        api_key=unknown or known.api_key,
        webhook_secrets=unknown or known.webhook_secrets,
    )


def stripe_facts(
    configuration: Configuration, api_base: str, database: DatabaseFacts | Unknown
) -> StripeFacts:
    """The account as the key sees it, with the prices that the database names."""
    key = configuration.api_key
    if isinstance(key, Unknown) or key_problem(key) is not None:
        nothing = Unknown("there is no API key to ask with")
        return StripeFacts(endpoints=nothing, prices=nothing)
    found = database if isinstance(database, Unknown) else database.packages
    packages = () if isinstance(found, Unknown) else found
    price_ids = {price_id for package in packages for price_id in package.stripe_price_ids}
    return StripeAccount(key, api_base).facts(price_ids)


class StripeAccount(StripeApi):
    """The account that the API key belongs to: its webhook endpoints and its prices."""

    def facts(self, price_ids: Collection[str]) -> StripeFacts:
        """Everything the doctor asks of Stripe."""
        forbidden = known(asked(lambda: [name for name in READS if not self._may_read(name)]))
        if isinstance(forbidden, Unknown):
            # Every further question would wait as long for no answer.
            return StripeFacts(endpoints=forbidden, prices=forbidden)
        return StripeFacts(
            forbidden=forbidden,
            # All of them: an account has sixteen at the most.
            endpoints=known(asked(lambda: self._list(READS["Webhook Endpoints"], limit=PAGE))),
            prices=known(asked(lambda: {each: self._price(each) for each in price_ids})),
        )

    def _may_read(self, name: str) -> bool:
        """Asked for one object, which need not exist."""
        try:
            self._list(READS[name], limit=1)
        except stripe.PermissionError:
            return False
        return True

    def _price(self, price_id: str) -> Mapping[str, Any] | None:
        path = path_of(READS["Prices"], price_id)
        return unless_missing(lambda: checked(self._get(path), "price"))


def known(answer: T | StripeUnreachable | StripeRefused) -> T | Unknown:
    return Unknown(answer.why) if isinstance(answer, StripeUnreachable | StripeRefused) else answer


def database_facts(database: Database) -> DatabaseFacts | Unknown:
    """The database; Unknown when it cannot be reached at all."""
    try:
        return database.retrying(
            lambda: DatabaseFacts(
                pending=pending(database),
                packages=packages(database),
                strangers=strangers(database),
            )
        )
    # A login may need Secrets Manager or IAM, and what those raise is what the doctor is for.
    except Exception as error:
        return Unknown(named(error))


def pending(database: Database) -> Sequence[str] | Refused | Unknown:
    """The versions of the migrations that are due, in order."""
    on_disk = migrations_on_disk()
    try:
        with database.transaction() as connection:
            history = {row["version"]: row["checksum"] for row in connection.execute(READ_HISTORY)}
    except UndefinedTable:
        history = {}
    except InsufficientPrivilege as error:
        return Unknown(named(error))
    due = [each.version for each in on_disk if each.version not in history]
    return refusal(on_disk, history) or due


def packages(database: Database) -> Sequence[PackageRow] | Unknown:
    """What is sold, was sold, and by which of Stripe's prices."""
    try:
        with database.transaction() as connection:
            return [PackageRow(**row) for row in connection.execute(FIND_PACKAGES)]
    except (UndefinedTable, InsufficientPrivilege) as error:
        return Unknown(named(error))


def strangers(database: Database) -> Sequence[Stranger]:
    with database.transaction() as connection:
        home = connection.execute(FIND_HOME).fetchone()
        connection.execute(TRUST_POSTGRES_ALONE)
        return [Stranger(**row) for row in connection.execute(FIND_STRANGERS, home)]


def named(error: BaseException) -> str:
    """Our own words, else the classes alone: the texts of foreign errors quote addresses, names
    and rows."""
    if isinstance(error, Misconfigured | InsecureConnection):
        return str(error)
    behind = error.__cause__ or error.__context__
    names = [type(each).__name__ for each in (error, behind) if each is not None]
    return ", ".join(dict.fromkeys(names))
