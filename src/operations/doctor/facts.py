"""What the doctor looks at, gathered before anything is judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


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


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why the migrations of this version of the code cannot be applied to the database."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """How the till is configured. `url` is where Stripe must deliver, None when nobody said."""

    url: str | None
    livemode: bool
    api_version: str
    api_key: str | Unknown = field(repr=False)
    webhook_secrets: Sequence[str] | Unknown = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeFacts:
    """The account as the key sees it: what the till reads and the key may not, by the names of
    Stripe's permissions; its webhook endpoints; and each price that the catalogue names (None:
    Stripe has no such price)."""

    forbidden: Sequence[str] = ()
    endpoints: Sequence[Mapping[str, Any]] | Unknown
    prices: Mapping[str, Mapping[str, Any] | None] | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A row of the table `packages`; `amount` in major units of `currency`."""

    package_id: str
    package_name: str
    amount: Decimal
    currency: str
    stripe_price_ids: tuple[str, ...]
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

    pending: Sequence[str] | Misfit | Unknown
    offers: Sequence[Offer] | Unknown
    strangers: Sequence[Stranger] = ()
