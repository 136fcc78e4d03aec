"""Repairs what deliveries have missed, on a schedule or by hand, and proves that nothing is."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from adapters.payments import PostgresPayments
from adapters.reconcile import PostgresCheckpoints, PostgresRows, converge_one
from adapters.settings import STRIPE_API
from adapters.stripe_listing import Pace, StripeHistory, calls_per_second
from adapters.telemetry import Telemetry
from adapters.totals import fold_totals
from domain.requests import Refused
from handlers.app import app
from handlers.till import credentials
from reconcile.dry_run import DryCheckpoints, DryPayments, DryRows
from reconcile.ports import Ports
from reconcile.prove import Proof, Unequal, Watcher, prove
from reconcile.requests import (
    ProveRequest,
    ReconcileRequest,
    is_scheduled,
    read_request,
)
from reconcile.run import Reconciled, reconcile
from reconcile.tally import Tally
from reconcile.work import Limits, Step, iso, limits_of

telemetry = Telemetry("reconcile")


class NotReconciled(Exception):
    """A scheduled run failed. An asynchronous invocation is repeated when it fails, and only then
    counted as an error."""


def handler(event: object, context: object) -> dict[str, Any]:
    """Reconciles `{}`, `{"since": ISO time}` or `{"days": n}`, each with `"dry_run": true` and
    `"max_pages": n`; proves `{"prove": true, "since", "until"}`.

    :returns: as `reconcile.run.Reconciled.as_json` and `reconcile.prove.Proof.as_json` say, or
        `{"error": {"code", "message"}}`. Raises NotReconciled when the schedule called.
    """
    with telemetry.invocation(context):
        try:
            return answer(event, time_left(context))
        except Exception as error:
            telemetry.failure("reconcile failed", error)
            if is_scheduled(event):
                # The runtime logs what is raised, and foreign errors quote rows.
                raise NotReconciled("the log says why") from None
            return refused(Refused("not_done", "the run was broken off; the log says why"))


def answer(event: object, seconds_left: Callable[[], float]) -> dict[str, Any]:
    now = datetime.now(UTC).replace(microsecond=0)
    request = read_request(event, now)
    limits = limits_of(seconds_left)
    match request:
        case Refused():
            return refused(request)
        case ProveRequest():
            return proved(request, limits, now).as_json()
        case ReconcileRequest():
            limits = limits_of(seconds_left, request.max_pages)
            return reconciled(request, limits, now).as_json()


def reconciled(request: ReconcileRequest, limits: Limits, now: datetime) -> Reconciled:
    log = RunLog()
    ports = ports_of(request.dry_run)
    done = reconcile(request, ports, limits, log.page, now)
    log.repairs(done.tally)
    if not request.dry_run:
        telemetry.count(done.counts)
    telemetry.info(
        "reconcile finished" if done.finished else "reconcile stopped",
        stopped_because=done.stop.because if done.stop else None,
        checked=dict(done.tally.checked),
        missed=done.tally.missed,
        repairs=done.tally.repairs_total,
        failures=len(done.tally.failures),
        dry_run=request.dry_run,
    )
    return done


def proved(request: ProveRequest, limits: Limits, now: datetime) -> Proof:
    ports = ports_of(dry_run=True)
    proof = prove(request, ports, limits, Watcher(log_difference, log_day), now)
    telemetry.count({"ProofDifferences": proof.differences_total})
    return proof


def ports_of(dry_run: bool) -> Ports:
    """What reconcile reads and writes; a dry run, like a proof, only reads."""
    settings, database = app.settings, app.database
    # A stand-in allows any pace.
    is_stripe = settings.stripe_api_base == STRIPE_API
    pace = Pace(calls_per_second(settings.stripe_livemode) if is_stripe else math.inf)
    history = StripeHistory(
        app.once(credentials).api_key, settings.stripe_api_base, settings.stripe_livemode, pace
    )
    rules = (settings.hold_unknown_users, settings.hold_unlisted_sales)
    store, rows = PostgresPayments(database, *rules), PostgresRows(database, *rules)
    checkpoints, livemode = PostgresCheckpoints(database), settings.stripe_livemode
    if dry_run:
        dry = DryPayments(store)
        return Ports(
            history,
            DryRows(rows, dry),
            DryCheckpoints(checkpoints),
            converge_one(database, history, dry),
            fold_totals=lambda: None,
            livemode=livemode,
        )
    return Ports(
        history,
        rows,
        checkpoints,
        converge_one(database, history, store),
        fold_totals=lambda: database.retrying(lambda: fold_totals(database)),
        livemode=livemode,
    )


class RunLog:
    """A line a page with something on it, and a warning for each repair and failure."""

    def __init__(self) -> None:
        self._repairs = self._failures = 0

    def page(self, step: Step) -> None:
        if step.items:
            telemetry.info(
                "page done",
                run=step.place.run,
                listing=step.place.listing,
                resume_from=iso(step.place.resume_from),
                covered=round(step.covered, 4),
                checked=step.tally.checked[step.place.listing],
                repairs=step.tally.repairs_total,
            )
        self.repairs(step.tally)

    def repairs(self, tally: Tally) -> None:
        for repair in tally.repairs[self._repairs :]:
            telemetry.warning(
                "payment repaired",
                event_id=repair.event_id,
                payment_id=repair.payment_id,
                payment_status=repair.payment_status,
                cause=repair.cause,
                why=repair.why,
            )
        for failure in tally.failures[self._failures :]:
            telemetry.warning("not reconciled", object_id=failure.object_id, why=failure.why)
        self._repairs, self._failures = len(tally.repairs), len(tally.failures)


def log_difference(unequal: Unequal) -> None:
    telemetry.warning("unequal", difference=unequal.for_log)


def log_day(proof: Proof) -> None:
    telemetry.info(
        "day proved",
        proved_until=iso(proof.proved_until),
        sessions=proof.sessions,
        differences=proof.differences_total,
    )


def time_left(context: object) -> Callable[[], float]:
    """What Lambda's context says; without one there is no limit."""
    milliseconds = getattr(context, "get_remaining_time_in_millis", None)
    return (lambda: milliseconds() / 1000) if milliseconds else (lambda: math.inf)


def refused(why: Refused) -> dict[str, Any]:
    telemetry.warning("reconcile refused", code=why.code)
    return {"error": {"code": why.code, "message": why.message}}
