"""How long a first invocation takes with bytecode in the artefact, and without it.

Each is a new container under the emulator: the runtime starts, imports the handler, and answers an
event that needs neither Postgres nor Stripe.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.lambda_build import LAMBDA_PYTHON, Target, build
from local.lambda_build.bytecode import compiler
from local.lambda_runtime import NoEmulator, container, machine

RESULT = Path(__file__).with_name("cold-start.md")
RUNS = 7
EVENTS: dict[str, dict[str, Any]] = {
    "webhook": {"version": "2.0", "headers": {}, "body": "{}"},
    "reports": {},
    "operations": {},
}


def main() -> None:
    """Measure, and write the table beside this file."""
    interpreter = compiler(LAMBDA_PYTHON)
    if interpreter is None:
        raise SystemExit(f"No Python {LAMBDA_PYTHON} was found, so there is nothing to compare.")
    try:
        target = Target(machine())
        with tempfile.TemporaryDirectory() as scratch:
            artefacts = _artefacts(Path(scratch), target)
            taken = {
                name: _medians(artefacts, target, interpreter, name, event)
                for name, event in EVENTS.items()
            }
    except NoEmulator as error:
        raise SystemExit(str(error)) from error
    RESULT.write_text(_report(taken))
    print(RESULT.read_text())


def _artefacts(scratch: Path, target: Target) -> dict[str, Path]:
    artefacts = {"with": scratch / "with", "without": scratch / "without"}
    for folder in artefacts.values():
        build(folder, target)
    for bytecode in list(artefacts["without"].rglob("__pycache__")):
        shutil.rmtree(bytecode)
    return artefacts


def _medians(
    artefacts: dict[str, Path], target: Target, interpreter: Path, name: str, event: dict[str, Any]
) -> dict[str, float]:
    """Milliseconds with and without. The two take turns, so that both meet the same machine."""
    taken: dict[str, list[float]] = {kind: [] for kind in artefacts}
    for _ in range(RUNS + 1):
        for kind, folder in artefacts.items():
            taken[kind].append(_first_invocation_ms(folder, target, interpreter, name, event))
    # The first of each brings the files into memory.
    return {kind: statistics.median(each[1:]) for kind, each in taken.items()}


def _first_invocation_ms(
    folder: Path, target: Target, interpreter: Path, name: str, event: dict[str, Any]
) -> float:
    handler = f"handlers.{name}.handler"
    with (
        Path(os.devnull).open("wb") as nowhere,
        container(folder, target, interpreter, handler, {}, nowhere) as started,
    ):
        begun = time.perf_counter()
        started.invoke(event)
        return (time.perf_counter() - begun) * 1000


def _report(taken: dict[str, dict[str, float]]) -> str:
    return "\n".join(
        [
            "# What bytecode saves at a cold start",
            "",
            f"`python -m bench.cold_start`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores."
            f" Medians of {RUNS} new containers each, in the Lambda runtime client on Python"
            f" {LAMBDA_PYTHON}: from the first request to its answer. Lambda starts functions on"
            " slower and faster machines than this one; what carries over is the ratio.",
            "",
            "| function | with bytecode, ms | without, ms | ratio |",
            "| --- | ---: | ---: | ---: |",
            *(
                f"| {name} | {each['with']:.0f} | {each['without']:.0f} |"
                f" {each['without'] / each['with']:.1f} |"
                for name, each in taken.items()
            ),
            "",
        ]
    )


if __name__ == "__main__":
    main()
