"""Measures every report on millions of payments, and writes `bench/reports.md`."""

import argparse
import os
import platform
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from bench.load import HERE, loaded_database
from bench.measure import WHOLE, Timing, measured
from local.postgres import Server, postgres_server
from local.postgres_installation import server_user, temporary_folder

PAYMENTS = 10_000_000
PAYMENTS_A_USER = 20
# At this pace nearly an hour of sales: what an hourly schedule leaves uncounted.
UNCOUNTED = 500
BYTES_A_PAYMENT = 2_000


def main() -> None:
    """Load two databases, one with a tenth of the payments, and measure both."""
    parser = argparse.ArgumentParser(prog="python -m bench.reports", description=main.__doc__)
    parser.add_argument("--payments", type=int, default=PAYMENTS)
    parser.add_argument("--output", type=Path, default=HERE / "reports.md")
    arguments = parser.parse_args()
    few, many = arguments.payments // 10, arguments.payments
    with _server(room_bytes=(few + many) * BYTES_A_PAYMENT) as server:
        before = _loaded_and_measured(server, few)
        after = _loaded_and_measured(server, many)
        arguments.output.write_text(_page(server, few, many, before, after), "utf-8")
    print(arguments.output.read_text("utf-8"))


@contextmanager
def _server(room_bytes: int) -> Iterator[Server]:
    """A server whose data lies on the disk, in a folder that goes with it."""
    user = server_user()
    with temporary_folder(user) as folder:
        free = shutil.disk_usage(folder).free
        if free < room_bytes:
            raise SystemExit(f"{folder} has {free:,} bytes free; {room_bytes:,} are needed.")
        with postgres_server(folder / "data") as server:
            yield server


def _loaded_and_measured(server: Server, payments: int) -> list[Timing]:
    started = time.monotonic()
    name = f"payments_{payments}"
    url = loaded_database(server, name, payments, payments // PAYMENTS_A_USER, UNCOUNTED)
    print(f"{payments:,} payments loaded in {time.monotonic() - started:.0f} s", flush=True)
    return measured(url)


def _page(server: Server, few: int, many: int, before: list[Timing], after: list[Timing]) -> str:
    lines = [
        "# Reports on millions of payments",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {_machine(server)}.",
        f"{many:,} payments of {many // PAYMENTS_A_USER:,} users over 24 months, {UNCOUNTED:,}",
        "of them not counted in the totals yet. Milliseconds of one call through the reports'",
        "adapter, from request to rows: a page of 50, or a whole summary. Made by",
        "`make bench-reports`.",
        "",
        f"| report | rows | {few:,} | {many:,} | growth | p95 | allowed |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_line(one, other) for one, other in zip(before, after, strict=True)),
        "",
        "Audits read everything and ran once; the other figures are medians. *far in* is the page",
        "behind the first twenty thousand rows, or the last one.",
    ]
    return "\n".join(lines) + "\n"


def _line(before: Timing, after: Timing) -> str:
    call = after.call
    allowed = "–" if call.limit_ms == WHOLE else str(call.limit_ms)
    growth = after.median_ms / before.median_ms
    return (
        f"| {call.label} | {after.rows} | {before.median_ms:,.1f} | {after.median_ms:,.1f} |"
        f" {growth:.1f} × | {after.p95_ms:,.1f} | {allowed} |"
    )


def _machine(server: Server) -> str:
    with psycopg.connect(server.admin_url) as connection:
        version = connection.info.server_version // 10000
    cores = f"{os.cpu_count()} cores ({platform.machine()})"
    return f"{cores}, Postgres {version} with its default settings for memory"


if __name__ == "__main__":
    main()
