"""What a run is counted under: one alarm stands on lost deliveries, one on runs that stay away."""

from domain.measurements import Measurement
from domain.reconcile.walks import Reconciled


def measurements_of_run(done: Reconciled) -> list[Measurement]:
    """The figures of one run. A backfill looks at history, where to find something is no alarm."""
    if done.request.since is not None:
        return []
    measured = [
        Measurement("ReconcileRepairs", done.tally.lost_deliveries),
        Measurement("ReconcileMissed", done.tally.missed),
        Measurement("ReconcileFailures", done.tally.failures_total),
    ]
    return [*measured, Measurement("ReconcileFinished")] if done.finished else measured
