"""The page that walks one event names the files that one event walks through."""

from __future__ import annotations

import re
from pathlib import Path

from bench.measures import traced
from handlers import webhook
from tests.till import Till, completed, http_event

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architecture.md"
MOST_FILES = 16


def named() -> list[str]:
    """The files in the table, in order."""
    return re.findall(r"^\| \d+ \| \[`([\w/.]+)`\]", PAGE.read_text("utf-8"), re.MULTILINE)


def test_the_page_names_the_files_of_one_delivery_in_order(till: Till) -> None:
    till.sell_paid("somebody_before")
    delivery = till.account.delivery(completed(till.account.complete(till.sell())))
    event = http_event(delivery.body.decode(), dict(delivery.headers))
    files, _ = traced(lambda: webhook.handler(event, None))
    assert [f"src/{file}" for file in named()] == files


def test_it_is_read_in_one_sitting() -> None:
    assert len(named()) <= MOST_FILES
