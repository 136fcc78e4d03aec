"""Builds and deploys a stack with the SAM CLI, and keeps what was answered for that stack alone.

The answers are in `samconfig.STACK.toml`, which git ignores: those of a sandbox are never where a
deployment of another stack looks.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from local import Failure, Misuse
from local.lambda_build import PROJECT

# CloudFormation takes longer ones, but a function is called STACK-operations, in 64 characters.
STACK_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,52}")
# The first that knows python3.13.
SAM_CLI = (1, 128)
# The first with --cli-binary-format.
AWS_CLI = (2, 0)
OLD_AWS_CLI = (
    "The commands of docs/deploy.md and docs/runbook.md need the AWS CLI 2; here is {found}."
)


def run(stack: str, options: Sequence[str] = (), project: Path = PROJECT) -> int:
    """Answers the exit code of the program that failed, or 0. Raises Failure, Misuse."""
    check_name(stack)
    sam, _ = sam_cli(project)
    tell_of_an_old_aws_cli()
    command = deployment(sam, stack, project)
    built = subprocess.run([sam, "build"], cwd=project, check=False)
    if built.returncode:
        return built.returncode
    return subprocess.run([*command, *options], cwd=project, check=False).returncode


def check_name(stack: str) -> None:
    """Raises Misuse."""
    if not STACK_NAME.fullmatch(stack):
        raise Misuse(
            f"{stack!r} cannot be the name of a stack: a letter, and up to 52 letters, digits and"
            " hyphens"
        )


def deployment(sam: str, stack: str, project: Path) -> list[str]:
    """The command that deploys it: with its questions, until they have been answered once."""
    if {"stack_name", "parameter_overrides"} & set(kept(shared := project / "samconfig.toml")):
        raise Failure(
            f"{shared.name} has the answers of one stack, which every other one would find there."
            f" Take them out: git checkout {shared.name}"
        )
    file = project / f"samconfig.{stack}.toml"
    if not file.exists():
        shutil.copy(shared, file)
    answers = kept(file)
    if (other := answers.get("stack_name", stack)) != stack:
        raise Failure(f"{file.name} has the answers of {other}")
    asks = [] if "parameter_overrides" in answers else ["--guided"]
    return [sam, "deploy", *asks, "--config-file", str(file), "--stack-name", stack]


def kept(file: Path) -> dict[str, Any]:
    """What the file has for `sam deploy`."""
    try:
        every = tomllib.loads(file.read_text("utf-8")).get("default", {})
    except (OSError, ValueError) as error:
        raise Failure(f"{file.name} cannot be read: {error}") from error
    return {
        **every.get("global", {}).get("parameters", {}),
        **every.get("deploy", {}).get("parameters", {}),
    }


def sam_cli(project: Path) -> tuple[str, str]:
    """The SAM CLI of the project, or else the one on the PATH, and its version. Raises Failure."""
    ours = project / ".venv-sam" / "bin" / "sam"
    sam = str(ours) if ours.exists() else "sam"
    found = version(sam)
    if found is None or found < SAM_CLI:
        what = "none runs" if found is None else f"this is {dotted(found)}"
        raise Failure(
            f"the SAM CLI must be {dotted(SAM_CLI)} or newer, and {what}: make build brings one"
        )
    return sam, dotted(found)


def tell_of_an_old_aws_cli() -> None:
    """Nothing here needs it; what one types next does."""
    found = version("aws")
    if found is None or found < AWS_CLI:
        said = "none" if found is None else dotted(found)
        print(OLD_AWS_CLI.format(found=said), file=sys.stderr)


def version(program: str) -> tuple[int, int] | None:
    """Major and minor, as the program says; None when it does not."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    found = re.search(r"\b(\d+)\.(\d+)\.\d+", said.stdout + said.stderr)
    return None if found is None or said.returncode else (int(found[1]), int(found[2]))


def dotted(version: tuple[int, int]) -> str:
    """Such as `1.128`."""
    return ".".join(map(str, version))
