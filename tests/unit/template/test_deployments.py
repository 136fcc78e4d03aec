"""What a deployment changes: the schema before the code, and the webhook carefully."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.unit.template.permissions import resolved
from tests.unit.template.templates import (
    NESTED,
    PROJECT,
    functions,
    references_in,
    resources,
    translated,
    written,
)

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


def test_another_address_or_login_of_the_migrations_asks_for_the_schema_again() -> None:
    assert schema()["Environment"] == (functions()["MigrateFunction"]["Environment"]["Variables"])


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


def deployment_group(**conditions: bool) -> tuple[str, dict[str, Any]]:
    """How the webhook is deployed, and which alarms take it back."""
    (group,) = resources(translated(), "AWS::CodeDeploy::DeploymentGroup").values()
    decided = resolved(group, conditions)
    return decided["DeploymentConfigName"]["Fn::Sub"][1]["ConfigName"], decided[
        "AlarmConfiguration"
    ]


def test_the_webhook_is_deployed_to_a_tenth_first_and_taken_back_on_an_alarm() -> None:
    how, alarms = deployment_group()
    assert how == written()["Parameters"]["Canary"]["Default"] == "Canary10Percent5Minutes"
    assert alarms["Enabled"]
    assert {each["Name"]["Ref"] for each in alarms["Alarms"]} == {
        "WebhookErrorsAlarm",
        "RetriesAlarm",
    }


def test_a_fix_is_deployed_at_once_though_an_alarm_is_on() -> None:
    assert written()["Conditions"]["AtOnce"] == {"Fn::Equals": [{"Ref": "Canary"}, "AllAtOnce"]}
    assert deployment_group(AtOnce=True) == ("AllAtOnce", {})


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


def retained() -> dict[str, str]:
    """The deletion policy of what outlives its stack; versions end with their function."""
    return {
        name: resource["DeletionPolicy"]
        for stack in (translated(), *map(written, NESTED))
        for name, resource in stack["Resources"].items()
        if resource.get("DeletionPolicy", "Delete") != "Delete"
        if resource["Type"] != "AWS::Lambda::Version"
    }


def test_a_first_deployment_that_fails_leaves_no_key_behind() -> None:
    assert retained() == {"Key": "RetainExceptOnCreate", "Cluster": "Snapshot"}


def test_a_first_deployment_that_fails_can_be_taken_back() -> None:
    assert written()["Parameters"]["DeletionProtection"]["Default"] == "false"


def test_warnings_about_the_api_fail_no_deployment() -> None:
    api = resources(translated(), "AWS::ApiGatewayV2::Api")["HttpApi"]
    assert not api.get("FailOnWarnings")


# RDS knows these in lower case alone, and S3 refuses capitals; a stack's name may have them.
IN_LOWER_CASE = {
    "BucketName",
    "DBClusterIdentifier",
    "DBClusterParameterGroupName",
    "DBInstanceIdentifier",
    "DBProxyEndpointName",
    "DBProxyName",
    "DBSubnetGroupName",
}


def test_what_must_be_in_lower_case_is_not_called_after_the_stack() -> None:
    for stack in (translated(), *map(written, NESTED)):
        named = {
            (name, key): str(resource["Properties"][key])
            for name, resource in stack["Resources"].items()
            for key in IN_LOWER_CASE & set(resource.get("Properties", {}))
        }
        assert [each for each, value in named.items() if "AWS::StackName" in value] == []


def test_the_database_is_called_after_the_stacks_id_which_has_no_capitals() -> None:
    database = written(PROJECT / "stacks" / "database.yaml")["Parameters"]["Name"]
    given = written()["Resources"]["DatabaseStack"]["Properties"]["Parameters"]["Name"]
    assert database["AllowedPattern"] == "[a-z][a-z0-9-]*"
    stack_id = "arn:aws:cloudformation:eu-central-1:123456789012:stack/My-Till/da621359-d885-4dcd"
    assert computed(given, stack_id) == "tokentill-da621359"


def computed(value: Any, stack_id: str) -> Any:
    """What CloudFormation makes of a name, in the stack of this id."""
    match value:
        case {"Ref": "AWS::StackId"}:
            return stack_id
        case {"Fn::Split": [separator, text]}:
            return computed(text, stack_id).split(separator)
        case {"Fn::Select": [index, parts]}:
            return computed(parts, stack_id)[int(index)]
        case {"Fn::Sub": [text, values]}:
            for name, each in values.items():
                text = text.replace(f"${{{name}}}", computed(each, stack_id))
            return text
    raise NotImplementedError(value)


def test_the_key_is_for_the_databases_log_whatever_the_database_is_called() -> None:
    (log,) = resources(
        written(PROJECT / "stacks" / "database.yaml"), "AWS::Logs::LogGroup"
    ).values()
    key = json.dumps(resources(translated(), "AWS::KMS::Key")["Key"])
    assert log["LogGroupName"] == {"Fn::Sub": "/aws/rds/cluster/${Name}/postgresql"}
    assert ":log-group:/aws/rds/cluster/tokentill-*" in key


# As CloudFormation's registry has it: `"tagging": {"taggable": ...}` of each type's schema.
TAKE_NO_TAGS = {
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::CloudFormation::CustomResource",
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::IAM::ManagedPolicy",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
    "Custom::Schema",
}
TAKE_TAGS = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudFormation::Stack",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::EC2::EIP",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::Events::Rule",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBClusterParameterGroup",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBProxy",
    "AWS::RDS::DBProxyEndpoint",
    "AWS::RDS::DBProxyTargetGroup",
    "AWS::RDS::DBSubnetGroup",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
}


def test_the_stacks_tags_reach_everything_that_takes_tags() -> None:
    """CloudFormation hands them down, to nested stacks too, where a resource has no such key."""
    for stack in (translated(), *map(written, NESTED)):
        types = {resource["Type"] for resource in stack["Resources"].values()}
        assert types - TAKE_NO_TAGS - TAKE_TAGS == set()
        own = {
            tag["Key"]
            for resource in stack["Resources"].values()
            for tag in resource.get("Properties", {}).get("Tags", [])
            if isinstance(tag, dict)
        }
        assert own <= {"Name", "lambda:createdBy", "httpapi:createdBy"}


def test_snapshots_of_the_database_have_its_tags() -> None:
    database = written(PROJECT / "stacks" / "database.yaml")
    assert resources(database, "AWS::RDS::DBCluster")["Cluster"]["CopyTagsToSnapshot"]
