"""One handler invoked from several processes at the same moment, as from several containers."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[2] / "src"

# Imports the handler once. Each of its children is a container, which has taken no connection over:
# it waits for the others at a pipe, and makes its request several times. Logs go nowhere.
PROCESS = """
import importlib, json, os, sys
answers = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
handler = importlib.import_module(f"handlers.{sys.argv[1]}").handler
gate, opened = os.pipe()
children = []
for request in json.load(sys.stdin):
    child = os.fork()
    if child == 0:
        os.close(opened)
        os.read(gate, 1)
        for _ in range(int(sys.argv[2])):
            os.write(answers, json.dumps(handler(request, None)).encode() + b"\\n")
        os._exit(0)
    children.append(child)
os.close(opened)
for child in children:
    os.waitpid(child, 0)
"""


def from_processes(handler: str, requests: Sequence[object], times: int) -> list[dict[str, Any]]:
    """What is answered to each request, made so many times from a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", PROCESS, handler, str(times)],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        input=json.dumps(requests),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]
