"""What a deployer must be allowed to do: the actions for each type of resource that is made, and
nothing for types that are not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from local.deployment.permissions import POLICIES, condition_of, statements
from tests.unit.template.permissions import listed
from tests.unit.template.templates import NESTED, translated, written


def of(service: str, names: str) -> set[str]:
    return {f"{service}:{name}" for name in names.split()}


ROLES = of("iam", "CreateRole GetRole DeleteRole UpdateRole UpdateRoleDescription TagRole") | of(
    "iam",
    "UntagRole UpdateAssumeRolePolicy AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies"
    " PutRolePolicy GetRolePolicy DeleteRolePolicy ListRolePolicies PassRole"
    " PutRolePermissionsBoundary DeleteRolePermissionsBoundary",
)
TAGS = "TagResource UntagResource"
# What CloudFormation calls, with the deployer's rights, to make, change, read and delete each type:
# "handlers" in the type's schema, https://docs.aws.amazon.com/cloudformation-cli/
NEEDED: dict[str, set[str]] = {
    "AWS::ApiGatewayV2::Api": of("apigateway", f"POST GET PATCH PUT DELETE {TAGS}"),
    "AWS::ApiGatewayV2::ApiMapping": of("apigateway", "POST GET PATCH DELETE"),
    "AWS::ApiGatewayV2::DomainName": of("apigateway", "POST GET PATCH PUT DELETE")
    | {"iam:CreateServiceLinkedRole"},
    "AWS::ApiGatewayV2::Stage": of("apigateway", "POST GET PATCH DELETE")
    | of("logs", "CreateLogDelivery GetLogDelivery UpdateLogDelivery DeleteLogDelivery")
    | of("logs", "ListLogDeliveries PutResourcePolicy DescribeResourcePolicies DescribeLogGroups"),
    "AWS::CloudFormation::Stack": of(
        "cloudformation",
        "CreateStack UpdateStack DeleteStack DescribeStacks DescribeStackEvents"
        " ListStackResources GetTemplate",
    ),
    "AWS::CloudWatch::Alarm": of("cloudwatch", "PutMetricAlarm DescribeAlarms DeleteAlarms")
    | of("cloudwatch", f"ListTagsForResource {TAGS}"),
    "AWS::CloudWatch::Dashboard": of("cloudwatch", "PutDashboard GetDashboard DeleteDashboards"),
    "AWS::CodeDeploy::Application": of("codedeploy", "CreateApplication GetApplication")
    | of("codedeploy", f"UpdateApplication DeleteApplication ListTagsForResource {TAGS}"),
    "AWS::CodeDeploy::DeploymentGroup": of("codedeploy", "CreateDeploymentGroup GetDeploymentGroup")
    | of("codedeploy", "UpdateDeploymentGroup DeleteDeploymentGroup GetDeploymentConfig")
    | {"iam:PassRole"},
    "AWS::EC2::EIP": of(
        "ec2", "AllocateAddress ReleaseAddress DescribeAddresses DisassociateAddress"
    ),
    "AWS::EC2::InternetGateway": of("ec2", "CreateInternetGateway DeleteInternetGateway CreateTags")
    | of("ec2", "DeleteTags DescribeInternetGateways"),
    "AWS::EC2::NatGateway": of("ec2", "CreateNatGateway DeleteNatGateway DescribeNatGateways"),
    "AWS::EC2::Route": of("ec2", "CreateRoute DeleteRoute ReplaceRoute DescribeRouteTables"),
    "AWS::EC2::RouteTable": of("ec2", "CreateRouteTable DeleteRouteTable DescribeRouteTables"),
    "AWS::EC2::SecurityGroup": of("ec2", "CreateSecurityGroup DeleteSecurityGroup")
    | of("ec2", "DescribeSecurityGroups AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress")
    | of("ec2", "RevokeSecurityGroupEgress RevokeSecurityGroupIngress"),
    "AWS::EC2::SecurityGroupEgress": of("ec2", "AuthorizeSecurityGroupEgress")
    | of("ec2", "RevokeSecurityGroupEgress DescribeSecurityGroups"),
    "AWS::EC2::SecurityGroupIngress": of("ec2", "AuthorizeSecurityGroupIngress")
    | of("ec2", "RevokeSecurityGroupIngress DescribeSecurityGroups"),
    "AWS::EC2::Subnet": of("ec2", "CreateSubnet DeleteSubnet DescribeSubnets ModifySubnetAttribute")
    | of("ec2", "DescribeAvailabilityZones"),
    "AWS::EC2::SubnetRouteTableAssociation": of(
        "ec2", "AssociateRouteTable DisassociateRouteTable"
    ),
    "AWS::EC2::VPC": of("ec2", "CreateVpc DeleteVpc DescribeVpcs ModifyVpcAttribute")
    | of("ec2", "DescribeVpcAttribute"),
    "AWS::EC2::VPCEndpoint": of("ec2", "CreateVpcEndpoint ModifyVpcEndpoint DeleteVpcEndpoints")
    | of("ec2", "DescribeVpcEndpoints"),
    "AWS::EC2::VPCGatewayAttachment": of("ec2", "AttachInternetGateway DetachInternetGateway"),
    "AWS::Events::Rule": of("events", "PutRule DescribeRule DeleteRule PutTargets RemoveTargets")
    | of("events", f"ListTargetsByRule ListTagsForResource {TAGS}"),
    "AWS::IAM::ManagedPolicy": of("iam", "CreatePolicy GetPolicy DeletePolicy CreatePolicyVersion")
    | of("iam", "GetPolicyVersion DeletePolicyVersion ListPolicyVersions ListEntitiesForPolicy")
    | of("iam", "TagPolicy UntagPolicy"),
    "AWS::IAM::Role": ROLES,
    "AWS::KMS::Key": of("kms", "CreateKey DescribeKey PutKeyPolicy GetKeyPolicy EnableKeyRotation")
    | of("kms", "GetKeyRotationStatus UpdateKeyDescription ScheduleKeyDeletion ListResourceTags")
    | of("kms", f"EnableKey DisableKey DisableKeyRotation {TAGS}"),
    "AWS::Lambda::Alias": of("lambda", "CreateAlias GetAlias UpdateAlias DeleteAlias")
    | of("lambda", "GetProvisionedConcurrencyConfig")
    # A canary shifts the alias.
    | of("codedeploy", "CreateDeployment GetDeployment StopDeployment RegisterApplicationRevision")
    | of("codedeploy", "GetApplicationRevision GetDeploymentConfig"),
    "AWS::Lambda::EventInvokeConfig": of("lambda", "PutFunctionEventInvokeConfig")
    | of("lambda", "GetFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig")
    | of("lambda", "DeleteFunctionEventInvokeConfig"),
    "AWS::Lambda::Function": of("lambda", "CreateFunction GetFunction DeleteFunction")
    | of("lambda", "UpdateFunctionCode UpdateFunctionConfiguration GetFunctionConfiguration")
    | of("lambda", "PutFunctionConcurrency DeleteFunctionConcurrency GetFunctionConcurrency")
    | of("lambda", "GetFunctionCodeSigningConfig GetRuntimeManagementConfig")
    | of("lambda", f"GetFunctionRecursionConfig ListTags {TAGS}")
    | of("ec2", "DescribeSecurityGroups DescribeSubnets DescribeVpcs DescribeNetworkInterfaces")
    | {"iam:PassRole", "s3:GetObject"},
    "AWS::Lambda::Permission": of("lambda", "AddPermission RemovePermission GetPolicy"),
    "AWS::Lambda::Version": of("lambda", "PublishVersion ListVersionsByFunction DeleteFunction"),
    "AWS::Logs::LogGroup": of("logs", "CreateLogGroup DescribeLogGroups DeleteLogGroup")
    | of("logs", "PutRetentionPolicy DeleteRetentionPolicy AssociateKmsKey DisassociateKmsKey")
    | of("logs", f"ListTagsForResource {TAGS}"),
    "AWS::RDS::DBCluster": of("rds", "CreateDBCluster DescribeDBClusters ModifyDBCluster")
    | of("rds", "DeleteDBCluster CreateDBClusterSnapshot DescribeDBClusterSnapshots")
    | of("rds", "DescribeDBClusterAutomatedBackups DescribeEvents DescribeGlobalClusters")
    | of("rds", "AddTagsToResource RemoveTagsFromResource ListTagsForResource")
    | of("kms", "DescribeKey CreateGrant Decrypt Encrypt GenerateDataKey")
    # RDS keeps the administrator's password.
    | of("secretsmanager", "CreateSecret DescribeSecret TagResource")
    | {"iam:CreateServiceLinkedRole"},
    "AWS::RDS::DBClusterParameterGroup": of("rds", "CreateDBClusterParameterGroup")
    | of("rds", "DescribeDBClusterParameterGroups DescribeDBClusterParameters")
    | of("rds", "ModifyDBClusterParameterGroup ResetDBClusterParameterGroup")
    | of("rds", "DeleteDBClusterParameterGroup DescribeEngineDefaultClusterParameters"),
    "AWS::RDS::DBInstance": of("rds", "CreateDBInstance DescribeDBInstances ModifyDBInstance")
    | of("rds", "DeleteDBInstance RebootDBInstance DescribeDBInstanceAutomatedBackups")
    | of("rds", "DescribeDBParameterGroups DescribeDBSnapshots DescribeEvents")
    | of("ec2", "DescribeAccountAttributes"),
    "AWS::RDS::DBProxy": of("rds", "CreateDBProxy DescribeDBProxies ModifyDBProxy DeleteDBProxy")
    | {"iam:PassRole"},
    "AWS::RDS::DBProxyEndpoint": of("rds", "CreateDBProxyEndpoint DescribeDBProxyEndpoints")
    | of("rds", "ModifyDBProxyEndpoint DeleteDBProxyEndpoint"),
    "AWS::RDS::DBProxyTargetGroup": of("rds", "DescribeDBProxyTargetGroups DescribeDBProxyTargets")
    | of("rds", "ModifyDBProxyTargetGroup RegisterDBProxyTargets DeregisterDBProxyTargets"),
    "AWS::RDS::DBSubnetGroup": of("rds", "CreateDBSubnetGroup DescribeDBSubnetGroups")
    | of("rds", "ModifyDBSubnetGroup DeleteDBSubnetGroup"),
    "AWS::S3::Bucket": of("s3", "CreateBucket DeleteBucket ListBucket GetBucketLocation")
    | of("s3", "PutBucketPublicAccessBlock GetBucketPublicAccessBlock PutBucketOwnershipControls")
    | of("s3", "GetBucketOwnershipControls PutEncryptionConfiguration GetEncryptionConfiguration")
    | of("s3", "PutLifecycleConfiguration GetLifecycleConfiguration PutBucketTagging")
    | of("s3", "GetBucketTagging"),
    "AWS::S3::BucketPolicy": of("s3", "PutBucketPolicy GetBucketPolicy DeleteBucketPolicy"),
    "AWS::SNS::Subscription": of("sns", "Subscribe Unsubscribe GetSubscriptionAttributes")
    | of("sns", "SetSubscriptionAttributes"),
    "AWS::SNS::Topic": of("sns", "CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes")
    | of("sns", "GetDataProtectionPolicy")
    | of("sns", f"ListSubscriptionsByTopic ListTagsForResource {TAGS}"),
    "AWS::SQS::Queue": of("sqs", "CreateQueue DeleteQueue GetQueueAttributes SetQueueAttributes")
    | of("sqs", "GetQueueUrl ListQueueTags TagQueue UntagQueue"),
    "AWS::SQS::QueuePolicy": of("sqs", "SetQueueAttributes GetQueueAttributes"),
    "AWS::Scheduler::Schedule": of("scheduler", "CreateSchedule GetSchedule UpdateSchedule")
    | {"scheduler:DeleteSchedule", "iam:PassRole"},
    # CloudFormation invokes the function with the deployer's rights.
    "Custom::Schema": {"lambda:InvokeFunction"},
}
# What `sam deploy` itself calls, the bucket of artefacts that it makes, and preflight.
BESIDES = (
    of("cloudformation", "CreateChangeSet DescribeChangeSet ExecuteChangeSet DeleteChangeSet")
    | of("cloudformation", "GetTemplateSummary ValidateTemplate")
    | of("s3", "PutObject GetObject PutBucketVersioning GetBucketVersioning")
    | {"lambda:GetAccountSettings", "rds:DescribeDBEngineVersions"}
    | {"iam:SimulatePrincipalPolicy", "secretsmanager:GetSecretValue"}
)


def types_made() -> set[str]:
    """The types in all templates, as CloudFormation gets them."""
    templates = [translated(), *map(written, NESTED)]
    return {each["Type"] for template in templates for each in template["Resources"].values()}


def allowed() -> set[str]:
    return {action for statement in statements() for action in statement["Action"]}


def test_every_type_that_is_made_is_known_here_and_no_other() -> None:
    assert set(NEEDED) == types_made()


@pytest.mark.parametrize("kind", NEEDED)
def test_each_type_has_its_actions(kind: str) -> None:
    assert NEEDED[kind] - allowed() == set()


def test_nothing_is_allowed_that_no_type_needs() -> None:
    assert allowed() - set[str]().union(*NEEDED.values(), BESIDES) == set()


def test_what_is_named_for_a_condition_is_named_for_one_of_the_template() -> None:
    """So that a type which is made under a condition is not asked for where it does not hold."""
    named = {
        service
        for statement in statements()
        if condition_of(statement, written())
        for service in {action.partition(":")[0] for action in statement["Action"]}
    }
    assert named == {"apigateway", "ec2", "events", "iam", "rds", "secretsmanager"}


def test_nothing_is_named_twice_in_a_statement_and_no_statement_has_anothers_name() -> None:
    names = [statement["Sid"] for statement in statements()]
    assert len(names) == len(set(names))
    assert all(each["Action"] == sorted(set(each["Action"])) for each in statements())


def test_no_action_and_no_passing_of_roles_is_without_a_bound() -> None:
    assert not any("*" in action for action in allowed())
    (passing,) = [each for each in statements() if "iam:PassRole" in each["Action"]]
    assert passing["Condition"]["StringEquals"]["iam:PassedToService"]
    free = {each["Sid"] for each in statements() if listed(each["Resource"]) == ["*"]}
    assert not free & {"Roles", "RolesOfServices", "Policies", "Functions", "PreflightReadsSecrets"}


@pytest.mark.parametrize(("policy", "most"), [*zip(POLICIES, (10_240, 6_144), strict=True)])
def test_each_policy_is_as_small_as_iam_wants_it(policy: Any, most: int) -> None:
    """A role's own policies, and a managed one: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    assert len(re.sub(r"\s", "", policy.read_text())) <= most
    assert json.loads(policy.read_text())["Version"] == "2012-10-17"
