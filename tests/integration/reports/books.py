"""A database with sound books to read reports from, written straight into the tables."""

import itertools
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.payment import PaymentStatus
from handlers import reports
from handlers.app import app
from tests.onlooker import Onlooker

START = datetime(2026, 1, 1, tzinfo=UTC)
_TOKENS = {"Starter": 1000, "Professional": 5000, "Enterprise": 25000}


@dataclass
class Books(Onlooker):
    """Adds payments and reads reports through the real handler."""

    database_url: str
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def pay(self, user_id: str = "user_1", package: str = "Starter", **columns: Any) -> str:
        """A payment, an hour after the one before, with its user; returns its id. A paid one that
        is not held is credited; nothing else is."""
        number = next(self._numbers)
        at = START + timedelta(hours=number)
        status = columns.setdefault("payment_status", "paid")
        row = {
            "payment_id": f"pay_{number}",
            "user_id": user_id,
            "stripe_session_id": f"cs_{number}",
            "package_name": package,
            "package_id": package.lower(),
            "tokens_purchased": _TOKENS[package],
            "amount_paid": 10,
            "amount_charged": 10,
            "created_at": at,
            "paid_at": at if PaymentStatus(status).taken else None,
            **columns,
        }
        credited = status == "paid" and "held_reason" not in columns
        row.setdefault("credits_granted", row["tokens_purchased"] if credited else 0)
        self.execute("INSERT INTO users (user_id) VALUES (%s) ON CONFLICT DO NOTHING", user_id)
        names = ", ".join(row)
        places = ", ".join(["%s"] * len(row))
        self.execute(f"INSERT INTO payment_transactions ({names}) VALUES ({places})", *row.values())
        if row["credits_granted"]:
            self.enter(user_id, row["payment_id"], row["credits_granted"])
        return str(row["payment_id"])

    def enter(
        self, user_id: str, payment_id: str | None, delta: int, reason: str = "adjustment"
    ) -> None:
        """A ledger entry, and the balance with it."""
        self.execute(
            "WITH changed AS (UPDATE users SET credits = credits + %s,"
            " ledger_entries = ledger_entries + 1 WHERE user_id = %s RETURNING *)"
            " INSERT INTO credit_ledger (entry_id, user_id, payment_id, delta, balance_after,"
            " reason, actor, entry_number) SELECT user_id || '/' || ledger_entries, user_id, %s,"
            " %s, credits, %s, 'ops', ledger_entries FROM changed",
            delta,
            user_id,
            payment_id,
            delta,
            reason,
        )

    def asked(self, report: str | None = None, **fields: Any) -> dict[str, Any]:
        """What the handler answers to a direct invocation."""
        answered = reports.handler({"report": report, **fields}, None)
        assert isinstance(answered, dict)
        return answered

    def all_pages(self, report: str, **fields: Any) -> Iterator[list[dict[str, Any]]]:
        """The rows of each page, asked for one after the other as they are consumed."""
        page = self.asked(report, **fields)
        yield page["rows"]
        while page["next_cursor"]:
            page = self.asked(report, **fields, cursor=page["next_cursor"])
            yield page["rows"]


@contextmanager
def open_books(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    """Empty books on this database, which the handler is configured to read."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    with closing(Books(database_url)) as books:
        yield books
    app.close()
