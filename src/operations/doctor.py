"""What the doctor looks at, what can be wrong with a single thing, and commands that mend it."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from domain.events import EVENT_TYPES
from domain.payment import exponent, to_major
from domain.requests import Refused


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `message` says what is the case and, unless `ok`, how to mend
    it; lines after the first are commands. It holds no secret and no personal data."""

    check: str
    ok: bool
    message: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that could not be looked at; `why` names the failure without secrets."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """How the till is configured. `url` is where Stripe must deliver, None when nobody said."""

    url: str | None
    livemode: bool
    api_version: str
    api_key: str | Unknown = field(repr=False)
    webhook_secrets: Sequence[str] | Unknown = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeFacts:
    """The account as the key sees it: what the till reads and the key may not, by the names of
    Stripe's permissions; its webhook endpoints; and each price that a package names (None: Stripe
    has no such price)."""

    forbidden: Sequence[str] = ()
    endpoints: Sequence[Mapping[str, Any]] | Unknown
    prices: Mapping[str, Mapping[str, Any] | None] | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRow:
    """A row of the table `packages`; `amount` in major units of `currency`."""

    package_id: str
    package_name: str
    amount: Decimal
    currency: str
    stripe_price_ids: Sequence[str]
    active: bool


@dataclass(frozen=True, slots=True)
class Stranger:
    """What lets somebody with fewer rights have the till run their code: a `role` that may create
    in its schema, or a `routine` or an `operator` there that goes by the name of one of Postgres'
    own. `name` and `schema` are as SQL writes them."""

    kind: str
    name: str
    schema: str = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """The database: the migrations that are due, or why none may be applied; what is sold; whom
    its schema trusts too much."""

    pending: Sequence[str] | Refused | Unknown
    packages: Sequence[PackageRow] | Unknown
    strangers: Sequence[Stranger] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is judged; `database` is Unknown when it cannot be reached at all."""

    configuration: Configuration
    stripe: StripeFacts
    database: DatabaseFacts | Unknown

    @property
    def endpoint(self) -> Mapping[str, Any] | None:
        """The endpoint that delivers to us, None when none is known. One is replaced by adding its
        successor: the enabled one is the one that counts."""
        known = () if isinstance(self.stripe.endpoints, Unknown) else self.stripe.endpoints
        ours = [each for each in known if each.get("url") == self.configuration.url]
        return max(ours, key=lambda each: each.get("status") == "enabled", default=None)

    @property
    def packages(self) -> Sequence[PackageRow] | Unknown:
        """What is sold."""
        return self.database if isinstance(self.database, Unknown) else self.database.packages


# https://docs.stripe.com/keys#obtain-api-keys
MODES = {"sk_live_": True, "rk_live_": True, "sk_test_": False, "rk_test_": False}
# What else is copied by mistake.
KINDS = {
    ("sk_", "rk_"): "an API key, which belongs into STRIPE_API_KEY or api_key",
    ("pk_",): "a publishable key, which is for browsers",
    ("whsec_",): "a webhook secret, which belongs into STRIPE_WEBHOOK_SECRET or webhook_secrets",
    ("we_",): "the id of an endpoint",
    ('"', "'"): "in quotes, which are no part of it",
}
# Stripe makes them of letters and digits.
KEY = re.compile(r"[rs]k_(live|test)_[A-Za-z0-9_]+")
WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9_+/=-]+")
COPY_KEY = "Copy one from the Dashboard: Developers, API keys."
COPY_IT = "Copy it from the Dashboard: Developers, Webhooks, the endpoint, Signing secret."


def mode_name(livemode: bool) -> str:
    return "live" if livemode else "test"


def key_problem(key: str) -> str | None:
    """Why Stripe need not be asked with this key; None when it looks like one."""
    if not key:
        return "There is no API key. Set STRIPE_API_KEY, or api_key in the Stripe secret."
    if key[:8] not in MODES:
        return (
            "The API key does not start like a secret or restricted key (sk_, rk_)"
            f"{what_it_is(key)}. {COPY_KEY}"
        )
    if not KEY.fullmatch(key):
        return f"The API key is cut, or has characters that no key has. {COPY_KEY}"
    return None


def secrets_problem(secrets: Sequence[str]) -> str | None:
    """Why some delivery would not verify; None when each looks like a webhook secret."""
    if not secrets:
        return (
            "There is no webhook secret, so every delivery is rejected. Copy it from the Dashboard"
            " (Developers, Webhooks, the endpoint, Signing secret) into STRIPE_WEBHOOK_SECRET, or"
            " webhook_secrets in the Stripe secret."
        )
    for number, secret in enumerate(secrets, 1):
        if WEBHOOK_SECRET.fullmatch(secret):
            continue
        one = len(secrets) == 1
        which = "The webhook secret" if one else f"Webhook secret {number} of {len(secrets)}"
        if secret.startswith("whsec_"):
            return f"{which} is cut, or has characters that no such secret has. {COPY_IT}"
        return f"{which} does not start with whsec_{what_it_is(secret)}. {COPY_IT}"
    return None


def unreadable(unknown: Unknown) -> str:
    return (
        f"The Stripe secret cannot be read ({unknown.why}). Check STRIPE_SECRET_ARN, that it is"
        ' {"api_key": "...", "webhook_secrets": ["whsec_..."]}, and that the function may read it.'
    )


def what_it_is(text: str) -> str:
    """`: it is …` when it is something else that Stripe makes, or in quotes; else nothing."""
    return next(
        (f": it is {kind}" for starts, kind in KINDS.items() if text.startswith(starts)), ""
    )


def stranger_problem(stranger: Stranger) -> str:
    """What a stranger could do, and what ends it."""
    if stranger.kind == "role":
        who = "Everybody" if stranger.name == "PUBLIC" else f"The role {stranger.name}"
        return (
            f"{who} may create functions in the schema {stranger.schema}, and the till's statements"
            " would run them. As the owner of the schema:"
            f"\n{revoke_create(stranger.name, stranger.schema)}"
        )
    return (
        f"The {stranger.kind} {stranger.name} goes by the name of one of Postgres' own, and its"
        " owner is nobody whom the till trusts: a statement may run it instead. Look what it does,"
        f" and then:\n{drop(stranger)}"
    )


def price_problem(
    package: PackageRow, price_id: str, price: Mapping[str, Any] | None, livemode: bool
) -> str | None:
    """Why the package is not sold by the price as it should be."""
    if price is None:
        return (
            "is not known to Stripe in this mode, so it sells nothing. Remove it from"
            f" stripe_price_ids, or make one:\n{create_price(package, livemode)}"
        )
    if price.get("type") == "recurring":
        return "is for subscriptions, which the till ignores. Use a one-time price instead."
    if not price.get("active") and package.active:
        return (
            "is archived, so no new Checkout session can use it. Replace it, or:"
            f"\n{activate_price(price_id, livemode)}"
        )
    amount_minor, currency = price.get("unit_amount"), str(price.get("currency"))
    if amount_minor is None:
        return "has no fixed amount, so any payment buys the whole package. Use a fixed price."
    # What a price in another currency ought to be, nobody says.
    if (
        currency != package.currency
        or (costs := to_major(amount_minor, currency)) == package.amount
    ):
        return None
    return (
        f"costs {shown(costs, currency)}, but the package {shown(package.amount, currency)}. An"
        " amount cannot be changed in Stripe: make another price, or correct packages.amount."
    )


def shown(amount: Decimal, currency: str) -> str:
    """With the decimals of the currency: what has more cannot be a price, and is shown as it is."""
    usual = amount.quantize(to_major(1, currency))
    return f"{usual if usual == amount else amount.normalize():f} {currency.upper()}"


# Lines to be copied, for Stripe's command-line tool (https://docs.stripe.com/cli) and for psql.
MIGRATE = "Invoke the migrate function, or: make migrate"
SUBSCRIPTION = tuple(f"enabled_events[]={event_type}" for event_type in sorted(EVENT_TYPES))


def create_endpoint(configuration: Configuration) -> str:
    """Its answer holds the webhook secret, which Stripe shows only then and in the Dashboard."""
    fields = (f"url={configuration.url}", f"api_version={configuration.api_version}")
    return stripe("webhook_endpoints create", configuration.livemode, *fields, *SUBSCRIPTION)


def update_endpoint(endpoint: Mapping[str, Any], livemode: bool, *fields: str) -> str:
    """A list, as that of the events, is replaced as a whole."""
    return stripe(f"webhook_endpoints update {endpoint.get('id')}", livemode, *fields)


def create_price(package: PackageRow, livemode: bool) -> str:
    amount_minor = int(package.amount.scaleb(exponent(package.currency)))
    fields = (
        f"currency={package.currency}",
        f"unit_amount={amount_minor}",
        f"product_data[name]={package.package_name}",
    )
    return stripe("prices create", livemode, *fields)


def activate_price(price_id: str, livemode: bool) -> str:
    return stripe(f"prices update {price_id}", livemode, "active=true")


def stripe(command: str, livemode: bool, *fields: str) -> str:
    """Without --live the tool works in test mode."""
    words = [word for field in fields for word in ("-d", field)]
    return f"stripe {command} {shlex.join(words)}{' --live' if livemode else ''}"


def sell_by(package: PackageRow) -> str:
    package_id = package.package_id.replace("'", "''")
    return (
        "UPDATE packages SET stripe_price_ids = array_append(stripe_price_ids, 'price_...')"
        f" WHERE package_id = '{package_id}';"
    )


def revoke_create(role: str, schema: str) -> str:
    """What everybody may, the migrator may not have been given by name."""
    grant = f"GRANT CREATE ON SCHEMA {schema} TO migrator; " if role == "PUBLIC" else ""
    return f"{grant}REVOKE CREATE ON SCHEMA {schema} FROM {role};"


def drop(stranger: Stranger) -> str:
    return f"DROP {stranger.kind.upper()} {stranger.name};"
