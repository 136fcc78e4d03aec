"""What a run is counted under. Alarms stand on lost deliveries, on objects that were passed by, and
on runs that stay away."""

from domain.measurements import Measurement
from reconcile.walks import Reconciled


def measurements_of_run(done: Reconciled) -> list[Measurement]:
    """The figures of one run. A backfill looks at history, where to find something is no alarm;
    to pass something by is one, for nobody looks there again."""
    failures = Measurement("ReconcileFailures", len(done.tally.failures))
    if done.request.since is not None:
        return [failures]
    measured = [
        Measurement("ReconcileRepairs", done.tally.lost_deliveries),
        Measurement("ReconcileMissed", done.tally.missed),
        failures,
    ]
    return [*measured, Measurement("ReconcileFinished")] if done.finished else measured
