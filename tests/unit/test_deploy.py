"""Deploying a stack: its answers are its own, and what cannot work is said before it begins."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from local import Failure, Misuse
from local.deploy import SAM_CLI, run, version

PROJECT = Path(__file__).resolve().parents[2]

SAM = """#!/bin/sh
if [ "$1" = --version ]; then echo "SAM CLI, version {version}"; exit; fi
printf '%s\\n' "$*" >> "{folder}/asked"
exit {exit_code}
"""


@dataclass(frozen=True)
class Checkout:
    """A folder with the project's samconfig.toml, and a SAM CLI that notes what it is asked."""

    folder: Path

    def with_sam(self, version: str, exit_code: int = 0) -> Checkout:
        sam = self.folder / ".venv-sam" / "bin" / "sam"
        sam.parent.mkdir(parents=True, exist_ok=True)
        sam.write_text(SAM.format(version=version, folder=self.folder, exit_code=exit_code))
        sam.chmod(0o755)
        return self

    def answers(self, stack: str, **kept: str) -> None:
        """What `sam deploy --guided` leaves in the stack's file."""
        with (self.folder / f"samconfig.{stack}.toml").open("a") as file:
            file.writelines(f'{name} = "{value}"\n' for name, value in kept.items())

    def deploy(self, stack: str, *options: str) -> list[str]:
        """What SAM was asked."""
        asked = self.folder / "asked"
        asked.unlink(missing_ok=True)
        assert run(stack, options, self.folder) == 0
        return asked.read_text().splitlines()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    shutil.copy(PROJECT / "samconfig.toml", tmp_path)
    # Neither a SAM CLI nor an AWS CLI of this machine.
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return Checkout(tmp_path).with_sam("1.170.0")


def test_the_first_time_it_builds_and_then_asks(checkout: Checkout) -> None:
    file = checkout.folder / "samconfig.till.toml"
    assert checkout.deploy("till") == [
        "build",
        f"deploy --guided --config-file {file} --stack-name till",
    ]


def test_what_was_answered_is_not_asked_again(checkout: Checkout) -> None:
    checkout.deploy("till")
    checkout.answers("till", stack_name="till", parameter_overrides="Database=aurora")
    _, deployed = checkout.deploy("till", "--parameter-overrides", "Canary=AllAtOnce")
    assert "--guided" not in deployed
    assert deployed.endswith("--stack-name till --parameter-overrides Canary=AllAtOnce")


def test_what_was_answered_for_the_sandbox_is_not_found_by_live(checkout: Checkout) -> None:
    checkout.deploy("sandbox")
    checkout.answers("sandbox", stack_name="sandbox", parameter_overrides="StripeLivemode=false")
    _, deployed = checkout.deploy("live")
    assert f"--guided --config-file {checkout.folder}/samconfig.live.toml" in deployed
    assert "StripeLivemode" not in (checkout.folder / "samconfig.live.toml").read_text()


def test_a_stacks_file_begins_with_what_all_share(checkout: Checkout) -> None:
    checkout.deploy("till")
    shared = (PROJECT / "samconfig.toml").read_text()
    assert (checkout.folder / "samconfig.till.toml").read_text() == shared
    kept = tomllib.loads(shared)["default"]["deploy"]["parameters"]
    assert set(kept["capabilities"].split()) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}


def test_git_ignores_the_answers_and_keeps_what_all_share() -> None:
    asked = ["samconfig.tokentill-live.toml", "samconfig.toml"]
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", *asked],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if ignored.returncode == 128:
        pytest.skip("not a checkout of git")
    assert ignored.stdout.split() == ["samconfig.tokentill-live.toml"]


def test_what_all_share_names_no_stack_so_that_a_plain_sam_deploy_finds_none() -> None:
    shared = tomllib.loads((PROJECT / "samconfig.toml").read_text())["default"]
    assert "global" not in shared
    assert {"stack_name", "parameter_overrides"} & set(shared["deploy"]["parameters"]) == set()


def test_answers_that_a_plain_guided_run_left_for_everybody_are_refused(checkout: Checkout) -> None:
    with (checkout.folder / "samconfig.toml").open("a") as shared:
        shared.write('parameter_overrides = "StripeLivemode=false"\n')
    with pytest.raises(Failure, match=r"Take them out: git checkout samconfig\.toml"):
        run("live", (), checkout.folder)


def test_a_file_with_the_answers_of_another_stack_is_refused(checkout: Checkout) -> None:
    checkout.deploy("live")
    checkout.answers("live", stack_name="sandbox", parameter_overrides="")
    with pytest.raises(Failure, match=r"samconfig\.live\.toml has the answers of sandbox"):
        run("live", (), checkout.folder)


@pytest.mark.parametrize("name", ["Tokentill-Live", "t", "a" * 53])
def test_a_stack_may_have_capitals(checkout: Checkout, name: str) -> None:
    assert checkout.deploy(name)[-1].endswith(f"--stack-name {name}")


@pytest.mark.parametrize("name", ["", "1till", "my_till", "my till", "../till", "a" * 54])
def test_what_cloudformation_or_lambda_would_refuse_is_refused_at_once(
    checkout: Checkout, name: str
) -> None:
    with pytest.raises(Misuse, match="cannot be the name of a stack"):
        run(name, (), checkout.folder)
    assert not (checkout.folder / "asked").exists()


def test_a_sam_cli_that_does_not_know_the_runtime_is_refused(checkout: Checkout) -> None:
    checkout.with_sam("1.127.9")
    with pytest.raises(Failure, match=r"must be 1\.128 or newer, and this is 1\.127: make build"):
        run("till", (), checkout.folder)
    assert not (checkout.folder / "asked").exists()


def test_no_sam_cli_at_all_is_refused_with_how_to_get_one(checkout: Checkout) -> None:
    shutil.rmtree(checkout.folder / ".venv-sam")
    with pytest.raises(Failure, match="none runs: make build brings one"):
        run("till", (), checkout.folder)


def test_an_aws_cli_that_cannot_do_what_the_documents_say_is_told(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    aws = checkout.folder / "bin" / "aws"
    aws.parent.mkdir()
    aws.write_text("#!/bin/sh\necho aws-cli/1.45.11 Python/3.11.7\n")
    aws.chmod(0o755)
    checkout.deploy("till")
    assert "need the AWS CLI 2; here is 1.45." in capsys.readouterr().err


def test_the_sam_cli_that_is_locked_is_new_enough() -> None:
    found = version(str(PROJECT / ".venv-sam" / "bin" / "sam"))
    assert found is not None
    assert found >= SAM_CLI


def test_a_build_that_fails_is_not_deployed(checkout: Checkout) -> None:
    checkout.with_sam("1.170.0", exit_code=3)
    assert run("till", (), checkout.folder) == 3
    assert (checkout.folder / "asked").read_text().splitlines() == ["build"]
