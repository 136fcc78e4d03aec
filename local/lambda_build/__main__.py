"""`tokentill artefact`, and what `sam build` calls: a program that needs no package."""

from __future__ import annotations

import argparse
from pathlib import Path

from local import Failure
from local.lambda_build import LAMBDA_PYTHON, MACHINES, Target, build

_NO_BYTECODE = (
    "Built without bytecode, because no Python {version} was found: first invocations take twice as"
    " long. Install one (`uv python install {version}`, `pyenv install {version}`) or name one in"
    " PYTHON{digits}."
)


def main() -> None:
    """Build what Lambda gets. Works with any Python; with the runtime's it adds bytecode."""
    parser = argparse.ArgumentParser(prog="tokentill artefact", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="where the artefact goes")
    parser.add_argument("--machine", choices=MACHINES, help="default: what template.yaml says")
    parser.add_argument("--python", default=LAMBDA_PYTHON, help=f"default: {LAMBDA_PYTHON}")
    given = parser.parse_args()
    try:
        target = Target(given.machine or Target().machine, given.python)
        has_bytecode = build(given.folder, target)
    except (Failure, OSError) as error:
        raise SystemExit(str(error)) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    if not has_bytecode:
        # To standard output, which is what `sam build` shows of a build.
        digits = given.python.replace(".", "")
        print(_NO_BYTECODE.format(version=given.python, digits=digits), flush=True)


if __name__ == "__main__":
    main()
