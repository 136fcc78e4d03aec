"""The templates as data: as they are written, and as CloudFormation gets them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

from local.deployment.template import PROJECT, written

__all__ = ["PROJECT", "written"]

NESTED = sorted((PROJECT / "stacks").glob("*.yaml"))
FUNCTION = "AWS::Lambda::Function"


def translated(artefact: str = "artefact") -> dict[str, Any]:
    """The SAM template after its transform, with the functions' code in the zip file `artefact`."""
    return transformed(artefact)


@cache
def transformed(artefact: str) -> dict[str, Any]:
    """The same, once for each artefact."""
    command = [PROJECT / ".venv-sam/bin/python", "-m", "local.translated_template", artefact]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def resources(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of a type, by name."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def functions() -> dict[str, dict[str, Any]]:
    """The properties of the Lambda functions, by name."""
    return resources(translated(), FUNCTION)


def variables(name: str) -> dict[str, Any]:
    """What a function has in its environment."""
    found: dict[str, Any] = functions()[name]["Environment"]["Variables"]
    return found


def everything_in(value: Any) -> Iterator[Any]:
    """The value and all values in it."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from everything_in(each)


def references_in(value: Any) -> set[str]:
    """Names that `Ref` and `Fn::GetAtt` in the value mention."""
    found = set()
    for each in everything_in(value):
        if isinstance(each, dict) and isinstance(each.get("Ref"), str):
            found.add(each["Ref"])
        if isinstance(each, dict) and "Fn::GetAtt" in each:
            found.add(each["Fn::GetAtt"][0])
    return found
