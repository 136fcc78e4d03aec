"""What `sam deploy` would be told: by the file of a stack, and by options that win over it.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from local import Misuse
from local.deploy import check_name
from local.deployment.template import PROJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What was answered to the guided run, or said on the command line. `parameters` are the
    template's, by name."""

    stack_name: str = ""
    region: str | None = None
    profile: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


def answers(
    stack_name: str,
    *,
    config_env: str = "default",
    config_file: Path | None = None,
    parameter_overrides: Sequence[str] = (),
    **options: str | None,
) -> Answers:
    """The answers for a stack, in one environment of its file. `options` are region and profile; as
    with SAM, one that is given replaces what the file has, the parameters as a whole.

    Raises Misuse for a file or an environment that is not there or cannot be read.
    """
    check_name(stack_name)
    saved = saved_answers(config_env, config_file or file_of(stack_name))
    overrides = parameter_overrides or saved.get("parameter_overrides", ())
    said = {name: options.get(name) or saved.get(name) for name in ("region", "profile")}
    return Answers(stack_name=stack_name, parameters=dict(pairs(overrides)), **said)


def file_of(stack_name: str, project: Path = PROJECT) -> Path:
    """Where `make deploy` keeps the answers for a stack; before there are any, what it copies."""
    own = project / f"samconfig.{stack_name}.toml"
    return own if own.exists() else project / "samconfig.toml"


def saved_answers(config_env: str, path: Path) -> dict[str, Any]:
    """What the file says to `sam deploy`, and to every command."""
    if not path.exists():
        raise Misuse(f"There is no {path}.")
    environment = read(path).get(config_env)
    if not isinstance(environment, dict):
        raise Misuse(f"{path.name} has no environment {config_env!r}.")
    sections = [environment.get(command, {}) for command in ("global", "deploy")]
    return {name: value for each in sections for name, value in each.get("parameters", {}).items()}


def read(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8")
    try:
        held = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise Misuse(f"{path.name} cannot be read: {type(error).__name__}.") from error
    return held if isinstance(held, dict) else {}


def pairs(overrides: object) -> Iterator[tuple[str, str]]:
    """The parameters in any form that SAM takes, but for those in files of their own."""
    match overrides:
        case Mapping():
            for name, value in overrides.items():
                yield str(name), listed(value)
        case str():
            yield from map(pair, words(overrides))
        case Sequence():
            for each in overrides:
                yield from pairs(each)
        case _:
            raise Misuse("parameter_overrides must be Name=value ...")


def listed(value: object) -> str:
    """A list is written with commas."""
    if isinstance(value, list):
        return ",".join(str(each).strip() for each in value if each not in (None, ""))
    return "" if value is None else str(value)


def words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise Misuse("parameter_overrides has a quote that does not end.") from error


def pair(word: str) -> tuple[str, str]:
    """`Name=value`, or `ParameterKey=Name,ParameterValue=value`."""
    if word.startswith("file://"):
        raise Misuse("Parameters in a file of their own are not read: name them one by one.")
    named, separator, value = word.removeprefix("ParameterKey=").partition(
        ",ParameterValue=" if word.startswith("ParameterKey=") else "="
    )
    if not separator:
        # Not quoted: half of a value may be a secret.
        raise Misuse("parameter_overrides must be Name=value ...")
    return named, value
