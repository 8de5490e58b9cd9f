"""Whoever deploys has every right that the resources of a whole stack take, and the table of them misses no type.

Sources: AWS's Service Authorization Reference for actions and the ARNs that they are asked for; the AWS provider's code
for what it calls beside making, changing and deleting; and where it stands beside a need, the page of a service.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import pytest

from infra.account import Account
from infra.delivery.rights import preview_policy
from infra.naming import Naming
from tests.infra.contract import statements
from tests.infra.graph import Node
from tests.infra.program import EVERYTHING, graph

ACCOUNT = Account(partition="aws", region="us-east-1", account_id="123456789012")
NAME = "lambda-sqlite-everything"
NAMING = Naming(project="lambda-sqlite", stack="everything", stage="prod")
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
TAGS = {"Project": "lambda-sqlite", "Stack": "everything"}
BORN = {f"aws:RequestTag/{key}": value for key, value in TAGS.items()}
OWNED = {f"aws:ResourceTag/{key}": value for key, value in TAGS.items()}
BOUNDED = {"iam:PermissionsBoundary": BOUNDARY}
NOTHING: dict[str, str] = {}


@dataclass(frozen=True)
class Need:
    """Actions on a resource: its ARN without `arn:aws:`, in which `{key}` is an input, and what AWS knows meanwhile."""

    actions: str
    on: str = "*"
    context: dict[str, str] | None = None


def _passed(role: str, service: str) -> Need:
    return Need(
        "iam:PassRole", f"iam::123456789012:role/{NAME}-{role}", {"iam:PassedToService": f"{service}.amazonaws.com"}
    )


def _born(action: str, kind: str) -> tuple[Need, ...]:
    """What it takes to make something tagged of EC2's."""
    made = f"ec2:us-east-1:123456789012:{kind}/new"
    tagging = {**BORN, "ec2:CreateAction": action}
    return (Need(f"ec2:{action}", made, BORN), Need("ec2:CreateTags", made, tagging))


def _of(service: str, path: str) -> str:
    return f"{service}:us-east-1:123456789012:{path}"


def _ec2(kind: str) -> str:
    return _of("ec2", f"{kind}/old")


S3 = f"s3:::{NAME}-artifacts-123456789012"
LOG_DELIVERY = Need(  # docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
    "logs:CreateLogDelivery logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups"
    " logs:GetLogDelivery logs:ListLogDeliveries logs:UpdateLogDelivery logs:DeleteLogDelivery"
)
FUNCTION, KEY = _of("lambda", f"function:{NAME}-query"), _of("kms", "key/1")
FILES, MACHINE = _of("elasticfilesystem", "file-system/fs-1"), _of("states", "stateMachine:{name}")
TOPIC, QUEUE = _of("sns", f"{NAME}-alarms"), _of("sqs", f"{NAME}-failures")
API = "apigateway:us-east-1::/apis/1"
DISTRIBUTION, DELIVERY = "cloudfront::123456789012:distribution/1", _of("logs", "delivery:1")
FIREWALL = _of("wafv2", f"global/webacl/{NAME}-edge/1")
NEEDS: dict[str, tuple[Need, ...]] = {
    "apigatewayv2/api:Api": (Need("apigateway:POST apigateway:GET apigateway:PATCH apigateway:DELETE", API),),
    "apigatewayv2/apiMapping:ApiMapping": (
        Need("apigateway:POST", "apigateway:us-east-1::/domainnames/d/apimappings"),
    ),
    "apigatewayv2/authorizer:Authorizer": (Need("apigateway:POST", f"{API}/authorizers"),),
    "apigatewayv2/domainName:DomainName": (Need("apigateway:POST", "apigateway:us-east-1::/domainnames"),),
    "apigatewayv2/integration:Integration": (Need("apigateway:POST", f"{API}/integrations"),),
    "apigatewayv2/route:Route": (Need("apigateway:POST", f"{API}/routes"),),
    "apigatewayv2/stage:Stage": (Need("apigateway:POST", f"{API}/stages"), LOG_DELIVERY),
    "athena/workgroup:Workgroup": (
        Need(
            "athena:CreateWorkGroup athena:GetWorkGroup athena:UpdateWorkGroup athena:DeleteWorkGroup"
            " athena:TagResource athena:ListTagsForResource",
            _of("athena", "workgroup/{name}"),
        ),
    ),
    "backup/plan:Plan": (
        Need("backup:CreateBackupPlan backup:TagResource", _of("backup", "backup-plan:new"), BORN),
        Need(
            "backup:GetBackupPlan backup:UpdateBackupPlan backup:DeleteBackupPlan",
            _of("backup", "backup-plan:1"),
            OWNED,
        ),
    ),
    "backup/selection:Selection": (
        Need("backup:CreateBackupSelection backup:DeleteBackupSelection", _of("backup", "backup-plan:1"), OWNED),
        _passed("backup-copy", "backup"),
    ),
    "backup/vault:Vault": (  # docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html
        Need(
            "backup:CreateBackupVault backup:DescribeBackupVault backup:TagResource",
            _of("backup", "backup-vault:{name}"),
        ),
        Need("backup-storage:MountCapsule"),
        Need("kms:CreateGrant kms:GenerateDataKey kms:Decrypt kms:RetireGrant kms:DescribeKey", KEY, OWNED),
    ),
    "budgets/budget:Budget": (
        Need("budgets:ModifyBudget budgets:ViewBudget budgets:TagResource", "budgets::123456789012:budget/{name}"),
    ),
    "cloudwatch/dashboard:Dashboard": (
        Need(
            "cloudwatch:PutDashboard cloudwatch:GetDashboard cloudwatch:DeleteDashboards",
            "cloudwatch::123456789012:dashboard/{dashboardName}",
        ),
    ),
    "cloudwatch/logGroup:LogGroup": (
        Need(
            "logs:CreateLogGroup logs:PutRetentionPolicy logs:AssociateKmsKey logs:TagResource logs:DeleteLogGroup",
            _of("logs", "log-group:{name}"),
        ),
    ),
    "cloudwatch/metricAlarm:MetricAlarm": (
        Need(
            "cloudwatch:PutMetricAlarm cloudwatch:TagResource cloudwatch:DeleteAlarms",
            _of("cloudwatch", "alarm:{name}"),
        ),
        Need("cloudwatch:DescribeAlarms"),
    ),
    "codebuild/project:Project": (
        Need(
            "codebuild:CreateProject codebuild:UpdateProject codebuild:BatchGetProjects",
            _of("codebuild", "project/{name}"),
        ),
        _passed("deploy-all", "codebuild"),
    ),
    "codepipeline/pipeline:Pipeline": (
        Need(
            "codepipeline:CreatePipeline codepipeline:UpdatePipeline codepipeline:TagResource",
            _of("codepipeline", "{name}"),
        ),
        # docs.aws.amazon.com/dtconsole/latest/userguide/security-iam.html
        Need("codeconnections:PassConnection", _of("codeconnections", "connection/1")),
        _passed("pipelines", "codepipeline"),
    ),
    **{
        f"cloudfront/{kind[0].lower()}{kind[1:]}:{kind}": (
            Need(
                f"cloudfront:Create{kind} cloudfront:Get{kind} cloudfront:Update{kind} cloudfront:Delete{kind}",
                f"cloudfront::123456789012:{path}/1",
            ),
        )
        for kind, path in {
            "CachePolicy": "cache-policy",
            "OriginAccessControl": "origin-access-control",
            "OriginRequestPolicy": "origin-request-policy",
            "ResponseHeadersPolicy": "response-headers-policy",
        }.items()
    },
    "cloudfront/distribution:Distribution": (
        Need("cloudfront:CreateDistribution cloudfront:CreateDistributionWithTags", DISTRIBUTION),
        Need("cloudfront:TagResource", DISTRIBUTION, BORN),
        Need(
            "cloudfront:GetDistribution cloudfront:UpdateDistribution cloudfront:DeleteDistribution"
            " cloudfront:ListTagsForResource",
            DISTRIBUTION,
            OWNED,
        ),
        Need(
            "wafv2:GetWebACL", FIREWALL
        ),  # docs.aws.amazon.com/waf/latest/developerguide/security_iam_id-based-policies
    ),
    "cloudfront/function:Function": (
        Need(
            "cloudfront:CreateFunction cloudfront:DescribeFunction cloudfront:PublishFunction"
            " cloudfront:UpdateFunction cloudfront:DeleteFunction cloudfront:TagResource",
            "cloudfront::123456789012:function/{name}",
        ),
    ),
    # docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
    "cloudwatch/logDelivery:LogDelivery": (
        Need("logs:CreateDelivery logs:GetDelivery logs:DeleteDelivery logs:UpdateDeliveryConfiguration", DELIVERY),
        Need("logs:TagResource logs:ListTagsForResource", DELIVERY),
        Need("s3:GetBucketPolicy s3:PutBucketPolicy", S3),
    ),
    "cloudwatch/logDeliveryDestination:LogDeliveryDestination": (
        Need(
            "logs:PutDeliveryDestination logs:GetDeliveryDestination logs:DeleteDeliveryDestination",
            _of("logs", "delivery-destination:{name}"),
        ),
    ),
    "cloudwatch/logDeliverySource:LogDeliverySource": (
        Need(
            "logs:PutDeliverySource logs:GetDeliverySource logs:DeleteDeliverySource",
            _of("logs", "delivery-source:{name}"),
        ),
        Need("cloudfront:AllowVendedLogDeliveryForResource", DISTRIBUTION, OWNED),
    ),
    "dynamodb/table:Table": (
        Need(
            "dynamodb:CreateTable dynamodb:DescribeTable dynamodb:UpdateTable dynamodb:UpdateContinuousBackups"
            " dynamodb:UpdateTimeToLive dynamodb:TagResource dynamodb:DeleteTable",
            _of("dynamodb", "table/{name}"),
        ),
    ),
    "ec2/flowLog:FlowLog": (
        *_born("CreateFlowLogs", "vpc-flow-log"),
        Need("ec2:DeleteFlowLogs", _ec2("vpc-flow-log"), OWNED),
        _passed("flow-logs", "vpc-flow-logs"),
    ),
    "ec2/routeTable:RouteTable": (
        *_born("CreateRouteTable", "route-table"),
        Need("ec2:DeleteRouteTable", _ec2("route-table"), OWNED),
    ),
    "ec2/routeTableAssociation:RouteTableAssociation": (
        Need("ec2:AssociateRouteTable ec2:DisassociateRouteTable", _ec2("route-table"), OWNED),
    ),
    "ec2/securityGroup:SecurityGroup": (
        *_born("CreateSecurityGroup", "security-group"),
        Need("ec2:CreateSecurityGroup", _ec2("vpc"), OWNED),
        Need("ec2:DeleteSecurityGroup ec2:RevokeSecurityGroupEgress", _ec2("security-group"), OWNED),
    ),
    "ec2/subnet:Subnet": (
        *_born("CreateSubnet", "subnet"),
        Need("ec2:ModifySubnetAttribute ec2:DeleteSubnet", _ec2("subnet"), OWNED),
    ),
    "ec2/vpc:Vpc": (*_born("CreateVpc", "vpc"), Need("ec2:ModifyVpcAttribute ec2:DeleteVpc", _ec2("vpc"), OWNED)),
    "ec2/vpcEndpoint:VpcEndpoint": (
        *_born("CreateVpcEndpoint", "vpc-endpoint"),
        Need("ec2:ModifyVpcEndpoint ec2:DeleteVpcEndpoints", _ec2("vpc-endpoint"), OWNED),
        Need("ec2:DescribePrefixLists"),
    ),
    "efs/accessPoint:AccessPoint": (Need("elasticfilesystem:CreateAccessPoint", FILES, OWNED),),
    "efs/fileSystem:FileSystem": (
        Need("elasticfilesystem:CreateFileSystem elasticfilesystem:TagResource", FILES, BORN),
        Need("elasticfilesystem:UpdateFileSystem elasticfilesystem:PutLifecycleConfiguration", FILES, OWNED),
    ),
    "efs/fileSystemPolicy:FileSystemPolicy": (Need("elasticfilesystem:PutFileSystemPolicy", FILES, OWNED),),
    "efs/mountTarget:MountTarget": (  # docs.aws.amazon.com/efs/latest/ug/access-control-managing-permissions.html
        Need("elasticfilesystem:CreateMountTarget elasticfilesystem:DeleteMountTarget", FILES, OWNED),
        Need("ec2:DescribeSubnets ec2:DescribeNetworkInterfaces ec2:CreateNetworkInterface ec2:DeleteNetworkInterface"),
    ),
    # docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html: an action on a table or a database is asked
    # for the catalog too
    "glue/catalogDatabase:CatalogDatabase": (
        Need(
            "glue:CreateDatabase glue:GetDatabase glue:UpdateDatabase glue:DeleteDatabase"
            " glue:GetTags glue:TagResource glue:UntagResource",
            _of("glue", "database/{name}"),
        ),
        # docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html: all that is in it goes with it
        Need("glue:DeleteDatabase", _of("glue", "table/{name}/any")),
        Need("glue:DeleteDatabase", _of("glue", "userDefinedFunction/{name}/any")),
        Need("glue:CreateDatabase glue:GetDatabase glue:UpdateDatabase glue:DeleteDatabase", _of("glue", "catalog")),
    ),
    "glue/catalogTable:CatalogTable": (
        Need(
            "glue:CreateTable glue:GetTable glue:UpdateTable glue:DeleteTable glue:GetPartitionIndexes",
            _of("glue", "table/{databaseName}/{name}"),
        ),
        *(
            Need("glue:CreateTable glue:GetTable glue:UpdateTable glue:DeleteTable glue:GetPartitionIndexes", arn)
            for arn in (_of("glue", "database/{databaseName}"), _of("glue", "catalog"))
        ),
    ),
    "iam/role:Role": (
        Need("iam:CreateRole", "iam::123456789012:role/{name}", BOUNDED),
        Need("iam:GetRole iam:TagRole iam:UpdateAssumeRolePolicy iam:DeleteRole", "iam::123456789012:role/{name}"),
    ),
    "iam/rolePolicy:RolePolicy": (
        Need("iam:PutRolePolicy iam:DeleteRolePolicy", f"iam::123456789012:role/{NAME}-query", BOUNDED),
    ),
    "kms/alias:Alias": (
        Need("kms:CreateAlias kms:UpdateAlias kms:DeleteAlias", _of("kms", "{name}")),
        Need("kms:CreateAlias", KEY, OWNED),
        Need("kms:ListAliases"),
    ),
    "kms/key:Key": (
        Need("kms:CreateKey kms:TagResource", _of("kms", "key/new"), BORN),
        Need("kms:PutKeyPolicy kms:EnableKeyRotation kms:ScheduleKeyDeletion", KEY, OWNED),
    ),
    "lambda/alias:Alias": (Need("lambda:CreateAlias lambda:UpdateAlias lambda:DeleteAlias", FUNCTION),),
    "lambda/eventSourceMapping:EventSourceMapping": (
        Need("lambda:CreateEventSourceMapping lambda:ListEventSourceMappings"),
        Need(
            "lambda:GetEventSourceMapping lambda:UpdateEventSourceMapping lambda:DeleteEventSourceMapping"
            " lambda:ListTags lambda:TagResource lambda:UntagResource",
            _of("lambda", "event-source-mapping:1"),
        ),
    ),
    "lambda/function:Function": (
        Need(
            "lambda:CreateFunction lambda:UpdateFunctionConfiguration lambda:PublishVersion",
            _of("lambda", "function:{name}"),
        ),
        Need(
            "lambda:PutFunctionConcurrency lambda:TagResource lambda:DeleteFunction", _of("lambda", "function:{name}")
        ),
        Need("ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs elasticfilesystem:DescribeMountTargets"),
        _passed("query", "lambda"),
    ),
    "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": (
        Need("lambda:PutFunctionEventInvokeConfig", FUNCTION),
    ),
    "lambda/invocation:Invocation": (Need("lambda:InvokeFunction", _of("lambda", f"function:{NAME}-migrator")),),
    "lambda/permission:Permission": (Need("lambda:AddPermission lambda:GetPolicy lambda:RemovePermission", FUNCTION),),
    "s3/bucket:Bucket": (
        Need("s3:CreateBucket s3:PutBucketTagging s3:DeleteBucket s3:ListBucketVersions", S3),
        Need("s3:DeleteObject s3:DeleteObjectVersion", f"{S3}/imports/any"),  # with force_destroy
    ),
    "s3/bucketObjectv2:BucketObjectv2": (
        Need("s3:PutObject s3:PutObjectTagging s3:GetObject s3:GetObjectTagging s3:DeleteObject", f"{S3}/{{key}}"),
    ),
    "s3/bucketCorsConfiguration:BucketCorsConfiguration": (Need("s3:PutBucketCORS", S3),),
    "s3/bucketNotification:BucketNotification": (Need("s3:PutBucketNotification s3:GetBucketNotification", S3),),
    "s3/bucketVersioning:BucketVersioning": (Need("s3:PutBucketVersioning", S3),),
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (Need("s3:PutLifecycleConfiguration", S3),),
    "s3/bucketOwnershipControls:BucketOwnershipControls": (Need("s3:PutBucketOwnershipControls", S3),),
    "s3/bucketPolicy:BucketPolicy": (Need("s3:PutBucketPolicy", S3),),
    "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (Need("s3:PutBucketPublicAccessBlock", S3),),
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        Need("s3:PutEncryptionConfiguration", S3),
    ),
    "scheduler/schedule:Schedule": (
        Need(
            "scheduler:CreateSchedule scheduler:UpdateSchedule", _of("scheduler", f"schedule/{NAME}-schedules/{{name}}")
        ),
        _passed("schedules", "scheduler"),
    ),
    "rds/instance:Instance": (
        Need(
            "rds:CreateDBInstance rds:DescribeDBInstances rds:ModifyDBInstance rds:DeleteDBInstance"
            " rds:AddTagsToResource rds:RemoveTagsFromResource rds:ListTagsForResource",
            _of("rds", "db:{identifier}"),
        ),
        Need("rds:CreateDBInstance rds:ModifyDBInstance", _of("rds", "og:default:postgres-17")),
        Need("rds:CreateDBInstance", _of("rds", "subgrp:{dbSubnetGroupName}")),
        Need("rds:CreateDBInstance rds:ModifyDBInstance", _of("rds", "pg:{parameterGroupName}")),
        Need("rds:CreateDBSnapshot rds:AddTagsToResource", _of("rds", "snapshot:{finalSnapshotIdentifier}")),
        # docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
        Need("secretsmanager:CreateSecret secretsmanager:TagResource", _of("secretsmanager", "secret:rds!db-1-abcdef")),
        Need("kms:CreateGrant kms:DescribeKey kms:Decrypt kms:GenerateDataKey", KEY, OWNED),
        _passed("postgres-figures", "monitoring.rds"),
    ),
    "rds/parameterGroup:ParameterGroup": (
        Need(
            "rds:CreateDBParameterGroup rds:ModifyDBParameterGroup rds:ResetDBParameterGroup"
            " rds:DeleteDBParameterGroup rds:DescribeDBParameters rds:DescribeDBParameterGroups rds:AddTagsToResource",
            _of("rds", "pg:{name}"),
        ),
    ),
    "rds/proxy:Proxy": (
        Need("rds:CreateDBProxy rds:AddTagsToResource", _of("rds", "db-proxy:prx-1"), BORN),
        Need("rds:DescribeDBProxies rds:ModifyDBProxy rds:DeleteDBProxy", _of("rds", "db-proxy:prx-1"), OWNED),
        _passed("postgres-proxy", "rds"),
    ),
    "rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup": (
        Need("rds:DescribeDBProxyTargetGroups rds:ModifyDBProxyTargetGroup", _of("rds", "target-group:prx-tg-1")),
    ),
    "rds/proxyTarget:ProxyTarget": (
        Need(
            "rds:RegisterDBProxyTargets rds:DescribeDBProxyTargets rds:DeregisterDBProxyTargets",
            _of("rds", "target-group:prx-tg-1"),
        ),
        Need("rds:RegisterDBProxyTargets", _of("rds", "db:{dbInstanceIdentifier}")),
    ),
    "rds/subnetGroup:SubnetGroup": (
        Need(
            "rds:CreateDBSubnetGroup rds:DescribeDBSubnetGroups rds:ModifyDBSubnetGroup rds:DeleteDBSubnetGroup"
            " rds:AddTagsToResource",
            _of("rds", "subgrp:{name}"),
        ),
    ),
    "scheduler/scheduleGroup:ScheduleGroup": (
        Need("scheduler:CreateScheduleGroup scheduler:TagResource", _of("scheduler", "schedule-group/{name}")),
    ),
    "secretsmanager/secret:Secret": (
        Need(
            "secretsmanager:CreateSecret secretsmanager:DescribeSecret secretsmanager:UpdateSecret"
            " secretsmanager:DeleteSecret secretsmanager:TagResource secretsmanager:GetResourcePolicy",
            _of("secretsmanager", "secret:{name}-abcdef"),
        ),
    ),
    "secretsmanager/secretVersion:SecretVersion": (
        Need("secretsmanager:GetRandomPassword"),
        Need(
            "secretsmanager:PutSecretValue secretsmanager:GetSecretValue secretsmanager:UpdateSecretVersionStage",
            _of("secretsmanager", f"secret:{NAME}-session-key-abcdef"),
        ),
        # docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html: by the rights of who asks
        Need("kms:GenerateDataKey kms:Decrypt", KEY, OWNED),
    ),
    "sfn/stateMachine:StateMachine": (  # X-Ray takes nothing of who makes it: the machine's own role writes traces
        Need("states:ValidateStateMachineDefinition", _of("states", "stateMachine:*")),
        Need("states:CreateStateMachine states:UpdateStateMachine states:TagResource", MACHINE),
        Need("states:ListStateMachineVersions states:DescribeStateMachine", MACHINE),
        LOG_DELIVERY,
        _passed("rollout", "states"),
    ),
    "sns/topic:Topic": (Need("sns:CreateTopic sns:SetTopicAttributes sns:TagResource", _of("sns", "{name}")),),
    "sns/topicPolicy:TopicPolicy": (Need("sns:SetTopicAttributes", TOPIC),),
    "sns/topicSubscription:TopicSubscription": (
        Need("sns:Subscribe", TOPIC),
        Need("sns:GetSubscriptionAttributes sns:Unsubscribe", f"{TOPIC}:1"),
    ),
    "sqs/queue:Queue": (
        Need("sqs:CreateQueue sqs:SetQueueAttributes sqs:TagQueue sqs:DeleteQueue", _of("sqs", "{name}")),
    ),
    "sqs/queuePolicy:QueuePolicy": (Need("sqs:SetQueueAttributes", QUEUE),),
    "wafv2/webAcl:WebAcl": (
        Need(
            "wafv2:CreateWebACL wafv2:GetWebACL wafv2:UpdateWebACL wafv2:DeleteWebACL wafv2:TagResource",
            _of("wafv2", "global/webacl/{name}/1"),
        ),
        Need("wafv2:CreateWebACL wafv2:UpdateWebACL", _of("wafv2", "global/managedruleset/AWS/Common")),
    ),
    "wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": (
        Need("wafv2:PutLoggingConfiguration wafv2:GetLoggingConfiguration wafv2:DeleteLoggingConfiguration", FIREWALL),
        LOG_DELIVERY,
    ),
    **{
        f"vpc/securityGroup{way}Rule:SecurityGroup{way}Rule": (
            Need(f"ec2:AuthorizeSecurityGroup{way}", _ec2("security-group"), OWNED),
            *_born(f"AuthorizeSecurityGroup{way}", "security-group-rule"),
            Need(f"ec2:RevokeSecurityGroup{way} ec2:ModifySecurityGroupRules", _ec2("security-group"), OWNED),
        )
        for way in ("Egress", "Ingress")
    },
}
# Only people: policies hold the rights of those who deploy, and a new network's own group is there before its tags.
PEOPLE_ALONE = {
    *("iam/policy:Policy", "iam/rolePolicyAttachment:RolePolicyAttachment"),
    *("iam/openIdConnectProvider:OpenIdConnectProvider", "ec2/defaultSecurityGroup:DefaultSecurityGroup"),
}


def is_allowed(given: Sequence[dict[str, Any]], action: str, arn: str, context: dict[str, str]) -> bool:
    """Whether a statement allows an action; a Deny of these policies is for roles that the table leaves to people."""
    return any(
        statement["Effect"] == "Allow"
        and any(fnmatchcase(action.lower(), pattern.lower()) for pattern in statement["Action"])
        and any(fnmatchcase(arn, pattern) for pattern in statement["Resource"])
        and all(
            context.get(key) in ([values] if isinstance(values, str) else values)
            for key, values in statement.get("Condition", {}).get("StringEquals", {}).items()
        )
        for statement in given
    )


def needs_of(node: Node) -> Iterator[tuple[str, str, dict[str, str]]]:
    for need in NEEDS[node.type.removeprefix("aws:")]:
        arn = need.on.format(**node.inputs)
        for action in need.actions.split():
            yield action, arn if arn == "*" else f"arn:aws:{arn}", need.context or NOTHING


def resources() -> list[Node]:
    return [
        node
        for node in graph(EVERYTHING).nodes
        if node.is_custom and node.type.startswith("aws:") and node.type.removeprefix("aws:") not in PEOPLE_ALONE
    ]


def test_the_table_has_every_type_of_the_graph() -> None:
    assert {node.type.removeprefix("aws:") for node in resources()} == set(NEEDS)


@pytest.mark.parametrize("role", ["github-deploy", "deploy-all"])
def test_who_deploys_has_every_right_that_a_whole_stack_takes(role: str) -> None:
    policies = [node for node in graph(EVERYTHING).of("Policy") if node.inputs["name"].startswith(f"{NAME}-{role}-")]
    assert len(policies) == 5
    given = [statement for node in policies for statement in statements(node)]
    missing = {
        (node.type, *need)
        for node in resources()
        for need in map(_plain, needs_of(node))
        if not is_allowed(given, need[0], need[1], dict(need[2]))
    }
    assert missing == set()


def _plain(need: tuple[str, str, dict[str, str]]) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    action, arn, context = need
    return action, arn, tuple(context.items())


def test_what_is_not_the_stacks_stays_out_of_reach() -> None:
    """The evaluation can say no, and conditions on tags count."""
    given = [statement for node in graph(EVERYTHING).of("Policy") for statement in statements(node)]
    others = f"arn:aws:{_ec2('security-group')}"
    assert not is_allowed(given, "ec2:AuthorizeSecurityGroupIngress", others, NOTHING)
    assert not is_allowed(given, "ec2:AuthorizeSecurityGroupIngress", others, BORN)
    assert not is_allowed(given, "ec2:CreateTags", others, BORN)
    assert not is_allowed(given, "kms:CreateAlias", f"arn:aws:{_of('kms', 'alias/others')}", NOTHING)
    assert not is_allowed(given, "dynamodb:DeleteTable", f"arn:aws:{_of('dynamodb', 'table/others')}", NOTHING)
    assert not is_allowed(given, "rds:DeleteDBInstance", f"arn:aws:{_of('rds', 'db:others')}", NOTHING)
    assert not is_allowed(given, "rds:DeleteDBProxy", f"arn:aws:{_of('rds', 'db-proxy:prx-2')}", NOTHING)
    assert not is_allowed(given, "states:StartExecution", f"arn:aws:{_of('states', 'stateMachine:others')}", NOTHING)


def test_a_preview_may_have_a_state_machine_checked() -> None:
    """The provider asks AWS while it plans (source: github.com/hashicorp/terraform-provider-aws/issues/39472)."""
    given = json.loads(preview_policy(ACCOUNT, NAMING, None))["Statement"]
    assert is_allowed(
        given, "states:ValidateStateMachineDefinition", f"arn:aws:{_of('states', 'stateMachine:*')}", NOTHING
    )
