"""The example of a deployment from CI says only what is there."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from typing import Any

import pytest
import yaml

from local.__main__ import tokentill
from tests.unit.template.templates import PROJECT

CI = PROJECT / "docs" / "ci"
WORKFLOW: dict[Any, Any] = yaml.safe_load((CI / "github-deploy.yml").read_text(encoding="utf-8"))
TRUST = json.loads((CI / "github-trust-policy.json").read_text(encoding="utf-8"))
(JOB,) = WORKFLOW["jobs"].values()
STEPS: list[dict[str, Any]] = JOB["steps"]
RUN = [step["run"] for step in STEPS if "run" in step]
USED = {step["uses"].partition("@")[0]: step.get("with", {}) for step in STEPS if "uses" in step}


def options_of(command: str) -> set[str]:
    return set(re.findall(r"--[a-z-]+", command))


def test_it_may_get_a_token_and_read_the_code_and_nothing_else() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read", "id-token": "write"}


def test_aws_is_asked_by_a_role_and_no_key_is_named() -> None:
    assert USED["aws-actions/configure-aws-credentials"].keys() == {"role-to-assume", "aws-region"}
    assert "secrets." not in (CI / "github-deploy.yml").read_text()


def test_it_looks_before_and_after_it_deploys() -> None:
    words = [shlex.split(command, comments=True) for command in RUN]
    assert {word[0] for word in words} == {"make"}
    assert [word[1] for word in words] == ["build", "preflight", "deploy", "smoke"]


def test_the_targets_of_make_that_it_names_are_there() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = [found[1] for command in RUN if (found := re.match(r"make ([a-z-]+)", command))]
    assert set(named) <= targets


@pytest.mark.parametrize("command", RUN[1:])
def test_each_target_hands_on_what_it_is_given_to_a_command_that_is_there(command: str) -> None:
    target, *variables = shlex.split(command.replace("$STACK", "tokentill"))[1:]
    recipe = subprocess.run(
        ["make", "-n", "-o", ".venv/ready", "-o", ".venv-sam/ready", target, *variables],
        cwd=PROJECT,
        # What `make test` was given is not for this one.
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert target in tokentill.commands
    program, name, stack, *options = shlex.split(recipe.stdout)
    assert (program, name, stack) == ("./tokentill", target, "tokentill")
    assert options == [each.partition("=")[2] for each in variables if each.startswith("ARGS")]


def test_sam_deploy_has_the_options_that_it_is_given() -> None:
    (deploy,) = [command for command in RUN if command.startswith("make deploy")]
    program = PROJECT / ".venv-sam" / "bin" / "sam"
    told = subprocess.run([program, "deploy", "--help"], capture_output=True, text=True, check=True)
    assert options_of(deploy) == {"--no-confirm-changeset"}
    assert options_of(deploy) <= options_of(told.stdout)


def test_only_the_environments_of_one_repository_may_take_the_role() -> None:
    (statement,) = TRUST["Statement"]
    issuer = statement["Principal"]["Federated"].partition("oidc-provider/")[2]
    claims = statement["Condition"]["StringEquals"]
    environments = WORKFLOW[True]["workflow_dispatch"]["inputs"]["environment"]["options"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert claims == {
        f"{issuer}:aud": "sts.amazonaws.com",
        f"{issuer}:sub": [f"repo:OWNER/REPOSITORY:environment:{each}" for each in environments],
    }
