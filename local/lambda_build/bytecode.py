"""Compiles an artefact's modules, which only the Python version that will run them can do.

A first invocation takes about half as long when the runtime finds the modules compiled.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from local import Failure

# Where Lambda puts the artefact; tracebacks name the files there.
_TASK_ROOT = "/var/task"
_SAY_VERSION = "import sys; print(sys.implementation.cache_tag)"


class WrongPython(Failure):
    """The interpreter that the user named cannot compile for the runtime."""


def compiler(version: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """An interpreter of this version, such as `3.13`, or None when there is none to be found.

    The variable PYTHON313 (for 3.13) names one. Otherwise it is this very Python, one on the
    PATH, or one that pyenv or uv installed. Raises WrongPython.
    """
    variable = "PYTHON" + version.replace(".", "")
    if named := environment.get(variable):
        if not _compiles(Path(named), version):
            raise WrongPython(f"{variable}={named} is not a CPython {version}")
        return Path(named)
    found = (each for each in _candidates(version, environment) if _compiles(each, version))
    return next(found, None)


def compile_modules(interpreter: Path, root: Path, folders: Iterable[Path]) -> None:
    """Compile every module in `folders`, which lie in the artefact at `root`.

    The bytecode is taken without a look at its source: in a zip a source has another time of
    change than on this disk, and bytecode that goes by it would be thrown away in Lambda.
    https://docs.python.org/3/reference/import.html#pyc-invalidation
    """
    subprocess.run(
        [
            *(interpreter, "-I", "-m", "compileall", "-q", "-f"),
            *("--invalidation-mode", "unchecked-hash", "-s", root, "-p", _TASK_ROOT),
            *folders,
        ],
        check=True,
    )


def _candidates(version: str, environment: Mapping[str, str]) -> Iterator[Path]:
    yield Path(sys.executable)
    program = f"python{version}"
    if on_path := shutil.which(program, path=environment.get("PATH")):
        yield Path(on_path)
    home = Path(environment.get("HOME") or "/")
    pyenv = Path(environment.get("PYENV_ROOT") or home / ".pyenv")
    uv = Path(environment.get("UV_PYTHON_INSTALL_DIR") or home / ".local/share/uv/python")
    yield from sorted(pyenv.glob(f"versions/{version}*/bin/{program}"))
    yield from sorted(uv.glob(f"cpython-{version}*/bin/{program}"))


def _compiles(interpreter: Path, version: str) -> bool:
    """Whether it starts at all, which a pyenv shim may not, and makes this version's bytecode."""
    try:
        said = subprocess.run(
            [interpreter, "-I", "-c", _SAY_VERSION], capture_output=True, text=True, check=False
        )
    except OSError:
        return False
    return said.stdout.strip() == f"cpython-{version.replace('.', '')}"
