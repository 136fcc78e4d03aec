"""Logs and metrics as CloudWatch reads them, by Powertools: JSON lines and embedded metrics.

No personal data and no secret reaches a line: events and payments are named by their ids, errors
by their class and place. The texts of foreign errors are left out, for Postgres quotes whole rows
in them.
"""

import logging
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

from aws_lambda_powertools import Logger, Metrics

T = TypeVar("T")

# Without POWERTOOLS_METRICS_NAMESPACE. Deployments set it, with the name of the stack in it: the
# alarms of one stack never see what another one counts.
NAMESPACE = "Tokentill"
# Errors of these packages have texts that we wrote.
OUR_PACKAGES = ("handlers", "adapters", "operations", "reconcile", "reports", "domain")
FRAMES_SHOWN = 5

_flushing = Lock()

# What libraries log by themselves quotes statements, rows, addresses and answers.
for _library in ("psycopg", "stripe", "urllib3", "boto3", "botocore", "s3transfer"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)


class Telemetry:
    """What one function tells CloudWatch. One a container."""

    def __init__(self, service: str) -> None:
        self._logger = Logger(service=service, utc=True, use_rfc3339=True, location=None)
        self._metrics = Metrics(service=service)
        self._metrics.namespace = self._metrics.namespace or NAMESPACE
        self._is_cold = True

    @contextmanager
    def invocation(self, context: object) -> Iterator[None]:
        """One invocation: its lines carry Lambda's request id and whether it started the container;
        what was measured in it leaves as one line when it ends."""
        self._logger.append_keys(
            function_request_id=getattr(context, "aws_request_id", None), cold_start=self._is_cold
        )
        self._is_cold = False
        try:
            yield
        finally:
            self._logger.set_correlation_id(None)
            with _flushing:
                if self._metrics.metric_set:
                    self._metrics.flush_metrics()

    def correlate(self, event_id: str | None) -> None:
        """All further lines of this invocation carry the id of Stripe's event, until the next."""
        self._logger.set_correlation_id(event_id)

    def info(self, message: str, **fields: Any) -> None:
        self._logger.info(message, extra=fields)

    def warning(self, message: str, **fields: Any) -> None:
        self._logger.warning(message, extra=fields)

    def failure(self, message: str, error: BaseException) -> str:
        """An error that nobody expected: its class, and where it arose. Answers what may be said of
        it in one sentence: its text if we wrote it, else its class."""
        said = described(error)
        self._logger.error(message, extra=said)
        return said["text"] or type(error).__name__

    def count(self, counts: Mapping[str, int]) -> None:
        """Adds to the metrics of these names."""
        for name, count in counts.items():
            self._metrics.add_metric(name, "Count", count)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Measures how long the block takes, also when it fails."""
        started = time.perf_counter()
        try:
            yield
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 3)
            self._metrics.add_metric(name, "Milliseconds", milliseconds)

    def timing(self, name: str, part: T) -> T:
        """The same part; each call of its methods is measured."""
        return cast("T", Timed(self, name, part))


class Timed:
    def __init__(self, telemetry: Telemetry, name: str, part: object) -> None:
        self._telemetry, self._name, self._part = telemetry, name, part

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call = getattr(self._part, method)

        def timed(*arguments: Any) -> Any:
            with self._telemetry.timed(self._name):
                return call(*arguments)

        return timed


def described(error: BaseException) -> dict[str, Any]:
    """What may be said of an error: `error`, `text` if we wrote it, `sqlstate`, `where`."""
    kind = type(error)
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_SHOWN:]
    return {
        "error": f"{kind.__module__}.{kind.__qualname__}",
        "text": str(error) if kind.__module__.split(".")[0] in OUR_PACKAGES else None,
        "sqlstate": getattr(error, "sqlstate", None),
        "constraint": getattr(getattr(error, "diag", None), "constraint_name", None),
        "where": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
