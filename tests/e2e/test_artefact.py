"""What Lambda gets: our code, the SQL and the locked packages for its machine, and nothing else."""

from __future__ import annotations

import ast
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.lambda_build import MACHINES, OUR_PACKAGES, PROJECT, Target, build
from local.lambda_build.bytecode import WrongPython, compiler
from local.lambda_build.packages import AWS_SERVICES, NoMachine, machine_of_the_template

SOURCE = PROJECT / "src"
LIMIT_BYTES = 60 * 1024 * 1024
# ELF's number of the machine that a library is for.
ELF_MACHINES = {"arm64": 183, "x86_64": 62}
# The flags at the start of bytecode: it is kept by a hash, and the hash is not compared.
UNCHECKED_HASH = 0b01


@pytest.fixture(scope="module")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artefact for Lambda's machine and Python, built where an older one has been."""
    folder = tmp_path_factory.mktemp("lambda")
    build(folder, Target())
    (folder / "handlers" / "withdrawn.py").touch()
    build(folder, Target())
    return folder


def files(folder: Path, pattern: str = "*") -> set[str]:
    """The paths of the files in `folder`, bytecode left out."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob(pattern)
        if path.is_file() and path.suffix != ".pyc"
    }


def locked() -> dict[str, str]:
    """The version of each package that the lock file has for Linux."""
    lines = (PROJECT / "requirements" / "runtime.txt").read_text().splitlines()
    entries = [re.match(r"([\w.-]+)==(\S+)(?!.*win32)", line) for line in lines]
    return {entry[1].replace("-", "_"): entry[2] for entry in entries if entry}


def test_it_is_under_60_mb(artefact: Path) -> None:
    size_bytes = sum(path.stat().st_size for path in artefact.rglob("*") if path.is_file())
    assert size_bytes < LIMIT_BYTES


@pytest.mark.parametrize("package", OUR_PACKAGES)
def test_it_has_our_code_and_what_belongs_to_it(artefact: Path, package: str) -> None:
    assert files(artefact / package) == files(SOURCE / package)


def test_it_has_the_sql_beside_the_code(artefact: Path) -> None:
    assert files(artefact / "sql") == files(PROJECT / "sql")


def test_it_has_exactly_the_locked_packages(artefact: Path) -> None:
    installed = [path.name.removesuffix(".dist-info") for path in artefact.glob("*.dist-info")]
    assert dict(name.split("-") for name in installed) == locked()


def test_every_top_level_name_is_ours_or_a_locked_packages(artefact: Path) -> None:
    recorded = {
        line.partition(",")[0].partition("/")[0]
        for record in artefact.glob("*.dist-info/RECORD")
        for line in record.read_text().splitlines()
    }
    # Bytecode of modules that are single files.
    ours = {*OUR_PACKAGES, "sql", "__pycache__"}
    assert {path.name for path in artefact.iterdir()} - recorded <= ours


def test_its_libraries_are_for_lambdas_machine(artefact: Path) -> None:
    assert machines_of(artefact) == {ELF_MACHINES[Target().machine]}


def machines_of(folder: Path) -> set[int]:
    """What the libraries in an artefact are for."""
    libraries = [path for path in folder.rglob("*.so*") if path.is_file()]
    return {struct.unpack_from("<H", path.read_bytes(), 18)[0] for path in libraries}


@pytest.mark.parametrize("machine", MACHINES)
def test_one_line_of_the_template_says_for_which_machine(tmp_path: Path, machine: str) -> None:
    """As `sam build` calls it, in a copy of the project whose template has this line."""
    for folder in ("src", "sql", "requirements", "local/lambda_build"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    shutil.copy(PROJECT / "local" / "__init__.py", tmp_path / "local")
    (tmp_path / ".local").symlink_to(PROJECT / ".local")
    template = (PROJECT / "template.yaml").read_text("utf-8")
    line, ours = "Architectures: [{}]", Target().machine
    assert template.count(line.format(ours)) == 1
    (tmp_path / "template.yaml").write_text(
        template.replace(line.format(ours), line.format(machine))
    )
    subprocess.run(
        [
            *("make", "-f", tmp_path / "src" / "Makefile", "build-WebhookFunction"),
            *(f"ARTIFACTS_DIR={tmp_path / 'built'}", f"BUILDER={sys.executable}"),
        ],
        check=True,
    )
    assert machines_of(tmp_path / "built") == {ELF_MACHINES[machine]}


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "    Architectures: [arm64]\n      Architectures: [x86_64]\n",
        "    Architectures: [riscv]\n",
        "    Architectures:\n      - x86_64\n",
    ],
)
def test_a_template_that_does_not_say_it_once_is_not_built(tmp_path: Path, lines: str) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(f"Globals:\n  Function:\n{lines}")
    with pytest.raises(NoMachine, match=r"one line with Architectures: \[arm64\] or \[x86_64\]"):
        machine_of_the_template(template)


def test_who_changes_an_artefact_changes_no_other_one(artefact: Path, tmp_path: Path) -> None:
    build(tmp_path / "changed", Target())
    module = Path("stripe", "__init__.py")
    (tmp_path / "changed" / module).write_text("raise SystemExit('not what was locked')")
    build(tmp_path / "later", Target())
    assert (tmp_path / "later" / module).read_bytes() == (artefact / module).read_bytes()


def test_no_file_of_it_is_a_link(artefact: Path) -> None:
    linked = [path for path in artefact.rglob("*") if path.is_file() and path.stat().st_nlink > 1]
    assert linked == []


def test_every_module_has_bytecode_that_needs_no_look_at_its_source(artefact: Path) -> None:
    if compiler("3.13") is None:
        assert list(artefact.rglob("*.pyc")) == []
        return
    flags = {path: bytecode_flags(path) for path in artefact.rglob("*.py")}
    assert {path for path, flag in flags.items() if flag != UNCHECKED_HASH} == set()


def bytecode_flags(module: Path) -> int | None:
    """https://peps.python.org/pep-0552/"""
    bytecode = module.parent / "__pycache__" / f"{module.stem}.cpython-313.pyc"
    return struct.unpack_from("<I", bytecode.read_bytes(), 4)[0] if bytecode.exists() else None


def test_bytecode_does_not_name_the_folder_that_it_was_made_in(artefact: Path) -> None:
    made_in = bytes(artefact)
    bytecode = list(artefact.glob("handlers/**/*.pyc"))
    assert [path for path in bytecode if made_in in path.read_bytes()] == []


def test_nothing_imports_what_was_left_out(artefact: Path) -> None:
    importers = [
        str(path.relative_to(artefact))
        for path in (artefact / "stripe").rglob("*.py")
        if "stripe.params" in imports_when_running(path.read_text("utf-8"))
    ]
    assert importers == []
    assert not (artefact / "stripe" / "params").exists()


def imports_when_running(module: str) -> set[str]:
    """The modules that a module imports, those for type checkers left out; parents too."""
    found: set[str] = set()
    for node in statements(ast.parse(module).body):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {".".join(name.split(".")[:depth]) for name in found for depth in (1, 2)}


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from statements(node.orelse)
            continue
        yield node
        for inner in ("body", "orelse", "finalbody"):
            yield from statements(getattr(node, inner, []))
        for handler in getattr(node, "handlers", []):
            yield from statements(handler.body)


def test_the_services_that_are_left_are_those_that_the_code_calls() -> None:
    code = "".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))
    called = set(re.findall(r'boto3\.client\(\s*"([\w-]+)"', code))
    called |= {"secretsmanager"} if "SecretsProvider(" in code else set()
    assert called == AWS_SERVICES
    assert "boto3.resource(" not in code


def test_a_second_build_leaves_nothing_of_the_first(artefact: Path) -> None:
    assert not (artefact / "handlers" / "withdrawn.py").exists()


def test_without_the_runtimes_python_it_is_built_all_the_same_and_says_so(tmp_path: Path) -> None:
    other = "3.13" if sys.version_info[:2] != (3, 13) else "3.12"
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "local.lambda_build", tmp_path / "built", "--python", other],
        cwd=PROJECT,
        env={**os.environ, "PATH": "", "HOME": str(nowhere), "PYENV_ROOT": "", "PYTHON313": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Built without bytecode, because no Python {other} was found")
    assert list((tmp_path / "built").rglob("*.pyc")) == []


def test_a_python_that_the_user_names_must_be_the_runtimes() -> None:
    with pytest.raises(WrongPython, match=r"PYTHON399=\S+ is not a CPython 3\.99"):
        compiler("3.99", {"PYTHON399": sys.executable})


def test_a_python_that_the_user_names_is_taken_first() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    named = {f"PYTHON{version.replace('.', '')}": sys.executable}
    assert compiler(version, named) == Path(sys.executable)


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("PYENV_ROOT", "versions/{version}.9/bin"),
        ("UV_PYTHON_INSTALL_DIR", "cpython-{version}.9-linux-x86_64-gnu/bin"),
        ("PATH", "."),
    ],
)
def test_a_python_of_pyenv_of_uv_or_on_the_path_is_found(
    tmp_path: Path, variable: str, place: str
) -> None:
    folder = tmp_path / place.format(version="3.99")
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "python3.99"
    program.write_text("#!/bin/sh\necho cpython-399\n")
    program.chmod(0o755)
    assert compiler("3.99", {variable: str(tmp_path)}) == program


def test_a_program_that_only_looks_like_the_python_is_passed_over(tmp_path: Path) -> None:
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\necho 'version not set' >&2; exit 127\n")
    shim.chmod(0o755)
    assert compiler("3.99", {"PATH": str(tmp_path)}) is None
