"""How long a cold start takes: with bytecode in the artefact and without it, or of two artefacts.

    python -m bench.cold_start                       writes bench/cold-start.md
    python -m bench.cold_start --before FOLDER       an older artefact beside the one of today

Each is a new container under the emulator: the runtime starts, imports the handler, and answers an
event that needs neither Postgres nor Stripe. Beside it stands the import alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
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
    "reconcile": {"since": "no time"},
}


def main() -> None:
    """Measure, and write the table beside this file, or print how an older artefact compares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="an older artefact")
    before = parser.parse_args().before
    interpreter = compiler(LAMBDA_PYTHON)
    if interpreter is None:
        raise SystemExit(f"No Python {LAMBDA_PYTHON} was found, so there is nothing to compare.")
    try:
        target = Target(machine())
        with tempfile.TemporaryDirectory() as scratch:
            artefacts = _artefacts(Path(scratch), target, before)
            taken = {
                name: _medians(artefacts, target, interpreter, name, event)
                for name, event in EVENTS.items()
            }
    except NoEmulator as error:
        raise SystemExit(str(error)) from error
    if before:
        print(_table("before", "now", taken))
        return
    RESULT.write_text(_report(taken))
    print(RESULT.read_text())


def _artefacts(scratch: Path, target: Target, before: Path | None) -> dict[str, Path]:
    build(scratch / "now", target)
    if before:
        return {"before": before, "now": scratch / "now"}
    build(scratch / "without", target)
    for bytecode in list((scratch / "without").rglob("__pycache__")):
        shutil.rmtree(bytecode)
    return {"without": scratch / "without", "with": scratch / "now"}


def _medians(
    artefacts: dict[str, Path], target: Target, interpreter: Path, name: str, event: dict[str, Any]
) -> dict[str, tuple[float, float]]:
    """Milliseconds of an import and of a first invocation. The artefacts take turns, so that both
    meet the same machine."""
    taken: dict[str, list[tuple[float, float]]] = {kind: [] for kind in artefacts}
    for _ in range(RUNS + 1):
        for kind, folder in artefacts.items():
            imported = _import_ms(folder, interpreter, name)
            answered = _first_invocation_ms(folder, target, interpreter, name, event)
            taken[kind].append((imported, answered))
    # The first of each brings the files into memory.
    return {
        kind: (statistics.median(i for i, _ in each[1:]), statistics.median(a for _, a in each[1:]))
        for kind, each in taken.items()
    }


def _import_ms(folder: Path, interpreter: Path, name: str) -> float:
    program = (
        f"import time; begun = time.perf_counter(); import handlers.{name};"
        " print((time.perf_counter() - begun) * 1000)"
    )
    ran = subprocess.run(  # noqa: S603
        [str(interpreter), "-B", "-c", program],
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        check=True,
        text=True,
    )
    return float(ran.stdout)


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


def _report(taken: dict[str, dict[str, tuple[float, float]]]) -> str:
    return (
        "# What bytecode saves at a cold start\n\n"
        f"`python -m bench.cold_start`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores."
        f" Medians of {RUNS} new containers each, in milliseconds, in the Lambda runtime client on"
        f" Python {LAMBDA_PYTHON}: the import of the handler alone, and from the first request to"
        " its answer. Lambda starts functions on slower and faster machines than this one; what"
        f" carries over is the ratio.\n\n{_table('without', 'with', taken)}\n"
    )


def _table(one: str, other: str, taken: dict[str, dict[str, tuple[float, float]]]) -> str:
    head = f"| function | import {one} | {other} | ratio | first answer {one} | {other} | ratio |\n"
    lines = (
        f"| {name} | "
        + " | ".join(
            f"{a:.0f} | {b:.0f} | {b / a:.2f}" for a, b in zip(each[one], each[other], strict=True)
        )
        + " |"
        for name, each in taken.items()
    )
    return head + "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n" + "\n".join(lines)


if __name__ == "__main__":
    main()
