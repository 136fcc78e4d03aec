"""The built artefact and the Python that runs it, for tests on the real runtime."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.lambda_build import LAMBDA_PYTHON, Target, build
from local.lambda_runtime import (
    Container,
    NoEmulator,
    container,
    emulator,
    machine,
    runtime_python,
)

_NO_LAMBDA_PYTHON = (
    f"No Python {LAMBDA_PYTHON} was found: the artefact ran on this Python, with its wheels."
)


@dataclass(frozen=True)
class Artefact:
    """A built artefact for this machine; `interpreter` is of the version that it is built for."""

    folder: Path
    target: Target
    interpreter: Path

    @contextmanager
    def running(self, handler: str, log: Path, **environment: str) -> Iterator[Container]:
        """The handler in its container; what it logs goes to the end of `log`."""
        with (
            log.open("ab") as output,
            container(
                self.folder, self.target, self.interpreter, handler, environment, output
            ) as opened,
        ):
            yield opened


Run = Callable[..., AbstractContextManager[Container]]


def need_emulator() -> None:
    """Skips where no emulator can run an artefact."""
    try:
        emulator()
    except NoEmulator as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def built(folder: Path) -> Artefact:
    """The artefact for this machine, in `folder`; it skips where no emulator can run it."""
    need_emulator()
    version, interpreter = runtime_python()
    target = Target(machine(), version)
    build(folder, target)
    return Artefact(folder, target, interpreter)


@pytest.fixture(scope="session")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Artefact:
    """The artefact as Lambda gets it. Not to be changed."""
    return built(tmp_path_factory.mktemp("artefact"))


@pytest.fixture
def run(artefact: Artefact, tmp_path: Path) -> Run:
    """Starts a handler's container: `run("webhook", DATABASE_URL=...)`."""

    def running(name: str, **environment: str) -> AbstractContextManager[Container]:
        return artefact.running(f"handlers.{name}.handler", tmp_path / "log", **environment)

    return running


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say when the runs were not on the runtime's Python."""
    ran: Mapping[str, list[object]] = terminalreporter.stats
    reports = [each for kind in ("passed", "failed") for each in ran.get(kind, [])]
    on_runtime = any("test_real_runtime" in getattr(each, "nodeid", "") for each in reports)
    if on_runtime and runtime_python()[0] != LAMBDA_PYTHON:
        terminalreporter.write_line(_NO_LAMBDA_PYTHON)
