"""The lock files fit the way they are installed."""

from __future__ import annotations

from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
LOCK_FILES = sorted(REQUIREMENTS.glob("*.txt"))


def _packages(lock_file: Path) -> list[str]:
    entries = lock_file.read_text().replace("\\\n", " ").splitlines()
    return [entry for entry in entries if "==" in entry]


@pytest.mark.parametrize("lock_file", LOCK_FILES, ids=lambda path: path.name)
def test_every_locked_package_has_a_hash(lock_file: Path) -> None:
    assert [entry for entry in _packages(lock_file) if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock_file", LOCK_FILES, ids=lambda path: path.name)
def test_a_lock_file_names_no_host(lock_file: Path) -> None:
    assert "://" not in lock_file.read_text()


def test_what_lambda_gets_does_not_depend_on_the_python_that_builds_it() -> None:
    conditional = [entry for entry in _packages(REQUIREMENTS / "runtime.txt") if ";" in entry]
    assert [entry for entry in conditional if "python" in entry.partition("--hash")[0]] == []


def test_development_uses_the_runtimes_versions() -> None:
    runtime = {entry.split()[0] for entry in _packages(REQUIREMENTS / "runtime.txt")}
    development = {entry.split()[0] for entry in _packages(REQUIREMENTS / "dev.txt")}
    assert runtime <= development
