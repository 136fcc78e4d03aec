"""Builds what Lambda gets: our code, its SQL, and the locked packages for the runtime's machine.

Needs nothing but the standard library and pip, for whoever runs `sam build` may have no more.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from local.lambda_build.bytecode import compile_modules, compiler
from local.lambda_build.packages import LAMBDA_PYTHON, MACHINES, PROJECT, Target, installed

__all__ = ["LAMBDA_PYTHON", "MACHINES", "OUR_PACKAGES", "PROJECT", "Target", "build"]

OUR_PACKAGES = ("handlers", "adapters", "operations", "reconcile", "reports", "domain")
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


def build(folder: Path, target: Target) -> bool:
    """Fill `folder`, which may exist; whether it has bytecode.

    Raises WrongPython, NotInstalled.
    """
    interpreter = compiler(target.python)
    # Copies, for a link would let whoever changes an artefact change all that are built later.
    shutil.copytree(installed(target, interpreter), folder, dirs_exist_ok=True)
    ours = [folder / name for name in OUR_PACKAGES]
    for each in ours:
        _copy_anew(PROJECT / "src" / each.name, each)
    _copy_anew(PROJECT / "sql", folder / "sql")
    if interpreter is not None:
        compile_modules(interpreter, folder, ours)
    return interpreter is not None


def _copy_anew(source: Path, target: Path) -> None:
    """What a build before left there may have been removed from the source."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=_NOT_COPIED)
