"""`python -m local.lambda_build FOLDER`: builds an artefact there."""

from __future__ import annotations

import argparse
from pathlib import Path

from local.lambda_build.artefact import build
from local.lambda_build.bytecode import WrongPython
from local.lambda_build.packages import NotInstalled
from local.lambda_build.target import LAMBDA_PYTHON, MACHINES, Target

_NO_BYTECODE = (
    "Built without bytecode, because no Python {version} was found: first invocations take twice as"
    " long. Install one (`uv python install {version}`, `pyenv install {version}`) or name one in"
    " PYTHON{digits}."
)


def main() -> None:
    """Build what Lambda gets. Works with any Python; with the runtime's it adds bytecode."""
    parser = argparse.ArgumentParser(prog="python -m local.lambda_build", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="where the artefact goes")
    parser.add_argument("--machine", choices=MACHINES, default="arm64", help="default: arm64")
    parser.add_argument("--python", default=LAMBDA_PYTHON, help=f"default: {LAMBDA_PYTHON}")
    given = parser.parse_args()
    try:
        has_bytecode = build(given.folder, Target(given.machine, given.python))
    except (WrongPython, NotInstalled) as error:
        raise SystemExit(str(error)) from error
    if not has_bytecode:
        # To standard output, which is what `sam build` shows of a build.
        digits = given.python.replace(".", "")
        print(_NO_BYTECODE.format(version=given.python, digits=digits), flush=True)


if __name__ == "__main__":
    main()
