"""A till to test: a Stripe account, a migrated database, and the real handler between them."""

import json
import random
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from adapters import stripe_api
from domain.events import EVENT_TYPES
from handlers import operations, reports, webhook
from handlers.app import App, app
from standin import Server, StripeAccount, serving
from standin.delivery import Form
from tests.onlooker import Onlooker

WEBHOOK_SECRET = "whsec_of_the_tests"


@dataclass(frozen=True)
class Answer:
    """What the handler answered to one delivery."""

    status_code: int
    body: dict[str, Any]

    @property
    def outcome(self) -> str:
        return str(self.body.get("outcome", self.status_code))


def http_event(
    body: str, headers: dict[str, str], *, base64: bool = False, payload_format: str = "2.0"
) -> dict[str, Any]:
    """An API Gateway event as small as the handler needs it."""
    return {"version": payload_format, "headers": headers, "body": body, "isBase64Encoded": base64}


def posted(event: dict[str, Any]) -> Answer:
    """Invokes the webhook's handler."""
    answer = webhook.handler(event, None)
    return Answer(answer["statusCode"], json.loads(answer["body"]))


@dataclass(frozen=True)
class Till(Onlooker):
    """Everything a test of purchases needs."""

    account: StripeAccount
    stripe: Server
    database_url: str

    def sell(self, user_id: str | None = "user_123", quantity: int = 1, **session: Any) -> str:
        """A Checkout session for the Starter package by its price; its id."""
        line_items = session.pop("line_items", [(self.price_of("starter"), quantity)])
        created = self.account.create_checkout_session(
            line_items=line_items, client_reference_id=user_id, **session
        )
        return str(created["id"])

    def price_of(self, package_id: str) -> str:
        """The Stripe price of a package, made and put into the catalogue when first asked for."""
        (row,) = self.rows(
            "SELECT stripe_price_ids, package_name, (amount * 100)::int AS cents"
            " FROM packages WHERE package_id = %s",
            package_id,
        )
        if not row["stripe_price_ids"]:
            price = self.account.create_price(
                unit_amount_minor=row["cents"], currency="usd", product_name=row["package_name"]
            )
            self.execute(
                "UPDATE packages SET stripe_price_ids = %s WHERE package_id = %s",
                [price["id"]],
                package_id,
            )
            return str(price["id"])
        return str(row["stripe_price_ids"][0])

    def deliver(self, event: dict[str, Any], **form: Any) -> Answer:
        """Delivers one event, signed, through API Gateway's eyes."""
        delivery = self.account.delivery(event, **form)
        return posted(http_event(delivery.body.decode(), dict(delivery.headers)))

    def deliver_all(self, events: list[dict[str, Any]]) -> list[Answer]:
        return [self.deliver(event) for event in events]

    def deliver_by_bus(self, event: dict[str, Any], form: Form = "eventbridge") -> dict[str, Any]:
        """Delivers one event as EventBridge invokes the handler; what that answers or raises."""
        return webhook.handler(self.account.delivery(event, form=form).payload, None)

    def sell_paid(self, user_id: str | None = "user_123", **session: Any) -> str:
        """A session that is paid and recorded; its id."""
        session_id = self.sell(user_id, **session)
        self.deliver(completed(self.account.complete(session_id)))
        return session_id

    def add_user(self, user_id: str = "user_123") -> str:
        """A user who has bought nothing yet, as the application makes one; the id."""
        self.execute("INSERT INTO users (user_id) VALUES (%s)", user_id)
        return user_id

    def spend(self, spent: int, user_id: str = "user_123") -> None:
        """A user who is there spends credits, by an adjustment."""
        request = {"operation": "adjust_credits", "user_id": user_id, "delta": -spent}
        answer = operations.handler(
            {**request, "actor": "the product", "request_id": uuid.uuid4().hex}, None
        )
        assert answer["outcome"] == "recorded"

    def latest(self, event_type: str) -> dict[str, Any]:
        """The newest event of this type."""
        return [event for event in self.account.events if event["type"] == event_type][-1]

    def payment(self, session_id: str) -> dict[str, Any]:
        """The payment's row."""
        (row,) = self.rows(
            "SELECT * FROM payment_transactions WHERE stripe_session_id = %s", session_id
        )
        return row

    def credits(self, user_id: str = "user_123") -> int:
        """The user's balance; 0 for a user who is not there."""
        rows = self.rows("SELECT credits FROM users WHERE user_id = %s", user_id)
        return int(rows[0]["credits"]) if rows else 0

    def ledger(self, user_id: str = "user_123") -> list[tuple[str, int, int]]:
        """The user's entries in order: reason, delta, balance after."""
        rows = self.rows(
            "SELECT reason, delta, balance_after FROM credit_ledger WHERE user_id = %s"
            " ORDER BY entry_number",
            user_id,
        )
        return [(row["reason"], row["delta"], row["balance_after"]) for row in rows]

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"])

    def audit(self, report: str = "ledger_audit") -> list[dict[str, Any]]:
        """What an audit finds wrong: nothing, always."""
        answer: Any = reports.handler({"report": report}, None)
        return list(answer["rows"])


def completed(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The Checkout session's own event among those of one move."""
    (event,) = [event for event in events if event["type"].startswith("checkout.session.")]
    return event


def shuffled(events: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Those events that the till listens to, in another order for each seed."""
    ours = [event for event in events if event["type"] in EVENT_TYPES]
    return random.Random(seed).sample(ours, len(ours))  # noqa: S311


@contextmanager
def another_container() -> Iterator[None]:
    """Deliveries within run in a container of their own, with their own database connection."""
    ours = dict(vars(app))
    vars(app).update(vars(App()))
    try:
        yield
    finally:
        app.close()
        vars(app).update(ours)


@contextmanager
def open_till(
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    clock: Callable[[], float] = time.time,
) -> Iterator[Till]:
    """A till on `database_url`, configured as a deployment is: by its environment."""
    account = StripeAccount(clock=clock, webhook_secret=WEBHOOK_SECRET)
    with serving(account) as stripe:
        monkeypatch.setenv("DATABASE_URL", database_url)
        monkeypatch.setenv("STRIPE_API_KEY", account.api_key)
        monkeypatch.setenv("STRIPE_API_BASE", stripe.url)
        monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET)
        with closing(Till(account, stripe, database_url)) as till:
            yield till


@pytest.fixture(autouse=True)
def a_container_of_its_own() -> Iterator[None]:
    """Each test starts cold: the environment is read once a container."""
    yield
    app.close()


@pytest.fixture
def till(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    """A till with an empty database of its own."""
    with open_till(database_url, monkeypatch) as opened:
        yield opened


@pytest.fixture
def sound_books(till: Till) -> Iterator[None]:
    """Whatever the test did, the ledger audit finds nothing wrong."""
    yield
    assert till.audit() == []


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe's client waits and repeats itself no longer than a test wants to. Asked for before
    the first delivery: a container makes its client once."""
    monkeypatch.setattr(stripe_api, "READ_SECONDS", 0.5)
    monkeypatch.setattr(stripe_api, "RETRIES", 0)
