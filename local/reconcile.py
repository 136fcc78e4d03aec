"""Reconciles from the command line: `make reconcile`, or `python -m local.reconcile`."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from handlers.app import app
from handlers.reconcile import ports_of
from local.configured import FAILURES
from local.lost_deliveries import DAYS, LOST, PURCHASES, stripe_or_story
from local.progress_bar import ProgressBar
from reconcile.requests import ReconcileRequest, RequestRefused, read_request
from reconcile.run import Reconciled, reconcile
from reconcile.work import Limits, Step, iso

_INTERRUPTED = 130
_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Find what Stripe knows and the till does not, and repair it."""
    request = request_of(vars(_parser().parse_args(arguments)))
    try:
        with stripe_or_story(os.environ) as is_story:
            if is_story:
                print(f"A story: {PURCHASES} purchases, {LOST:.0%} of the deliveries lost.")
            done = run(request)
            app.close()
    except KeyboardInterrupt:
        print("\nStopped. What is done is done: the same command goes on from here.")
        raise SystemExit(_INTERRUPTED) from None
    except FAILURES as error:
        raise SystemExit(str(error)) from error
    tell(done)
    raise SystemExit(0 if done.finished and not done.tally.failures else 1)


def request_of(given: dict[str, Any]) -> ReconcileRequest:
    """The request that the options make; ends the program when they make none."""
    asked = {name: value for name, value in given.items() if value is not None}
    request = read_request(asked, datetime.now(UTC).replace(microsecond=0))
    if isinstance(request, ReconcileRequest):
        return request
    message = request.message if isinstance(request, RequestRefused) else "cannot be asked here"
    print(message, file=sys.stderr)
    raise SystemExit(_USAGE)


def run(request: ReconcileRequest) -> Reconciled:
    """One run without an end in time, with a progress bar."""
    bar = ProgressBar(sys.stderr)

    def show(step: Step) -> None:
        begins_at = step.place.begins_at
        position = f"{begins_at + (step.target - begins_at) * step.covered:%Y-%m-%d %H:%M}"
        objects, repairs = step.tally.checked.total(), step.tally.repairs_total
        bar.show(step.place.listing, step.covered, position, objects, f"{repairs} repairs")

    sources = ports_of(request.dry_run)
    limits = Limits(lambda: math.inf, request.max_pages)
    done = reconcile(request, sources, limits, show, datetime.now(UTC).replace(microsecond=0))
    bar.clear()
    return done


def tell(done: Reconciled) -> None:
    """The result, for a person to read."""
    tally = done.tally
    verb = "would be repaired" if done.request.dry_run else "repaired"
    for repair in tally.repairs:
        print(f"  {repair.session_id}  {repair.payment_status}, {repair.delta:+d}  {repair.why}")
    for failure in tally.failures:
        print(f"  {failure.object_id}  passed by: {failure.why}")
    checked = ", ".join(f"{count} {what}" for what, count in tally.checked.items())
    print(f"Checked {checked or 'nothing'}.")
    print(f"{tally.missed} events were not delivered; {tally.repairs_total} payments {verb}.")
    for place in done.places:
        print(f"  {place.listing} are done before {iso(place.resume_from)}")
    if done.stop is not None:
        print(f"Stopped by {done.stop.because}: {done.stop.message or 'run it again to go on'}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.reconcile",
        description=main.__doc__,
        epilog="Works on the account of STRIPE_API_KEY and the database of DATABASE_URL. With "
        f"nothing configured it makes up a story: a stand-in account with {PURCHASES} purchases in "
        f"{DAYS} days, {LOST:.0%} of whose deliveries never reached a till of its own. "
        "Ends with 0 when all is done, 1 when something is left to do.",
    )
    parser.add_argument("--since", metavar="TIME", help="everything from this ISO time on")
    parser.add_argument("--days", type=int, metavar="N", help="everything of the last N days")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be repaired")
    parser.add_argument("--max-pages", type=int, metavar="N", help="read at most N pages")
    return parser


if __name__ == "__main__":
    main()
