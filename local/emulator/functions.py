"""How functions run: on the Python that their artefact is for, with nothing but the artefact, and
in a network where Stripe's address leads to the stand-in and RDS's addresses to Postgres."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime

ONLY_THE_ARTEFACT = """
import sys
sys.path[:] = [folder for folder in sys.path if "site-packages" not in folder]
"""


@dataclass(frozen=True)
class Network:
    """Where addresses of the world lead to on this machine."""

    stripe_url: str
    rds_port: int

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """A function's variables as they must be for it to find its way."""
        found = dict(variables)
        if found.get("STRIPE_API_BASE") == "https://api.stripe.com":
            found["STRIPE_API_BASE"] = self.stripe_url
        if found.get("DATABASE_HOST", "").endswith(".rds.amazonaws.com"):
            found |= {"DATABASE_HOST": "localhost", "DATABASE_PORT": str(self.rds_port)}
        return found


class Code(zipfile.ZipFile):
    """A function's code, unpacked once for all containers: it is the same in each."""

    unpacking = Lock()

    def extractall(self, path: str) -> None:  # type: ignore[override]
        """A link to where it is."""
        digest = sha256(Path(str(self.filename)).read_bytes()).hexdigest()
        folder = Path(tempfile.gettempdir(), f"code-{digest[:16]}")
        with self.unpacking:
            if not folder.exists():
                super().extractall(folder)
        Path(path).rmdir()
        Path(path).symlink_to(folder)


def register(interpreter: str, network: Network) -> None:
    """Functions are started so from now on."""

    class Process(lambda_runtime.Worker):  # type: ignore[misc]
        def __init__(self, name: str, config: Mapping[str, Any], code: bytes) -> None:
            given = config.get("Environment", {}).get("Variables", {})
            there = {"Variables": network.environment(given)}
            super().__init__(name, {**config, "Environment": there}, code)

    script = ONLY_THE_ARTEFACT + lambda_runtime._PYTHON_WORKER_SCRIPT
    lambda_runtime._detect_runtime_binary = lambda _runtime: (interpreter, script)
    lambda_runtime.Worker = Process
    lambda_runtime.zipfile = SimpleNamespace(ZipFile=Code, BadZipFile=zipfile.BadZipFile)
