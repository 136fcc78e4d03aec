"""Starts the emulator of AWS as a program of its own, and says how to reach it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import certifi

from local import Failure
from local.lambda_build import PROJECT
from local.lambda_runtime import runtime_python
from local.postgres_as_rds import MASTER, PASSWORD, Rds

ACCOUNT, REGION = "123456789012", "eu-central-1"
PYTHON = PROJECT / ".venv-emulator" / "bin" / "python"
SECONDS_TO_START = 60.0


class NoEmulator(Failure):
    """It is not installed, or did not start; the message says why."""


@dataclass(frozen=True)
class EmulatedAws:
    """A running one. `folder` goes when it ends; `log` is in it."""

    port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def authorities(self) -> Path:
        """The public authorities and the emulator's own certificate."""
        return self.folder / "authorities.pem"

    @property
    def environment(self) -> dict[str, str]:
        """What SAM, boto3 and AWS's CLI read: the address, whom to trust, the root's key."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_CA_BUNDLE": str(self.authorities),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """A client of a service, as the account's root."""
        session = boto3.Session("test", "test", region_name=REGION)
        return session.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.url,
            verify=str(self.authorities),
        )

    def secret(self, name: str, value: Mapping[str, Any]) -> str:
        """A new secret's ARN."""
        text = json.dumps(value)
        made = self.client("secretsmanager").create_secret(Name=name, SecretString=text)
        return str(made["ARN"])

    def url_of(self, address: str) -> str:
        """Where an API is that a stack's output has at `https://ID.execute-api…/PATH`."""
        return beside(self.url, address)


def beside(endpoint: str, address: str) -> str:
    """Where the emulator at `endpoint` has an API of the address `https://ID.execute-api…/PATH`."""
    host, _, path = address.removeprefix("https://").partition("/")
    return f"{endpoint}/_aws/execute-api/{host.partition('.')[0]}/$default/{path}"


@contextmanager
def emulated_aws(stripe_url: str, rds: Rds) -> Iterator[EmulatedAws]:
    """Run one on a free port until the block ends. Raises NoEmulator.

    Functions find the stand-in at Stripe's address, and Postgres at RDS's; a cluster that a stack
    makes is that Postgres, where a database of its name is to be made first.
    """
    if not PYTHON.exists():
        raise NoEmulator("the emulator of AWS is not installed: make .venv-emulator/ready")
    aws = EmulatedAws(free_port(), Path(tempfile.mkdtemp(prefix="emulated-aws-")))
    owner = {"username": MASTER, "password": PASSWORD}
    with aws.log.open("wb") as log:
        process = subprocess.Popen(
            [
                *(PYTHON, "-m", "local.emulator", "--interpreter", runtime_python()[1]),
                *("--stripe-url", stripe_url, "--postgres-port", str(rds.port)),
                *("--owner", json.dumps(owner)),
            ],
            cwd=PROJECT,
            env=settings(aws),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_open(aws, process)
        trust(aws)
        yield aws
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
        shutil.rmtree(aws.folder, ignore_errors=True)


def settings(aws: EmulatedAws) -> Mapping[str, str]:
    """The emulator's own variables, and none of this process: its functions see them, too."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(aws.folder),
        "TMPDIR": str(aws.folder),
        "GATEWAY_PORT": str(aws.port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AUTH": "true",
        "USE_SSL": "1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def wait_until_open(aws: EmulatedAws, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", aws.port)) == 0:
                return
        time.sleep(0.05)
    raise NoEmulator(f"the emulator of AWS did not start: {aws.log.read_text()[-2000:]}")


def trust(aws: EmulatedAws) -> None:
    certificate = ssl.get_server_certificate(("127.0.0.1", aws.port))
    aws.authorities.write_text(f"{Path(certifi.where()).read_text()}\n{certificate}")
