"""What a deployment changes: the schema before the code, and the webhook carefully."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.unit.template.templates import PROJECT, functions, references_in, resources, translated

SQL = PROJECT / "sql" / "schema"


def schema(artefact: str = "artefact") -> dict[str, Any]:
    return resources(translated(artefact), "Custom::Schema")["Schema"]


def version_of(function: str, artefact: str = "artefact") -> str:
    versions = resources(translated(artefact), "AWS::Lambda::Version")
    (name,) = [name for name, each in versions.items() if each["FunctionName"] == {"Ref": function}]
    return name


def named_by_sam(*folders: Path) -> list[str]:
    """The names that `sam deploy` gives to zip files of the folders: digests of their content."""
    script = (
        "import sys; from samcli.lib.utils.hash import dir_checksum;"
        " print(*(dir_checksum(folder, followlinks=True) for folder in sys.argv[1:]))"
    )
    command = [PROJECT / ".venv-sam/bin/python", "-c", script, *folders]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def copied(folder: Path) -> Path:
    folder.mkdir()
    for path in SQL.glob("*.sql"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_a_changed_migration_is_another_artefact_and_a_copy_is_the_same(tmp_path: Path) -> None:
    before, same, after = (copied(tmp_path / name) for name in ("before", "same", "after"))
    (after / "9999_more.sql").write_text("SELECT 1")
    first, second, third = named_by_sam(before, same, after)
    assert (first == second, first == third) == (True, False)


def test_another_artefact_asks_for_the_schema_again() -> None:
    assert schema()["Code"] != schema("another")["Code"]


def test_the_schema_waits_for_the_code_that_makes_it() -> None:
    assert schema()["Code"] == {"Ref": version_of("MigrateFunction")}


def test_cloudformation_waits_longer_than_the_function_lives() -> None:
    assert functions()["MigrateFunction"]["Timeout"] < schema()["ServiceTimeout"] < 3600


def test_every_other_function_gets_new_code_after_the_schema() -> None:
    waiting = {
        name for name in functions() if translated()["Resources"][name].get("DependsOn") == "Schema"
    }
    assert waiting == set(functions()) - {"MigrateFunction", "WebhookFunction"}


def test_the_webhook_goes_live_after_its_schema() -> None:
    version = resources(translated(), "AWS::Lambda::Version")[version_of("WebhookFunction")]
    assert version["Description"] == {"Fn::Sub": "settings ${Schema.SettingsDigest}"}


def test_the_settings_digest_is_over_the_webhooks_environment() -> None:
    assert (
        schema()["Settings"]["Environment"]
        == (functions()["WebhookFunction"]["Environment"]["Variables"])
    )


def test_the_settings_digest_is_over_all_parameters_that_the_webhook_has() -> None:
    webhook = functions()["WebhookFunction"]
    versioned = {key: webhook[key] for key in ("Environment", "VpcConfig", "SnapStart")}
    parameters = references_in(versioned) & set(translated()["Parameters"])
    assert parameters <= references_in(schema()["Settings"])


def test_a_new_artefact_is_a_new_version_of_the_webhook() -> None:
    assert version_of("WebhookFunction") != version_of("WebhookFunction", "another")


def test_the_webhook_is_deployed_to_a_tenth_first_and_taken_back_on_an_alarm() -> None:
    (group,) = resources(translated(), "AWS::CodeDeploy::DeploymentGroup").values()
    alarms = {each["Name"]["Ref"] for each in group["AlarmConfiguration"]["Alarms"]}
    assert "Canary10Percent5Minutes" in json.dumps(group["DeploymentConfigName"])
    assert alarms == {"WebhookErrorsAlarm", "RetriesAlarm"}


def test_deliveries_go_to_the_alias_that_is_deployed_carefully() -> None:
    api = json.dumps(resources(translated(), "AWS::ApiGatewayV2::Api")["HttpApi"])
    (rule,) = resources(translated(), "AWS::Events::Rule").values()
    assert "${WebhookFunctionAliaslive}" in api
    assert rule["Targets"][0]["Arn"] == {"Ref": "WebhookFunctionAliaslive"}


def test_eventbridge_brings_only_what_stripe_sends() -> None:
    (rule,) = resources(translated(), "AWS::Events::Rule").values()
    assert rule["EventPattern"] == {"source": [{"prefix": "aws.partner/stripe.com"}]}


def test_what_is_not_delivered_is_repeated_and_then_kept() -> None:
    (rule,) = resources(translated(), "AWS::Events::Rule").values()
    (schedule,) = resources(translated(), "AWS::Scheduler::Schedule").values()
    targets = [*rule["Targets"], schedule["Target"]]
    assert [each for each in targets if not {"RetryPolicy", "DeadLetterConfig"} <= set(each)] == []


def test_the_schedule_sends_what_reconcile_takes_for_its_schedule() -> None:
    (schedule,) = resources(translated(), "AWS::Scheduler::Schedule").values()
    assert json.loads(schedule["Target"]["Input"])["detail-type"] == "Scheduled Event"


def test_two_stacks_can_live_in_one_account() -> None:
    named = ("FunctionName", "QueueName", "LogGroupName", "DashboardName", "Name", "DBProxyName")
    fixed = [
        (name, properties[key])
        for name, resource in translated()["Resources"].items()
        if resource["Type"] != "AWS::Lambda::Alias"
        for properties in [resource.get("Properties", {})]
        for key in named
        if isinstance(properties.get(key), str)
    ]
    assert fixed == []
