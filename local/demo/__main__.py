"""Plays the demo: `make demo`, or `python -m local.demo`."""

from __future__ import annotations

import argparse
import io
import logging
import os
import signal
import sys
import time
from contextlib import redirect_stderr, redirect_stdout

import psycopg

from local.demo.page import NotAsTold, Page
from local.demo.reports import show_reports
from local.demo.shop import MigrationRefused, open_shop
from local.demo.story import play
from local.postgres import ServerError

_INTERRUPTED = 130
_LOG_SHOWN_CHARACTERS = 4000


def main() -> None:
    """Play the story in a temporary database, show the reports, and leave nothing behind."""
    _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    log = io.StringIO()
    try:
        _play(Page(sys.stdout), log)
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None
    except BrokenPipeError:
        # The reader has gone; Python would complain once more when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except (NotAsTold, MigrationRefused, ServerError, psycopg.Error) as error:
        sys.stderr.write(log.getvalue()[-_LOG_SHOWN_CHARACTERS:])
        raise SystemExit(f"The demo failed: {error}") from error


def _play(page: Page, log: io.StringIO) -> None:
    # Lambda shows what handlers log and print; here it would break into the story.
    with redirect_stdout(log), redirect_stderr(log):
        logging.basicConfig(stream=log, level=logging.INFO)
        started = time.monotonic()
        with open_shop(os.environ) as shop:
            play(shop, page)
            show_reports(shop, page)
        page.line(f"Played in {time.monotonic() - started:.1f} s. Nothing is left behind.")


def _parser() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog="python -m local.demo",
        description=main.__doc__,
        epilog="Postgres is an embedded one, unless DATABASE_URL names a server: then the demo "
        "makes a database of its own there and drops it at the end. NO_COLOR turns colours off.",
    )


if __name__ == "__main__":
    main()
