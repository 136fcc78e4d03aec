"""Installs the locked packages for a target, once for each state of the lock file."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.lambda_build.bytecode import compile_modules
from local.lambda_build.contents import prune
from local.lambda_build.target import PROJECT, Target

_KEPT = PROJECT / ".local" / "lambda-packages"
_LOCK_FILE = PROJECT / "requirements" / "runtime.txt"


class NotInstalled(Exception):
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
    state = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    folder = _KEPT / f"{kind}-{state[:12]}"
    with _one_at_a_time():
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


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Builds that run at once share what the first of them installs."""
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (_KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
