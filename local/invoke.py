"""Invokes a function in Lambda's real runtime, with a sample event and the shipped example's
configuration: what `sam local invoke` does, without a container engine."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from local import Failure
from local.lambda_build import OUR_PACKAGES, Target, build
from local.lambda_build.packages import PROJECT, kept
from local.lambda_runtime import container, machine, runtime_python
from local.sam_local import EXAMPLE, example_here
from local.sign_event import SampleEvents, function_for, signed

# What of the configuration must be running, and what it is.
_NEEDED = {"DATABASE_URL": "the database", "STRIPE_API_BASE": "Stripe"}
_SECONDS_TO_ANSWER = 2


def run(name: str) -> int:
    """Print the function's answer, after its log; the exit code. Raises Failure."""
    event = SampleEvents().read(name)
    environment = example_here()
    check_runs(environment)
    answer = invoked(name, event, environment, sys.stderr.buffer)
    print(json.dumps(answer, indent=2))
    return 1 if is_failure(answer) else 0


def invoked(
    name: str, event: Mapping[str, Any], environment: Mapping[str, str], log: BinaryIO
) -> Any:
    """The answer to the event, signed now, of the function that takes it and writes to `log`."""
    version, interpreter = runtime_python()
    target = Target(machine(), version)
    handler = function_for(name, event).removesuffix("Function").lower()
    ready = signed(dict(event), environment["STRIPE_WEBHOOK_SECRET"], int(time.time()))
    with container(
        artefact(target),
        target,
        interpreter,
        f"handlers.{handler}.handler",
        {**environment, "AWS_SAM_LOCAL": "true"},
        log,
    ) as function:
        return function.invoke(ready)


def artefact(target: Target) -> Path:
    """The folder with what a function gets, built anew when anything that goes into it changed."""
    ours = [(PROJECT / "src" / package).rglob("*") for package in OUR_PACKAGES]
    sources = [each for found in (*ours, (PROJECT / "sql").rglob("*")) for each in found]
    built_by = [*(PROJECT / "local" / "lambda_build").glob("*.py")]
    locked = PROJECT / "requirements" / "runtime.txt"
    files = [each for each in (*sources, *built_by, locked) if is_source(each)]
    return kept(f"invoked-{target.name}", sorted(files), lambda folder: _build(folder, target))


def is_source(path: Path) -> bool:
    return path.is_file() and path.suffix != ".pyc"


def _build(folder: Path, target: Target) -> None:
    print("Building the functions.", file=sys.stderr, flush=True)
    build(folder, target)


def check_runs(environment: Mapping[str, str]) -> None:
    """Raises Failure unless something listens where the configuration has database and Stripe."""
    for variable, what in _NEEDED.items():
        address = urlsplit(environment[variable])
        place = (address.hostname or "", address.port or 0)
        try:
            socket.create_connection(place, _SECONDS_TO_ANSWER).close()
        except OSError as error:
            raise Failure(
                f"Nothing listens on {place[0]}:{place[1]}, where {EXAMPLE.name} has {what}: start"
                " it in another terminal, with `make serve` and its usual ports."
            ) from error


def is_failure(answer: Any) -> bool:
    """Whether the function raised, refused or answered with an error of HTTP."""
    if not isinstance(answer, dict):
        return False
    return bool({"errorType", "error"} & answer.keys()) or answer.get("statusCode", 200) >= 400
