"""Objects as nobody foresaw them: what the stand-in's API shows is changed on its way out."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest
from werkzeug import Request, Response

from tests.integration.reconcile.past import Past

Json = dict[str, Any]
Change = Callable[[Json], object]


class Api(Protocol):
    def answer(self, request: Request, failing: int | None = None) -> Response: ...


@dataclass
class OddApi:
    """Answers as `api` does, but for the objects in `changes`, by id, in lists and alone."""

    api: Api
    changes: dict[str, Change] = field(default_factory=dict)

    def answer(self, request: Request, failing: int | None = None) -> Response:
        answer = self.api.answer(request, failing)
        shown = json.loads(answer.data)
        if shown.get("object") == "list":
            shown["data"] = [self._changed(item) for item in shown["data"]]
        else:
            shown = self._changed(shown)
        answer.set_data(json.dumps(shown))
        return answer

    def _changed(self, shown: Json) -> object:
        change = self.changes.get(str(shown.get("id")))
        return shown if change is None else change(shown)


def make_odd(past: Past, object_id: str, change: Change) -> None:
    """From now on Stripe shows this object so."""
    if not isinstance(past.till.stripe.api, OddApi):
        past.till.stripe.api = OddApi(past.till.stripe.api)
    past.till.stripe.api.changes[object_id] = change


def becomes(value: object) -> Change:
    return lambda _shown: value


def has(path: str, value: object) -> Change:
    """The object with another value at `a.b.c`, as far as it has such a path."""

    def change(shown: Json) -> Json:
        *parents, last = path.split(".")
        inner: Any = shown
        for name in parents:
            inner = inner.get(name) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner[last] = value
        return shown

    return change


def lacks(name: str) -> Change:
    return lambda shown: {key: value for key, value in shown.items() if key != name}


HUGE = 10**400
# Text that Postgres cannot store, or that no URL can carry.
TEXTS = {"with a NUL": "a\0b", "with half a character": "a\ud800", "without an end": "x" * 20_000}
SHAPES: dict[str, object] = {
    "null": None,
    "a number": 5,
    "huge": HUGE,
    "negative": -5,
    "a fraction": 2.5,
    "true": True,
    "a text": "text",
    "empty": "",
    "a list": [],
    "a list of nulls": [None],
    "an object": {},
    **TEXTS,
}


# One of each kind, for the many fields that may be odd.
FEW = ("null", "huge", "a text", "a list", "with a NUL")


def some(changes: dict[str, Change], one_in: int) -> dict[str, Change]:
    """Every so many-th of them."""
    return dict(list(changes.items())[::one_in])


def every_shape(*paths: str) -> dict[str, Change]:
    return {f"{path} is {shape}": has(path, SHAPES[shape]) for path in paths for shape in FEW}


ANYTHING: dict[str, Change] = {
    **{f"it is {shape}": becomes(value) for shape, value in SHAPES.items()},
    **{f"it has no {name}": lacks(name) for name in ("id", "object", "created", "livemode")},
    **every_shape("id", "created", "livemode"),
}
SESSIONS: dict[str, Change] = {
    **ANYTHING,
    **every_shape(
        "line_items",
        "line_items.data",
        "line_items.has_more",
        "payment_intent",
        "payment_intent.latest_charge",
        "payment_intent.latest_charge.amount",
        "payment_intent.latest_charge.amount_refunded",
        "payment_intent.latest_charge.created",
        "payment_intent.latest_charge.currency",
        "payment_intent.latest_charge.disputed",
        "payment_intent.latest_charge.balance_transaction",
        "payment_intent.status",
        "amount_total",
        "client_reference_id",
        "currency",
        "customer_details",
        "customer_details.email",
        "metadata",
        "mode",
        "payment_method_types",
        "payment_status",
        "status",
    ),
    "line_items.data has odd items": has("line_items.data", [None, 5, {}, {"price": 5}]),
    "quantity is huge": has("line_items.data", [{"price": {"id": "price"}, "quantity": HUGE}]),
}
EVENTS: dict[str, Change] = {
    **ANYTHING,
    **every_shape("account", "api_version", "data", "data.object", "data.object.id", "type"),
    "it is about a session that is gone": has("data.object.id", "cs_gone"),
    "it has no type": lacks("type"),
    "it has no data": lacks("data"),
}
REFUNDS: dict[str, Change] = {
    **ANYTHING,
    **every_shape("charge", "charge.amount_refunded", "payment_intent", "payment_intent.id"),
    "its payment intent is gone": has("payment_intent", "pi_gone"),
    "its payment intent is expanded": lambda shown: {
        **shown,
        "payment_intent": {"id": shown["payment_intent"]},
    },
    "it has no charge": lacks("charge"),
}
DISPUTES: dict[str, Change] = {
    **ANYTHING,
    **every_shape("amount", "balance_transactions", "charge", "payment_intent", "status"),
    "its payment intent is gone": has("payment_intent", "pi_gone"),
}


LOST = 5
# What is odd is met by the same code, whoever lists it: a backfill meets some of it.
SCHEDULE_AND_BACKFILL = pytest.mark.parametrize(
    ("run", "one_in"), [({}, 1), ({"days": 10}, 4)], ids=["schedule", "backfill"]
)
RUNS = pytest.mark.parametrize("run", [{}, {"days": 10}], ids=["schedule", "backfill"])


def around(odd: Sequence[Any], lost: Sequence[Any]) -> Iterator[Any]:
    """The lost ones with odd ones before, between and behind them."""
    share = -(-len(odd) // (len(lost) + 1))
    for at, each in enumerate(lost):
        yield from odd[at * share : (at + 1) * share]
        yield each
    yield from odd[len(lost) * share :]


def lose(past: Past, changes: dict[str, Change], move: Callable[[str], str]) -> list[str]:
    """Makes a `move` for each lost user and one for each of the odd ones, whose object, named by
    the move, is then changed. The lost users."""
    lost = [f"lost_{number}" for number in range(LOST)]
    for user in around(list(changes), lost):
        past.clock.at += 1
        changed = move(user)
        if user in changes:
            make_odd(past, changed, changes[user])
    return lost


def sell_around(past: Past, odd: int) -> tuple[list[str], list[str]]:
    """So many paid sessions in a row, no event of which was made, with lost ones around them."""
    made: dict[str, list[str]] = {"lost": [], "odd": []}
    for kind in ["lost", *["odd"] * odd, *["lost"] * (LOST - 2), "odd", "lost"]:
        past.clock.at += 1
        buyer = f"{kind}_{len(made[kind])}"
        session_id = past.till.sell(buyer, customer_email=f"{kind}@example.com")
        past.forget(past.account.complete(session_id))
        made[kind].append(session_id)
    return made["lost"], made["odd"]


def refuse_odd_ones(past: Past, *sqlstates: str) -> None:
    """From now on Postgres answers so whenever a payment of an odd user is to be written: the
    first of them, `odd_0`, with the first, and so on."""
    past.till.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE 'odd@example.com is refused' USING ERRCODE ="
        f" ('{{{','.join(sqlstates)}}}'::text[])[1 + mod(substr(new.user_id, 5)::int,"
        f" {len(sqlstates)})]; END $$"
    )
    past.till.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON payment_transactions FOR EACH ROW"
        " WHEN (new.user_id LIKE 'odd%%') EXECUTE FUNCTION refuse()"
    )


def sell_many(past: Past, count: int, seconds: float) -> list[str]:
    """Sessions of others, so many seconds apart, with one of ours before and one behind them."""
    ours = []
    for number in range(count):
        past.clock.at += seconds
        if number in (0, count - 1):
            ours.append(past.till.sell(f"user_{number}"))
            past.account.complete(ours[-1])
        else:
            past.account.create_checkout_session([(500, 1)])
    past.forget(past.account.events)
    return ours
