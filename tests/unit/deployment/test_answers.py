"""Preflight takes what `sam deploy` would take, from the same places."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import Misuse
from local.deployment.answers import answers, file_of, pairs
from local.deployment.template import PROJECT

TOML = """
[default.global.parameters]
region = "eu-central-1"

[default.deploy.parameters]
profile = "sandbox"
parameter_overrides = 'Database="secret" DatabaseName="a b"'

[live.deploy.parameters]
parameter_overrides = ["Database=aurora", "StripeLivemode=true"]
"""
YAML = """
default:
  deploy:
    parameters:
      parameter_overrides:
        - Database=iam
        - SubnetIds: [subnet-0a, subnet-0b]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "samconfig.toml"
    path.write_text(TOML)
    return path


def test_the_default_environment_is_read_with_what_holds_for_every_command(file: Path) -> None:
    found = answers("till", config_file=file)
    assert (found.stack_name, found.region, found.profile) == ("till", "eu-central-1", "sandbox")
    assert found.parameters == {"Database": "secret", "DatabaseName": "a b"}


def test_another_environment_has_nothing_of_the_default_one(file: Path) -> None:
    found = answers("till", config_file=file, config_env="live")
    assert (found.stack_name, found.region, found.profile) == ("till", None, None)
    assert found.parameters == {"Database": "aurora", "StripeLivemode": "true"}


def test_what_the_command_line_says_replaces_what_is_saved(file: Path) -> None:
    found = answers(
        "till",
        config_file=file,
        region="us-east-1",
        parameter_overrides=["Database=iam"],
    )
    assert found.region == "us-east-1"
    assert found.parameters == {"Database": "iam"}


def test_the_file_may_be_yaml(tmp_path: Path) -> None:
    path = tmp_path / "samconfig.yaml"
    path.write_text(YAML)
    assert answers("till", config_file=path).parameters == {
        "Database": "iam",
        "SubnetIds": "subnet-0a,subnet-0b",
    }


def test_the_file_is_that_of_the_stack_or_else_the_one_that_it_begins_with(tmp_path: Path) -> None:
    assert file_of("till", tmp_path) == tmp_path / "samconfig.toml"
    own = tmp_path / "samconfig.till.toml"
    own.write_text(TOML)
    assert file_of("till", tmp_path) == own
    assert file_of("till-live", tmp_path) == tmp_path / "samconfig.toml"


def test_a_stack_that_has_not_been_deployed_has_no_answers_yet() -> None:
    assert answers("preflight-never-deployed").parameters == {}


def test_what_cannot_be_a_stacks_name_is_told() -> None:
    with pytest.raises(Misuse, match="cannot be the name of a stack"):
        answers("my till")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"config_env": "staging"}, "no environment 'staging'"),
        ({"config_file": Path("nowhere.toml")}, "There is no nowhere.toml"),
        ({"parameter_overrides": ["Database"]}, "must be Name=value"),
        ({"parameter_overrides": ["file://them.yaml"]}, "are not read"),
        ({"parameter_overrides": ["Database='aurora"]}, "does not end"),
    ],
)
def test_what_cannot_be_read_is_told(options: dict[str, Any], told: str) -> None:
    with pytest.raises(Misuse, match=told):
        answers("till", **options)


def test_a_file_that_is_no_toml_is_told(tmp_path: Path) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text("stack_name: till")
    with pytest.raises(Misuse, match=r"samconfig\.toml cannot be read"):
        answers("till", config_file=path)


FORMS: list[Any] = [
    "Database=secret StripeLivemode=true",
    'Database="secret" AlarmEmail="ops@example.com" DatabaseReaderHost=""',
    'DatabaseName="a name with blanks" Database=iam',
    "DatabaseSecretArn=arn:aws:secretsmanager:eu-central-1:123456789012:secret:a=b-c",
    "SubnetIds=subnet-0a,subnet-0b Database=aurora",
    "ParameterKey=Database,ParameterValue=aurora ParameterKey=VpcId,ParameterValue=vpc-0a",
    ["Database=secret", "StripeLivemode=true"],
    {"Database": "iam", "WebhookConcurrency": 5, "SubnetIds": ["subnet-0a", "subnet-0b"]},
]


def test_every_form_is_read_as_sam_reads_it() -> None:
    script = (
        "import json, sys; from samcli.cli.types import CfnParameterOverridesType as T;"
        " print(json.dumps([T().convert(each, None, None) for each in json.load(sys.stdin)]))"
    )
    sam = subprocess.run(
        [PROJECT / ".venv-sam" / "bin" / "python", "-c", script],
        input=json.dumps(FORMS),
        capture_output=True,
        text=True,
        check=True,
    )
    assert [dict(pairs(each)) for each in FORMS] == json.loads(sam.stdout)
