"""The command line as a whole: what it lists, what it says when it is misused, how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import Failure, Misuse
from local.__main__ import main, tokentill

PROJECT = Path(__file__).resolve().parents[2]
HEAVY = ("psycopg", "stripe", "boto3", "rich", "playwright", "handlers", "adapters", "standin")


def test_help_lists_every_command_with_a_whole_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == list(tokentill.commands)
    assert all(line.endswith(".") and not line.endswith("...") for line in listed)


def test_help_imports_nothing_that_only_a_command_needs() -> None:
    script = (
        "import sys; from local.__main__ import main; main(['--help']);"
        f" print({set(HEAVY)} & set(sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sell"], "No such command 'sell'."),
        (["serve", "--colour"], "No such option"),
        (["serve", "--port", "many"], "'many' is not a valid integer range."),
        (["reconcile", "--since", "yesterday"], "since must be "),
        (["prove", "--days", "0"], "days must be "),
        (["preflight"], "Missing argument 'STACK'."),
        (["preflight", "my till"], "'my till' cannot be the name of a stack"),
        (["event", "sale"], "There is no event 'sale'."),
        (["invoke", "sale"], "There is no event 'sale'."),
        (["event"], "Say which one: make event NAME=..."),
        (["deploy"], "Missing argument 'STACK'."),
        (["deploy", "my till"], "'my till' cannot be the name of a stack"),
    ],
)
def test_a_misused_command_says_so_in_a_sentence_and_ends_with_two(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert told in shown.err.splitlines()[0]
    assert shown.out == ""


@pytest.mark.parametrize(
    ("raised", "exit_code"),
    [(Failure("no disk"), 1), (Misuse("no such disk"), 2), (KeyboardInterrupt(), 130)],
)
def test_a_command_that_fails_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    raised: BaseException,
    exit_code: int,
) -> None:
    def fails(**_options: object) -> None:
        raise raised

    monkeypatch.setattr(tokentill.commands["demo"], "callback", fails)
    assert main(["demo"]) == exit_code
    assert capsys.readouterr().err.strip() == str(raised)


def test_a_mistake_of_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise LookupError("a bug")

    monkeypatch.setattr(tokentill.commands["demo"], "callback", fails)
    with pytest.raises(LookupError):
        main(["demo"])


def test_a_program_of_its_own_reads_its_options_itself() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "local", "stripe", "--help"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0
    assert "--forward-to" in ran.stdout


def launched(link: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """The launcher, started in another folder by another name."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [link, "--help"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_launcher_works_in_any_folder_and_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "local.py").write_text("raise SystemExit('the wrong one')")
    link = tmp_path / "till"
    link.symlink_to(PROJECT / "tokentill")
    ran = launched(link, tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "tokentill" in ran.stdout


def test_the_launcher_says_what_to_do_where_the_tools_are_missing(tmp_path: Path) -> None:
    copy = tmp_path / "tokentill"
    copy.write_bytes((PROJECT / "tokentill").read_bytes())
    copy.chmod(0o755)
    ran = launched(copy, tmp_path)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.endswith(f"make -C '{tmp_path}' install\n")
