"""One handler invoked from several processes at the same moment, as from several containers."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

SOURCE = Path(__file__).resolve().parents[2] / "src"

# Waits for the others at a line, and makes its request several times.
PROCESS = """
import importlib, json, sys
handler = importlib.import_module(f"handlers.{sys.argv[1]}").handler
request = json.loads(sys.stdin.readline())
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    print("answer", json.dumps(handler(request, None)), flush=True)
"""


def from_processes(handler: str, requests: Sequence[object], times: int) -> list[dict[str, Any]]:
    """What is answered to each request, made so many times from a process of its own."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, handler, str(times)],
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in requests
    ]
    for process, request in zip(processes, requests, strict=True):
        _say(process.stdin, json.dumps(request))
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        _say(process.stdin, "go")
    outputs = [process.communicate()[0] for process in processes]
    lines = [line for output in outputs for line in output.splitlines()]
    # The handler's log lines come by the same way.
    return [json.loads(line[7:]) for line in lines if line.startswith("answer ")]


def _say(pipe: IO[str] | None, line: str) -> None:
    assert pipe is not None
    pipe.write(line + "\n")
    pipe.flush()
