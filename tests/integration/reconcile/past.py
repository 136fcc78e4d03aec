"""A till with a past: a Stripe account whose clock the test moves, days before now."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.events import EVENT_TYPES, Hint, Origin, identify
from handlers import reconcile as reconcile_handler
from handlers.app import app
from handlers.reconcile import ports_of
from local.past import Clock, Customers, set_back
from reconcile.requests import ReconcileRequest
from reconcile.run import Reconciled, reconcile
from reconcile.work import Limits
from standin import StripeAccount
from tests.till import Till, open_till

Json = dict[str, Any]

DAY = 24 * 3600
PROJECT = Path(__file__).resolve().parents[3]
EVENTS, SESSIONS = "/v1/events", "/v1/checkout/sessions"
WRITTEN = ("payment_transactions", "users", "credit_ledger", "stripe_events")


@dataclass(frozen=True)
class Past:
    """The till, and the account's clock. Nothing is delivered unless the test says so."""

    till: Till
    clock: Clock

    @property
    def account(self) -> StripeAccount:
        return self.till.account

    def customers(self) -> Customers:
        prices = {
            package_id: self.till.price_of(package_id)
            for package_id in ("starter", "professional", "enterprise")
        }
        return Customers(self.account, prices, self.clock)

    def at(self, *, days_ago: float = 0, seconds_ago: float = 0) -> None:
        """Sets the account's clock."""
        self.clock.at = time.time() - days_ago * DAY - seconds_ago

    def reconciled(self, *, seconds_ago: float) -> None:
        """Sets the account's clock, and the schedule: it has come that far."""
        self.at(seconds_ago=seconds_ago)
        self.till.execute(
            "UPDATE reconcile_checkpoints SET resume_from = to_timestamp(%s)", int(self.clock.at)
        )

    def deliver(self, events: list[Json]) -> None:
        """Delivers events of ours, signed now, whenever they were made."""
        for event in events:
            if event["type"] in EVENT_TYPES:
                answer = self.till.deliver(event, timestamp=int(time.time()))
                assert answer.status_code == 200

    def deliver_some(
        self, lost: float, never_made: float, seed: int
    ) -> Callable[[list[Json]], None]:
        """A listener that loses deliveries at random, and some events altogether. What it delivers
        goes to the five steps at once: thousands of signatures prove nothing here."""
        converge = ports_of(dry_run=False).converge
        chance = random.Random(seed)  # noqa: S311

        def listen(events: list[Json]) -> None:
            for event in events:
                if event["type"] in EVENT_TYPES and chance.random() < never_made:
                    self.account.lose_event(event["id"])
                elif chance.random() >= lost:
                    hint = identify(event, Origin.WEBHOOK, livemode=False)
                    if isinstance(hint, Hint):
                        converge(hint)

        return listen

    def forget(self, events: list[Json]) -> None:
        """Stripe never made these events."""
        for event in events:
            self.account.lose_event(event["id"])

    def sell_of_others(self, count: int) -> list[str]:
        """Paid sessions that are none of ours, a second apart."""
        sessions = []
        for _ in range(count):
            self.clock.at += 1
            made = self.account.create_checkout_session([(500, 1)])
            self.account.complete(made["id"])
            sessions.append(str(made["id"]))
        return sessions

    def reconcile(self, context: object = None, **request: Any) -> Json:
        """Invokes the handler."""
        return reconcile_handler.handler(request, context)

    def run_at(self, now: float, request: ReconcileRequest | None = None) -> Reconciled:
        """A run at another time than now."""
        return reconcile(
            request or ReconcileRequest(scheduled=True),
            ports_of(dry_run=False),
            Limits(lambda: float("inf")),
            lambda _step: None,
            datetime.fromtimestamp(int(now), UTC),
        )

    def differences(self, days: int = 8) -> list[str]:
        """What prove says; nothing when all is equal."""
        proof = reconcile_handler.handler({"prove": True, "days": days}, None)
        assert proof["finished"], proof
        return [each["difference"] for each in proof["differences"]]

    def written(self) -> dict[str, list[Json]]:
        """Every row that a purchase may write, with the transaction that wrote it."""
        return {
            table: self.till.rows(f"SELECT xmin::text, * FROM {table} ORDER BY 2")
            for table in WRITTEN
        }

    def progress(self, run: str = "schedule") -> dict[str, Json]:
        """The places of a run, by list."""
        rows = self.till.rows("SELECT * FROM reconcile_checkpoints WHERE run = %s", run)
        return {row["listing"]: row for row in rows}

    def listed(self, path: str) -> int:
        """How many pages of a list were asked for."""
        return self.till.stripe.requests.count(("GET", path))


@contextmanager
def open_past(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Past]:
    """A till that was set up sixty days ago and whose schedule last ran six days ago, with the
    account's clock five days back."""
    clock = Clock(time.time() - 5 * DAY)
    with open_till(database_url, monkeypatch, clock) as till:
        set_back(database_url, 60)
        till.execute("UPDATE reconcile_checkpoints SET resume_from = now() - interval '6 days'")
        yield Past(till, clock)
    app.close()


def many_sessions(past: Past, count: int = 350, ours_every: int = 25) -> list[str]:
    """Paid sessions of the last days, no event of which was made; those of ours."""
    ours = []
    for number in range(count):
        past.clock.at += 60
        if number % ours_every == 0:
            session_id = past.till.sell(f"user_{number}")
            past.account.complete(session_id)
            ours.append(session_id)
        else:
            past.account.create_checkout_session([(500, 1)])
    past.forget(past.account.events)
    return ours


def recorded(past: Past) -> set[str]:
    rows = past.till.rows("SELECT stripe_session_id AS id FROM payment_transactions")
    return {row["id"] for row in rows}


def another_process(*arguments: str) -> subprocess.Popen[bytes]:
    """A run in a process of its own, on the same account and database."""
    return subprocess.Popen(
        [sys.executable, "-m", "local", "reconcile", *arguments],
        env={**os.environ, "PYTHONPATH": f"{PROJECT / 'src'}{os.pathsep}{PROJECT}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=PROJECT,
    )
