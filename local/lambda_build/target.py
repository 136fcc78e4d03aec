"""For which machine and which Python an artefact is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

# Lambda's python3.13 runs on Amazon Linux 2023, whose glibc is 2.34; psycopg's wheels need 2.28.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_WHEEL_PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
# Lambda's names of the machines, and those that wheels have.
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
LAMBDA_PYTHON = "3.13"


@dataclass(frozen=True)
class Target:
    """A Lambda architecture (`arm64`, `x86_64`) and a Python version such as `3.13`."""

    machine: str = "arm64"
    python: str = LAMBDA_PYTHON

    @property
    def name(self) -> str:
        return f"{self.machine}-{self.python}"

    @property
    def pip_options(self) -> list[str]:
        """What makes pip choose this target's wheels, whatever Python it runs in itself."""
        platforms = [f"{each}_{MACHINES[self.machine]}" for each in _WHEEL_PLATFORMS]
        return [
            *("--only-binary=:all:", "--implementation=cp", f"--python-version={self.python}"),
            *(f"--platform={platform}" for platform in platforms),
        ]
