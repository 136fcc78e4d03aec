"""Measures what a spend costs beside the two bare statements that it stands for, and whether it
slows as a ledger grows. Writes `bench/credits.md`."""

import argparse
import os
import platform
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from bench.load import HERE
from bench.pgbench import transactions_per_second
from local.migrate import migrate
from local.postgres import Server, postgres_server
from local.postgres_installation import programs, server_user, temporary_folder

USERS = 10_000
CLIENTS = (1, 2, 4, 8)
RICH = 10**15
# Reservations that have run out, and that nobody ever closed.
LEFT_OPEN = 100_000

HEAD = "\\set i :i + 1\n\\set user random(1, :users)\n"
# Both within a transaction, as an application's own statements would be.
SPEND = (
    "BEGIN;\n"
    "SELECT * FROM spend_credits('user_' || :user, 1, 'r' || :client_id || '_' || :i);\n"
    "COMMIT;\n"
)
# What a program does that asks nobody whether there is enough, and remembers no request.
BARE = (
    "BEGIN;\n"
    "UPDATE users SET credits = credits - 1, ledger_entries = ledger_entries + 1,"
    " updated_at = now() WHERE user_id = 'user_' || :user RETURNING credits, ledger_entries;\n"
    "INSERT INTO credit_ledger (entry_id, user_id, delta, balance_after, reason, event_id, actor,"
    " entry_number) VALUES ('entry_' || :client_id || '_' || :i, 'user_' || :user, -1, 0, 'spend',"
    " 'r' || :client_id || '_' || :i, 'bench', (:client_id + 1) * 1000000000000 + :i);\n"
    "COMMIT;\n"
)
SCRIPTS = {"bare": HEAD + BARE, "spend": HEAD + SPEND}

ENTRIES = """
INSERT INTO credit_requests (request_id, kind, user_id, amount, taken, actor)
SELECT 'before ' || n, 'spend', 'user_1', 1, 1, 'bench' FROM generate_series(1, %(entries)s) AS n;
INSERT INTO credit_ledger (
    entry_id, user_id, delta, balance_after, reason, event_id, actor, entry_number)
SELECT 'before ' || n, 'user_1', -1, %(rich)s - n, 'spend', 'before ' || n, 'bench', n
FROM generate_series(1, %(entries)s) AS n;
UPDATE users SET ledger_entries = %(entries)s WHERE user_id = 'user_1';
INSERT INTO credit_requests (
    request_id, kind, user_id, amount, lasts_until, available_after, actor)
SELECT 'open ' || n, 'reserve', 'user_1', 1, now() - n * interval '1 second', 1, 'bench'
FROM generate_series(1, %(reservations)s) AS n;
"""

Rate = Callable[[str, str, int, int], float]
Rates = dict[tuple[str, int, int], list[float]]


def main() -> None:
    """Measure on one durable server, all that is compared taking turns."""
    parser = argparse.ArgumentParser(prog="python -m bench.credits", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--spends", type=int, default=3000)
    parser.add_argument("--entries", type=int, nargs="+", default=[10, 10_000, 1_000_000])
    parser.add_argument("--output", type=Path, default=HERE / "credits.md")
    arguments = parser.parse_args()
    user = server_user()
    with postgres_server(durable=True) as server, temporary_folder(user) as folder:
        rate = _rate(programs(user, folder), folder, arguments.seconds)
        beside = _beside(server, rate, arguments.rounds)
        grown = _grown(server, arguments.spends, arguments.entries)
    arguments.output.write_text(_page(beside, grown), "utf-8")
    print(arguments.output.read_text("utf-8"))


def _rate(tools: Path, folder: Path, seconds: int) -> Rate:
    """Measures transactions a second of one of the scripts: a database, clients, users."""
    for name, script in SCRIPTS.items():
        (folder / name).write_text(script, "utf-8")
    first = iter(range(0, 10**12, 10**7))

    def measure(script: str, url: str, clients: int, users: int) -> float:
        options = ("--protocol=prepared", f"--define=users={users}")
        return transactions_per_second(
            tools, folder / script, url, clients, seconds, next(first), *options
        )

    return measure


def _database(server: Server, name: str, entries: int = 0, reservations: int = 0) -> str:
    """A till whose first user has a past; the database's URL."""
    server.create_database(name)
    url = server.url(name)
    migrate(url)
    past = {"entries": entries, "reservations": reservations, "rich": RICH}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO users (user_id, credits) SELECT 'user_' || n, %s"
            " FROM generate_series(1, %s) AS n",
            [RICH, USERS],
        )
        psycopg.ClientCursor(connection).execute(ENTRIES, past)
        connection.execute("VACUUM ANALYZE")
    return url


def _beside(server: Server, rate: Rate, rounds: int) -> Rates:
    url = _database(server, "beside")
    rates: Rates = defaultdict(list)
    for turn in range(rounds):
        for users in (USERS, 1):
            for clients in CLIENTS:
                for script in list(SCRIPTS)[:: 1 if turn % 2 else -1]:
                    rates[script, clients, users].append(rate(script, url, clients, users))
    return rates


def _grown(server: Server, spends: int, entries: list[int]) -> dict[str, list[float]]:
    """Microseconds of each spend of one user, by what there is of that user already. They take
    turns in a random order, so that all meet the same machine."""
    pasts = {f"{count:,} ledger entries": (count, 0) for count in entries}
    pasts[f"{LEFT_OPEN:,} reservations never closed"] = (entries[0], LEFT_OPEN)
    taken: dict[str, list[float]] = {past: [] for past in pasts}
    with ExitStack() as stack:
        connections = {}
        for number, (past, counts) in enumerate(pasts.items()):
            url = _database(server, f"grown_{number}", *counts)
            connections[past] = stack.enter_context(psycopg.connect(url, autocommit=True))
        for turn in range(spends):
            for past in random.sample(list(pasts), len(pasts)):
                taken[past].append(_timed(connections[past], f"spend {turn}"))
    return taken


def _timed(connection: psycopg.Connection, request_id: str) -> float:
    started = time.perf_counter()
    connection.execute("SELECT * FROM spend_credits('user_1', 1, %s)", [request_id]).fetchone()
    return (time.perf_counter() - started) * 1e6


def _page(beside: Rates, grown: dict[str, list[float]]) -> str:
    first = next(iter(grown.values()))
    lines = [
        "# What a spend costs",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({platform.machine()}), Postgres",
        "and pgbench on the same machine, commits on disk, statements prepared. Only ratios within",
        "a run mean something. Made by `make bench-credits`.",
        "",
        "*Bare* is what a program does that asks nobody: `UPDATE` the balance, `INSERT` the entry,",
        "in a transaction. *Spend* is `spend_credits` in a transaction: it asks whether there is",
        "enough, and does no request twice. Transactions a second, the median of the rounds.",
        "",
        "| users | clients | bare | spend | ratio |",
        "| ---: | ---: | ---: | ---: | ---: |",
        *(_compared(beside, users, clients) for users in (USERS, 1) for clients in CLIENTS),
        "",
        "Microseconds of a spend of one user, who has a past already: the median, and that of the",
        "fastest tenth; each also as a multiple of the first.",
        "",
        "| past | median | fastest tenth |",
        "| --- | ---: | ---: |",
        *(_past(name, times, first) for name, times in grown.items()),
    ]
    return "\n".join(lines) + "\n"


def _compared(rates: Rates, users: int, clients: int) -> str:
    """The ratio is of runs side by side: the machine may be another one a minute later."""
    bare, spend = rates["bare", clients, users], rates["spend", clients, users]
    ratio = statistics.median(ours / theirs for ours, theirs in zip(spend, bare, strict=True))
    medians = f"{statistics.median(bare):,.0f} | {statistics.median(spend):,.0f}"
    return f"| {users:,} | {clients} | {medians} | {ratio:.0%} |"


def _past(name: str, times: list[float], first: list[float]) -> str:
    median, fastest = statistics.median(times), statistics.quantiles(times, n=10)[0]
    ratio = median / statistics.median(first)
    return (
        f"| {name} | {median:,.0f} ({ratio:.2f} ×) |"
        f" {fastest:,.0f} ({fastest / statistics.quantiles(first, n=10)[0]:.2f} ×) |"
    )


if __name__ == "__main__":
    main()
