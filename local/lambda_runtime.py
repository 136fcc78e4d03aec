"""Runs an artefact in Lambda's real runtime client, under the emulator that SAM's CLI brings.

The emulator stands in for Lambda's service, the client (`awslambdaric`) is the one that Lambda
itself uses. https://github.com/aws/aws-lambda-runtime-interface-emulator
"""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.client import HTTPConnection
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from local import Failure
from local.lambda_build.bytecode import compiler
from local.lambda_build.packages import LAMBDA_PYTHON, PROJECT, Target, kept, pip_install

_CLIENT_LOCK_FILE = PROJECT / "requirements" / "e2e.txt"
_INVOKE = "/2015-03-31/functions/function/invocations"
_MACHINES = {"x86_64": "x86_64", "aarch64": "arm64"}
_SECONDS_TO_START = 10.0


class NoEmulator(Failure):
    """There is no emulator for this machine, or it does not start; the message says why."""


def machine() -> str:
    """Lambda's name of this machine's architecture. Raises NoEmulator."""
    if sys.platform == "linux" and (found := _MACHINES.get(platform.machine())):
        return found
    raise NoEmulator(f"the emulator needs Linux, not {sys.platform} on {platform.machine()}")


def emulator() -> Path:
    """The emulator's program. Raises NoEmulator."""
    name = f"aws-lambda-rie-{machine()}"
    found = (PROJECT / ".venv-sam").glob(f"lib/python3*/site-packages/samcli/local/rapid/{name}")
    if (path := next(found, None)) is None:
        raise NoEmulator("the SAM CLI, which brings the emulator, is not installed: make build")
    return path


@lru_cache(maxsize=1)
def runtime_python() -> tuple[str, Path]:
    """The version and the interpreter that artefacts run on: Lambda's if there is one."""
    found = compiler(LAMBDA_PYTHON)
    if found is not None:
        return LAMBDA_PYTHON, found
    return f"{sys.version_info.major}.{sys.version_info.minor}", Path(sys.executable)


def runtime_client(target: Target) -> Path:
    """A folder with Lambda's runtime client and nothing else."""
    return kept(
        f"client-{target.name}",
        [_CLIENT_LOCK_FILE],
        lambda folder: pip_install(target, _CLIENT_LOCK_FILE, folder),
    )


@dataclass
class Container:
    """A function in its runtime. It takes one invocation at a time, as Lambda's containers do."""

    port: int
    _lock: Lock = field(default_factory=Lock)

    def invoke(self, event: object) -> Any:
        """The handler's answer; for an exception `{"errorType", "errorMessage", ...}`."""
        with self._lock:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                connection.request("POST", _INVOKE, json.dumps(event))
                return json.loads(connection.getresponse().read())
            finally:
                connection.close()


@contextmanager
def container(
    artefact: Path,
    target: Target,
    interpreter: Path,
    handler: str,
    environment: Mapping[str, str],
    log: BinaryIO,
) -> Iterator[Container]:
    """Run `handler` (`package.module.function`) until the block ends; it writes to `log`.

    It sees the artefact, the runtime's client and the standard library: no installed package and
    no variable of this process. Raises NoEmulator.
    """
    port, inner_port = _free_ports(2)
    process = subprocess.Popen(
        [
            emulator(),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
            *("--runtime-api-address", f"127.0.0.1:{inner_port}"),
            *(interpreter, "-S", "-m", "awslambdaric", handler),
        ],
        cwd=artefact,
        env=_variables(artefact, runtime_client(target), handler) | dict(environment),
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_until_open(port, process)
        yield Container(port)
    finally:
        process.terminate()
        process.wait()


def _variables(artefact: Path, client: Path, handler: str) -> dict[str, str]:
    """What Lambda sets, as far as the runtime or our code reads it.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    return {
        "PATH": os.defpath,
        "PYTHONPATH": f"{artefact}{os.pathsep}{client}",
        # Lambda's file system is read-only.
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMBDA_TASK_ROOT": str(artefact),
        "_HANDLER": handler,
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": handler.split(".")[1],
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    }


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    raise NoEmulator("the emulator did not start; its log says why")
