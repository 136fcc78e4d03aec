"""Measures what keeping totals costs a write, and writes `bench/write_path.md`."""

import argparse
import os
import platform
import random
import statistics
import time
import uuid
from collections import defaultdict
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from adapters.connecting import connect
from adapters.payments import FIND
from bench.load import HERE
from bench.pgbench import events_per_second, script
from bench.purchases import EVENTS, writes
from bench.variants import VARIANTS, WITHOUT, Variant
from local.migrate import migrate
from local.postgres import Server, postgres_server
from local.postgres_installation import programs, server_user, temporary_folder

USERS = 100_000
CLIENTS = 8
# So many purchases are sold, then counted, and then refunded.
AT_A_TIME = 50
Times = dict[tuple[str, str], list[float]]


def main() -> None:
    """Measure every variant on one durable server, taking turns."""
    parser = argparse.ArgumentParser(prog="python -m bench.write_path", description=main.__doc__)
    parser.add_argument("--purchases", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--output", type=Path, default=HERE / "write_path.md")
    arguments = parser.parse_args()
    with postgres_server(durable=True) as server:
        urls = {variant.name: _database(server, variant) for variant in VARIANTS}
        alone = _one_client(urls, arguments.purchases)
        together = _many_clients(urls, arguments.rounds, arguments.seconds)
    arguments.output.write_text(_page(alone, together), "utf-8")
    print(arguments.output.read_text("utf-8"))


def _database(server: Server, variant: Variant) -> str:
    name = variant.name.replace(" ", "_")
    server.create_database(name)
    url = server.url(name)
    migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO users SELECT 'user_' || generate_series(1, %s)", [USERS])
        if variant.prepare:
            connection.execute(variant.prepare.encode())
        connection.execute("VACUUM ANALYZE")
    return url


def _one_client(urls: dict[str, str], purchases: int) -> Times:
    """Microseconds of an event's find and record, the variants in a random order. What follows a
    sale finds it counted."""
    times: Times = defaultdict(list)
    with ExitStack() as stack:
        connections = {name: stack.enter_context(connect(url)) for name, url in urls.items()}
        for _ in range(purchases // AT_A_TIME):
            sold = [_purchases() for _ in range(AT_A_TIME)]
            for number, event in enumerate(EVENTS):
                for purchase in sold:
                    for variant in random.sample(VARIANTS, len(VARIANTS)):
                        parameters = purchase[variant.name][number]
                        taken = _timed(connections[variant.name], variant, parameters)
                        times[variant.name, event].append(taken)
                for variant in VARIANTS:
                    connections[variant.name].execute(variant.fold, {"batch_size": AT_A_TIME})
    return times


def _purchases() -> dict[str, list[dict[str, Any]]]:
    """The writes of one purchase a variant."""
    user = random.randint(1, USERS)  # noqa: S311
    return {variant.name: writes(uuid.uuid4().hex, user) for variant in VARIANTS}


def _timed(
    connection: psycopg.Connection[Any], variant: Variant, parameters: dict[str, Any]
) -> float:
    started = time.perf_counter()
    connection.execute(FIND, parameters | {"payment_intent_id": None}).fetchone()
    row = connection.execute(variant.statement, parameters).fetchone()
    taken = time.perf_counter() - started
    assert row is not None, "nobody else writes to this purchase"
    return taken * 1e6


def _many_clients(urls: dict[str, str], rounds: int, seconds: int) -> dict[str, list[float]]:
    """Events a second of every variant in each round; the rounds take turns in their order."""
    user = server_user()
    rates: dict[str, list[float]] = defaultdict(list)
    with temporary_folder(user) as folder:
        tools = programs(user, folder)
        for turn in range(rounds):
            for variant in VARIANTS[:: 1 if turn % 2 else -1]:
                file = folder / "script.sql"
                file.write_text(script(variant.statement, USERS), "utf-8")
                first = turn * 10_000_000
                rate = events_per_second(tools, file, urls[variant.name], CLIENTS, seconds, first)
                rates[variant.name].append(rate)
    return rates


def _page(alone: Times, together: dict[str, list[float]]) -> str:
    lines = [
        "# What totals cost a write",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({platform.machine()}), Postgres on",
        "the same machine, commits on disk, statements planned each time. Only ratios within a run",
        "mean something. Made by `make bench-writes`.",
        "",
        "One client: microseconds of find and record of one event: the median, and what it costs",
        "over *without*; then the same of the fastest tenth. What follows a sale finds it counted.",
        f"{CLIENTS} clients: events a second, record alone, the median of the rounds.",
        "",
        f"| variant | {' | '.join(EVENTS)} | {CLIENTS} clients |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(_line(variant, alone, together) for variant in VARIANTS),
        "",
        *(f"- *{variant.name}*: {variant.meaning}." for variant in VARIANTS),
    ]
    return "\n".join(lines) + "\n"


def _line(variant: Variant, alone: Times, together: dict[str, list[float]]) -> str:
    cells = [_cell(alone[variant.name, event], alone[WITHOUT.name, event]) for event in EVENTS]
    rate = statistics.median(together[variant.name])
    cells.append(f"{rate:,.0f} ({rate / statistics.median(together[WITHOUT.name]) - 1:+.1%})")
    return f"| {variant.name} | {' | '.join(cells)} |"


def _cell(times: list[float], base: list[float]) -> str:
    median = statistics.median(times)
    cost = median / statistics.median(base) - 1
    fastest = statistics.quantiles(times, n=10)[0] / statistics.quantiles(base, n=10)[0] - 1
    return f"{median:,.0f} ({cost:+.1%}; {fastest:+.1%})"


if __name__ == "__main__":
    main()
