"""Proves from the command line that nothing is missing: `make prove`, `python -m local.prove`."""

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
from local import reconcile
from local.configured import FAILURES
from local.lost_deliveries import DAYS, LOST, PURCHASES, stripe_or_story
from local.progress_bar import ProgressBar
from reconcile.prove import Proof, Unequal, Watcher, prove
from reconcile.requests import (
    ProveRequest,
    ReconcileRequest,
    RequestRefused,
    read_request,
)
from reconcile.work import Limits

_INTERRUPTED = 130
_USAGE = 2
_DEFAULT_DAYS = 30


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare Stripe, the payments, the ledger and the balances, and say every difference."""
    request = request_of(vars(_parser().parse_args(arguments)))
    try:
        with stripe_or_story(os.environ) as is_story:
            proof = _prove_story(request) if is_story else run(request)
            app.close()
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None
    except FAILURES as error:
        raise SystemExit(str(error)) from error
    raise SystemExit(0 if proof.equal else 1)


def request_of(given: dict[str, Any]) -> ProveRequest:
    """The request that the options make; ends the program when they make none."""
    asked = {name: value for name, value in given.items() if value is not None}
    if "since" not in asked and "days" not in asked:
        asked["days"] = _DEFAULT_DAYS
    request = read_request({"prove": True, **asked}, datetime.now(UTC).replace(microsecond=0))
    if isinstance(request, ProveRequest):
        return request
    message = request.message if isinstance(request, RequestRefused) else "cannot be asked here"
    print(message, file=sys.stderr)
    raise SystemExit(_USAGE)


def run(request: ProveRequest) -> Proof:
    """One proof; each difference is printed when it is found."""
    bar = ProgressBar(sys.stderr)
    whole = (request.until - request.since).total_seconds()

    def show(proof: Proof) -> None:
        covered = (proof.proved_until - request.since).total_seconds() / whole
        found = f"{proof.differences_total} differences"
        bar.show("days", covered, f"{proof.proved_until:%Y-%m-%d}", proof.sessions, found)

    def tell(unequal: Unequal) -> None:
        bar.clear()
        print(f"  {unequal.subject}  {unequal.difference}")

    sources = ports_of(dry_run=True)
    now = datetime.now(UTC).replace(microsecond=0)
    proof = prove(request, sources, Limits(lambda: math.inf), Watcher(tell, show), now)
    bar.clear()
    print(_result(proof))
    return proof


def _prove_story(request: ProveRequest) -> Proof:
    """Unequal, repaired, equal."""
    print(f"A story: {PURCHASES} purchases, {LOST:.0%} of the deliveries lost.", flush=True)
    run(request)
    print("Reconcile repairs what was lost.", flush=True)
    done = reconcile.run(ReconcileRequest())
    print(f"{done.tally.repairs_total} payments repaired.", flush=True)
    return run(request)


def _result(proof: Proof) -> str:
    if proof.stop is not None:
        why = proof.stop.message or proof.stop.because
        return f"Not proved from {proof.proved_until.isoformat()} on: {why}"
    compared = f"{proof.sessions} sessions at Stripe and {proof.payments} paid payments"
    if proof.equal:
        return f"Equal: {compared}, the ledger and the balances."
    return f"{proof.differences_total} differences in {compared}, the ledger and the balances."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.prove",
        description=main.__doc__,
        epilog="Works on the account of STRIPE_API_KEY and the database of DATABASE_URL, and "
        "writes nothing. With nothing configured it plays a story: a stand-in account with "
        f"{PURCHASES} purchases in {DAYS} days, {LOST:.0%} of whose deliveries were lost, is "
        "proved, reconciled and proved again. Ends with 0 when all is equal, else with 1.",
    )
    parser.add_argument("--since", metavar="TIME", help="from this ISO time on")
    parser.add_argument("--until", metavar="TIME", help="up to this ISO time (default: now)")
    parser.add_argument(
        "--days", type=int, metavar="N", help=f"the last N days (default: {_DEFAULT_DAYS})"
    )
    return parser


if __name__ == "__main__":
    main()
