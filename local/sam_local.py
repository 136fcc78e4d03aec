"""What `sam local` needs: a function's variables, and a way from its container to this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from adapters.connecting import SAM_LOCAL_HOST
from standin.http_server import LOOPBACK

_PROJECT = Path(__file__).resolve().parent.parent
EXAMPLE = _PROJECT / "env.example.json"
# That of a `make serve` which containers reach by a password. No example can have it.
KEPT = _PROJECT / ".local" / "env.json"


def example() -> dict[str, str]:
    """The variables of the shipped example, as a container gets them."""
    return dict(json.loads(EXAMPLE.read_text())["Parameters"])


def example_here() -> dict[str, str]:
    """The same for a function that runs on this machine, in no container."""
    return {name: text.replace(SAM_LOCAL_HOST, LOOPBACK) for name, text in example().items()}


@contextmanager
def env_vars(path: Path, environment: Mapping[str, str], password: str) -> Iterator[None]:
    """Until the block ends, `path` has the configuration in `environment` as `--env-vars` takes it:
    every variable of the example, for a container that logs in with `password`."""
    # What is empty is as it is by default, and SAM sets what it is given only.
    given = {name: environment.get(name, "") for name in example()}
    known = {name: _from_container(text, password) for name, text in given.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    # Nobody else may read it at any moment.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"Parameters": known}, file, indent=2)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _from_container(text: str, password: str) -> str:
    own = f"postgres@{LOOPBACK}:"
    text = text.replace(own, f"postgres:{password}@{SAM_LOCAL_HOST}:") if password else text
    return text.replace(f"{LOOPBACK}:", f"{SAM_LOCAL_HOST}:")
