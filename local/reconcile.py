"""Reconciles and proves for a person who watches, without a limit of time."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from handlers.app import app
from handlers.reconcile import ports_of
from local import Misuse
from local.configured import names_deployment
from local.past import LOST, PURCHASES, lost_deliveries
from reconcile.prove import Proof, Unequal, Watcher, prove
from reconcile.requests import (
    ProveRequest,
    ReconcileRequest,
    RequestRefused,
    read_request,
)
from reconcile.run import Reconciled, reconcile
from reconcile.work import Limits, Step, iso

_INTERRUPTED = 130
_LINE_EVERY_SECONDS = 5.0
# How many days are proved when nobody says how many.
_DEFAULT_DAYS = 30


class ProgressBar:
    """How far a long run has come: a bar on a terminal, a line now and then elsewhere and in CI."""

    def __init__(
        self,
        out: TextIO,
        environment: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out
        self._clock = clock
        self._started = clock()
        self._line_at = float("-inf")
        self._bar: Progress | None = None
        if out.isatty() and not environment.get("CI"):
            self._bar = Progress(
                TextColumn("{task.description:<9}"),
                BarColumn(),
                TaskProgressColumn(),
                TextColumn("{task.fields[about]}"),
                console=Console(file=out),
                # What is found is printed beside it, and standard output may be a file.
                redirect_stdout=False,
                redirect_stderr=False,
                transient=True,
            )
            self._task = self._bar.add_task("", total=1.0, about="")

    def show(self, what: str, covered: float, position: str, objects: int, found: str) -> None:
        """`covered` is from 0 to 1, `objects` is how many were looked at so far."""
        now = self._clock()
        rate = objects / max(now - self._started, 0.001)
        about = f"{position}  {rate:,.0f}/s  {found}"
        if self._bar is not None:
            self._bar.update(self._task, description=what, completed=covered, about=about)
            self._bar.start()
        elif now - self._line_at >= _LINE_EVERY_SECONDS or covered >= 1:
            self._line_at = now
            print(f"{what:<9} {covered:4.0%}  {about}", file=self._out, flush=True)

    def clear(self) -> None:
        """Makes room for other lines."""
        if self._bar is not None:
            self._bar.stop()


def run_reconcile(given: Mapping[str, Any]) -> int:
    """Reconcile what the environment names, or a story, and tell; the exit code. `given` are the
    fields of a request, None where they were left out. Raises Misuse."""
    request = _request(given)
    assert isinstance(request, ReconcileRequest)
    try:
        if names_deployment(os.environ):
            done = reconciled(request)
        else:
            with lost_deliveries(os.environ):
                print(f"A story: {PURCHASES} purchases, {LOST:.0%} of the deliveries lost.")
                done = reconciled(request)
    except KeyboardInterrupt:
        print("\nStopped. What is done is done: the same command goes on from here.")
        return _INTERRUPTED
    finally:
        app.close()
    _tell(done)
    return 0 if done.finished and not done.tally.failures else 1


def reconciled(request: ReconcileRequest) -> Reconciled:
    """One run, with a progress bar."""
    bar = ProgressBar(sys.stderr)

    def show(step: Step) -> None:
        begins_at = step.place.begins_at
        position = f"{begins_at + (step.target - begins_at) * step.covered:%Y-%m-%d %H:%M}"
        objects, repairs = step.tally.checked.total(), step.tally.repairs_total
        bar.show(step.place.listing, step.covered, position, objects, f"{repairs} repairs")

    try:
        sources = ports_of(request.dry_run)
        return reconcile(
            request, sources, Limits(lambda: math.inf, request.max_pages), show, _now()
        )
    finally:
        bar.clear()


def _tell(done: Reconciled) -> None:
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


def run_prove(given: Mapping[str, Any]) -> int:
    """Prove what the environment names, or a story that is unequal, repaired and equal; the exit
    code. `given` as for `run_reconcile`."""
    asked = {"prove": True, **given}
    if asked.get("since") is None and asked.get("days") is None:
        asked["days"] = _DEFAULT_DAYS
    request = _request(asked)
    assert isinstance(request, ProveRequest)
    try:
        if names_deployment(os.environ):
            proof = proved(request)
        else:
            with lost_deliveries(os.environ):
                proof = _proved_story(request)
    finally:
        app.close()
    return 0 if proof.equal else 1


def proved(request: ProveRequest) -> Proof:
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

    try:
        sources = ports_of(dry_run=True)
        proof = prove(request, sources, Limits(lambda: math.inf), Watcher(tell, show), _now())
    finally:
        bar.clear()
    print(_result(proof))
    return proof


def _proved_story(request: ProveRequest) -> Proof:
    print(f"A story: {PURCHASES} purchases, {LOST:.0%} of the deliveries lost.", flush=True)
    proved(request)
    print("Reconcile repairs what was lost.", flush=True)
    done = reconciled(ReconcileRequest())
    print(f"{done.tally.repairs_total} payments repaired.", flush=True)
    return proved(request)


def _result(proof: Proof) -> str:
    if proof.stop is not None:
        why = proof.stop.message or proof.stop.because
        return f"Not proved from {proof.proved_until.isoformat()} on: {why}"
    compared = f"{proof.sessions} sessions at Stripe and {proof.payments} paid payments"
    if proof.equal:
        return f"Equal: {compared}, the ledger and the balances."
    return f"{proof.differences_total} differences in {compared}, the ledger and the balances."


def _request(given: Mapping[str, Any]) -> ReconcileRequest | ProveRequest:
    asked = {name: value for name, value in given.items() if value is not None}
    request = read_request(asked, _now())
    if isinstance(request, RequestRefused):
        raise Misuse(request.message)
    return request


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
