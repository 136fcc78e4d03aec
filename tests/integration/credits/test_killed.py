"""An application killed in the middle of its transaction: all of it is there, or nothing."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.integration.credits.application import Books, Credits
from tests.integration.roles import as_role

# Spends, captures, returns and grants, and is killed before or after its COMMIT.
PROCESS = """
import os, signal, sys, psycopg
connection = psycopg.connect(sys.argv[1])
for call in (
    "spend_credits('ana', 30, 'job 1')",
    "reserve_credits('ana', 50, 'job 2')",
    "capture_credits('job 2', 20)",
    "return_credits('job 1', 10)",
    "reserve_credits('ana', 1, 'job 3')",
    "grant_credits('bob', 5, 'trial')",
):
    assert connection.execute(f"SELECT outcome FROM {call}").fetchone() == ("recorded",)
if sys.argv[2] == "after":
    connection.commit()
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(books: Books, when: str) -> None:
    command = [sys.executable, "-c", PROCESS, as_role(books.database_url, "application"), when]
    ended = subprocess.run(command, check=False, stderr=subprocess.PIPE)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


def test_killed_before_its_commit_an_application_has_done_nothing(
    app: Credits, books: Books
) -> None:
    before = books.everything()
    killed(books, "before")
    assert app.spend(100, "job 1") == ("recorded", 0, 0)
    app.give_back("job 1", 100)
    assert app.balance("bob") == ("unknown_user", 0, 0)
    assert books.everything()[1][:1] == before[1][:1]


def test_killed_after_its_commit_an_application_has_done_all_of_it(
    app: Credits, books: Books
) -> None:
    killed(books, "after")
    assert app.balance() == ("found", 60, 59)
    assert app.balance("bob") == ("found", 5, 5)
    assert [entry[1] for entry in books.ledger()] == [100, -30, -20, 10]


@pytest.mark.parametrize("when", ["before", "after"])
def test_whoever_comes_back_says_the_same_words_and_it_is_done_once(
    app: Credits, books: Books, when: str
) -> None:
    killed(books, when)
    outcome = {"before": "recorded", "after": "duplicate"}[when]
    assert app.spend(30, "job 1").outcome == outcome
    assert app.reserve(50, "job 2").outcome == outcome
    assert app.capture("job 2", 20).outcome == outcome
    assert app.give_back("job 1", 10).outcome == outcome
    assert app.balance()[:2] == ("found", 60)
