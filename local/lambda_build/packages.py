"""The locked packages for a target, without what no function uses, once for each lock file."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local import Failure
from local.lambda_build.bytecode import compile_modules

PROJECT = Path(__file__).resolve().parents[2]
_KEPT = PROJECT / ".local" / "lambda-packages"
_LOCK_FILE = PROJECT / "requirements" / "runtime.txt"

# Lambda's python3.13 runs on Amazon Linux 2023, whose glibc is 2.34; psycopg's wheels need 2.28.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_WHEEL_PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
# Lambda's names of the machines, and those that wheels have.
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
LAMBDA_PYTHON = "3.13"

# What stays out of the artefact follows. All of it is provably not used; a test looks for
# imports of it in what is left. Licences and versions (`*.dist-info`) stay: the first must go where
# the code goes.

# The services that the code makes boto3 clients of: IAM tokens for RDS, exports, secrets. botocore
# reads the description of a service when a client of it is made, and describes 400 of them.
AWS_SERVICES = frozenset(("rds", "s3", "secretsmanager"))

# Modules and files, as patterns from the top of the artefact.
NOT_NEEDED = (
    # Programs that packages bring along, such as normalizer: a function starts none.
    "bin",
    # The shapes of requests, for type checkers: stripe imports them under TYPE_CHECKING only.
    "stripe/params",
    # Models of boto3.resource(...), which nobody calls, and examples for boto3's documentation.
    "boto3/data",
    "boto3/examples",
    # Swagger's page of an OpenAPI document; the API here is Stripe's webhook and has no such page.
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.min.*",
    # Packages' own tests, and what type checkers read.
    "*/tests",
    "**/*.pyi",
    "**/py.typed",
    # Made by pip's own Python, if at all; the runtime's bytecode is added afterwards.
    "**/__pycache__",
)


class NoMachine(Failure):
    """The template does not say, once and in a word, which machine the functions run on."""


def machine_of_the_template(template: Path = PROJECT / "template.yaml") -> str:
    """The architecture in its only line `Architectures: [...]`. Raises NoMachine.

    Read as text, for a build has no parser of YAML.
    """
    said = re.findall(r"^ *Architectures: *(.*?) *$", template.read_text("utf-8"), re.MULTILINE)
    known = {f"[{machine}]": machine for machine in MACHINES}
    if len(said) != 1 or said[0] not in known:
        raise NoMachine(
            f"{template.name} must have one line with Architectures: {' or '.join(known)}"
        )
    return known[said[0]]


@dataclass(frozen=True)
class Target:
    """A Lambda architecture (`arm64`, `x86_64`) and a Python version such as `3.13`."""

    machine: str = field(default_factory=machine_of_the_template)
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


class NotInstalled(Failure):
    """pip could not install the locked packages; it has said why."""


def installed(target: Target, interpreter: Path | None) -> Path:
    """A folder with the packages, compiled by `interpreter` if there is one. Not to be changed.

    Raises NotInstalled.
    """

    def make(folder: Path) -> None:
        pip_install(target, _LOCK_FILE, folder)
        prune(folder)
        if interpreter is not None:
            compile_modules(interpreter, folder, [folder])

    kind = f"{target.name}-{'plain' if interpreter is None else 'compiled'}"
    return kept(kind, [_LOCK_FILE, *sorted(Path(__file__).parent.glob("*.py"))], make)


def kept(kind: str, sources: Iterable[Path], make: Callable[[Path], None]) -> Path:
    """The folder that `make` fills, kept as long as the sources stay as they are."""
    state = hashlib.sha256()
    for source in sources:
        state.update(bytes(source.resolve().relative_to(PROJECT)) + source.read_bytes())
    folder = _KEPT / f"{kind}-{state.hexdigest()[:12]}"
    with _one_at_a_time(kind):
        if not folder.exists():
            # What an older lock file wanted, or an interrupted run left.
            for stale in _KEPT.glob(f"{kind}-*"):
                shutil.rmtree(stale)
            # Made beside its place and renamed, so that half of it is never taken for whole.
            making = folder.with_name(f"{folder.name}.new")
            make(making)
            making.rename(folder)
    return folder


def pip_install(target: Target, lock_file: Path, folder: Path) -> None:
    """Unpack the wheels that a lock file names. Raises NotInstalled."""
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", *options, "--no-compile"),
            *target.pip_options,
            *("--target", folder, "--requirement", lock_file),
        ],
        check=False,
    )
    if done.returncode:
        raise NotInstalled(f"the packages of {lock_file.name} for {target.name} are not installed")


def prune(packages: Path) -> None:
    """Delete from a folder of installed packages what the functions never use."""
    for each in list(_not_needed(packages)):
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink(missing_ok=True)


def _not_needed(packages: Path) -> Iterator[Path]:
    for pattern in NOT_NEEDED:
        yield from packages.glob(pattern)
    # The files beside the services' folders are about all of them: endpoints, retries.
    for service in (packages / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in AWS_SERVICES:
            yield service


@contextmanager
def _one_at_a_time(kind: str) -> Iterator[None]:
    """Builds that run at once share what the first of them installs."""
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (_KEPT / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
