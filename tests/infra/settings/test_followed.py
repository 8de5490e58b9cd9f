"""Every setting has an effect on what the program makes.

Each test runs the program, so none of them is measured; `test_stack_settings.py` and `test_parts.py` cover the code.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.account import Account
from infra.delivery.github import github_trust
from infra.delivery.rights import preview_policy
from infra.delivery.state import State
from infra.naming import Naming
from infra.rollout.definition import SHARE
from tests.infra.contract import violations
from tests.infra.graph import Graph
from tests.infra.program import EVERYTHING, STACKS, graph, project_schema, run
from tests.infra.settings.values import (
    BOUNDARY,
    CANARY,
    CERTIFICATE,
    EDGE,
    GITHUB,
    GROUPS,
    KEY,
    OWN_EDGE,
    PIPELINES,
    PROVIDER,
    STATE,
    VPC,
    WAREHOUSE,
)

JWT = {"readAuth": "jwt", "jwtIssuer": "https://issuer.example.com/", "jwtAudience": ["readers"]}
JOBS, LAKE, TELLS = {"jobs": True}, {"lake": True}, {"notifications": True}
JWT_WRITES = JWT | {"readAuth": "iam", "writeAuth": "jwt"}
POSTGRES = {"postgres": "rds"}
DOMAIN = {"domain": "api.example.com", "certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}
BUDGET = {"budgetUsd": 25, "budgetEmails": ["finance@example.com"]}
TABLE_ARN = "arn:aws:dynamodb:us-east-1:123456789012:storage-table"
FIREWALL = "arn:aws:wafv2:us-east-1:123456789012:edge-firewall"
FOUR = {"Condition": "{% $rounds < 4 %}", "Next": "Watch"}
SOURCE, BUILD = "stages.0.actions.0.configuration", "environment.environmentVariables"
RESERVED, VARIABLES, LOCAL = "reservedConcurrentExecutions", "environment.variables", "http://localhost:3000"
NAMING = Naming(project="lambda-sqlite", stack="dev", stage="dev")
IDENTITY = Account(partition="aws", region="us-east-1", account_id="123456789012")
KEPT = State(bucket_arn="arn:aws:s3:::state", naming=NAMING, key_arn=KEY)


# Each setting: what is changed in dev, the node to look at, the input that follows, what it then is.
FOLLOWS: dict[str, tuple[dict[str, Any], str, str, str, Any]] = {
    "stage": ({"stage": "prod"}, "Vpc", "", "tags.Stage", "prod"),
    "tags": ({"tags": ["Team=data"]}, "Vpc", "", "tags.Team", "data"),
    "permissionsBoundary": ({"permissionsBoundary": BOUNDARY}, "Role", "", "permissionsBoundary", BOUNDARY),
    "tracing": ({"tracing": True}, "Function", "query-function", "tracingConfig.mode", "Active"),
    "protect": ({"protect": True}, "Table", "", "deletionProtectionEnabled", True),
    "kms": ({"kms": "cmk"}, "FileSystem", "", "kmsKeyId", "arn:aws:kms:us-east-1:123456789012:key-key"),
    "backup": ({"backup": "table"}, "Selection", "", "resources", [TABLE_ARN]),
    "backupDays": (
        {"backup": "table", "backupDays": 9},
        "Plan",
        "",
        "rules.0.lifecycle.deleteAfter",
        9,
    ),
    "logRetentionDays": ({"logRetentionDays": 30}, "LogGroup", "api-access", "retentionInDays", 30),
    "vpcCidr": ({"vpcCidr": "10.9.0.0/20"}, "Subnet", "network-subnet-2", "cidrBlock", "10.9.4.0/22"),
    "zones": ({"zones": 3}, "Subnet", "network-subnet-3", "availabilityZone", "us-east-1c"),
    "vpcId": (VPC, "SecurityGroup", "network-functions", "vpcId", VPC["vpcId"]),
    "subnetIds": (VPC, "MountTarget", "storage-mount-subnet-1a1b2c3d", "subnetId", "subnet-1a1b2c3d"),
    "functionGroupId": (GROUPS, "Function", "query-function", "vpcConfig.securityGroupIds", ["sg-0a1b2c3d"]),
    "fileSystemGroupId": (GROUPS, "MountTarget", "", "securityGroups", ["sg-1a1b2c3d"]),
    "databaseGroupId": (
        GROUPS | POSTGRES | {"databaseGroupId": "sg-2a1b2c3d"},
        "Instance",
        "",
        "vpcSecurityGroupIds",
        ["sg-2a1b2c3d"],
    ),
    "postgres": (POSTGRES, "Instance", "", "engine", "postgres"),
    "dbProvider": (
        POSTGRES | {"dbProvider": "postgres"},
        "Route",
        "api-get-rows",
        "target",
        "integrations/api-relational-id",
    ),
    "postgresClass": (POSTGRES | {"postgresClass": "db.t4g.small"}, "Instance", "", "instanceClass", "db.t4g.small"),
    "postgresStorageGb": (POSTGRES | {"postgresStorageGb": 50}, "Instance", "", "allocatedStorage", 50),
    "postgresProxy": (POSTGRES | {"postgresProxy": True}, "Proxy", "", "engineFamily", "POSTGRESQL"),
    "postgresMultiAz": (POSTGRES | {"postgresMultiAz": True}, "Instance", "", "multiAz", True),
    "postgresBackupDays": (POSTGRES | {"postgresBackupDays": 9}, "Instance", "", "backupRetentionPeriod", 9),
    "relationalMemoryMb": (
        POSTGRES | {"relationalMemoryMb": 768},
        "Function",
        "relational-function",
        "memorySize",
        768,
    ),
    "relationalTimeoutS": (POSTGRES | {"relationalTimeoutS": 90}, "Function", "relational-function", "timeout", 90),
    "relationalConcurrency": (POSTGRES | {"relationalConcurrency": 7}, "Function", "relational-function", RESERVED, 7),
    "flowLogs": ({"flowLogs": True}, "FlowLog", "", "trafficType", "REJECT"),
    "runtime": ({"runtime": "python3.12"}, "Function", "query-function", "runtime", "python3.12"),
    "commandMemoryMb": ({"commandMemoryMb": 2048}, "Function", "command-function", "memorySize", 2048),
    "commandTimeoutS": ({"commandTimeoutS": 27}, "Function", "command-function", "timeout", 27),
    "commandConcurrency": ({"commandConcurrency": 7}, "Function", "command-function", RESERVED, 7),
    "queryMemoryMb": ({"queryMemoryMb": 512}, "Function", "query-function", "memorySize", 512),
    "queryTimeoutS": ({"queryTimeoutS": 29}, "Function", "query-function", "timeout", 29),
    "queryConcurrency": ({"queryConcurrency": 0}, "Function", "query-function", RESERVED, 0),
    "projection": ({"projection": "stream"}, "Function", "command-function", f"{VARIABLES}.PROJECTION", "stream"),
    "projectionWindowS": (
        {"projectionWindowS": 9},
        "EventSourceMapping",
        "",
        "maximumBatchingWindowInSeconds",
        9,
    ),
    "projectorMemoryMb": ({"projectorMemoryMb": 2048}, "Function", "projector-function", "memorySize", 2048),
    "projectorTimeoutS": ({"projectorTimeoutS": 60}, "Function", "projector-function", "timeout", 60),
    "projectorConcurrency": ({"projectorConcurrency": 2}, "Function", "projector-function", RESERVED, 2),
    "maintenanceMinutes": (
        {"maintenanceMinutes": 5},
        "Schedule",
        "schedules-maintain",
        "scheduleExpression",
        "rate(5 minutes)",
    ),
    "fullVerification": (
        {"fullVerification": True},
        "Function",
        "projector-function",
        f"{VARIABLES}.FULL_VERIFICATION",
        "1",
    ),
    "sql": ({"sql": "off"}, "Function", "query-function", f"{VARIABLES}.SQL", "off"),
    "warmSandboxes": ({"warmSandboxes": 2}, "Function", "warmer-function", f"{VARIABLES}.SANDBOXES", "2"),
    "rollout": (CANARY, "StateMachine", "", "type", "STANDARD"),
    "rolloutPercent": (
        CANARY | {"rolloutPercent": 20},
        "StateMachine",
        "",
        f"definition.States.{SHARE}.Arguments.RoutingConfig.AdditionalVersionWeights",
        "{% { $version: 0.2 } %}",
    ),
    "rolloutBakeS": (CANARY | {"rolloutBakeS": 60}, "StateMachine", "", "definition.States.Judge.Choices.1", FOUR),
    "tmpMb": ({"tmpMb": 2048}, "Function", "query-function", "ephemeralStorage.size", 2048),
    "checkIntervalMs": ({"checkIntervalMs": 0}, "Function", "query-function", f"{VARIABLES}.CHECK_INTERVAL_MS", "0"),
    "retainSeconds": ({"retainSeconds": 90}, "Function", "query-function", f"{VARIABLES}.RETAIN_S", "90"),
    "verifyMaxBytes": ({"verifyMaxBytes": 1}, "Function", "query-function", f"{VARIABLES}.VERIFY_MAX_BYTES", "1"),
    "tableName": ({"tableName": "ledger-2"}, "Table", "", "name", "ledger-2"),
    "tableMaxReads": ({"tableMaxReads": 7}, "Table", "", "onDemandThroughput.maxReadRequestUnits", 7),
    "tableMaxWrites": ({"tableMaxWrites": 7}, "Table", "", "onDemandThroughput.maxWriteRequestUnits", 7),
    "jobs": (JOBS, "Bucket", "jobs-bucket", "bucket", "lambda-sqlite-dev-imports-123456789012"),
    "workerMemoryMb": (JOBS | {"workerMemoryMb": 512}, "Function", "worker-function", "memorySize", 512),
    "workerTimeoutS": (JOBS | {"workerTimeoutS": 60}, "Queue", "jobs-queue", "visibilityTimeoutSeconds", 360),
    "workerConcurrency": (JOBS | {"workerConcurrency": 5}, "Function", "worker-function", RESERVED, 5),
    "lake": (LAKE, "CatalogTable", "", "databaseName", "lambda_sqlite_dev_lake"),
    "lakeMinutes": (
        LAKE | {"lakeMinutes": 5},
        "Schedule",
        "schedules-lake",
        "scheduleExpression",
        "rate(5 minutes)",
    ),
    "notifications": (TELLS, "Function", "projector-function", f"{VARIABLES}.NOTIFICATIONS", "on"),
    "notificationEmails": (
        TELLS | {"notificationEmails": ["team@example.com"]},
        "TopicSubscription",
        "notifications-team@example.com",
        "endpoint",
        "team@example.com",
    ),
    "notificationQueueArns": (
        TELLS | {"notificationQueueArns": [WAREHOUSE]},
        "TopicSubscription",
        "notifications-us-east-1-123456789012-warehouse",
        "endpoint",
        WAREHOUSE,
    ),
    "writeAuth": (JWT_WRITES, "Route", "api-post-insert", "authorizationType", "JWT"),
    "readAuth": ({"readAuth": "iam"}, "Route", "api-default", "authorizationType", "AWS_IAM"),
    "sessionMinutes": (
        {"readAuth": "session", "sessionMinutes": 30},
        "Function",
        "sessions-function",
        f"{VARIABLES}.SESSION_MINUTES",
        "30",
    ),
    "jwtIssuer": (JWT, "Authorizer", "", "jwtConfiguration.issuer", JWT["jwtIssuer"]),
    "jwtAudience": (JWT, "Authorizer", "", "jwtConfiguration.audiences", ["readers"]),
    "jwtWriteScopes": (
        JWT_WRITES | {"jwtWriteScopes": ["write"]},
        "Route",
        "api-post-insert",
        "authorizationScopes",
        ["write"],
    ),
    "corsOrigins": ({"corsOrigins": [LOCAL]}, "Api", "", "corsConfiguration.allowOrigins", [LOCAL]),
    "throttleRate": ({"throttleRate": 9}, "Stage", "", "defaultRouteSettings.throttlingRateLimit", 9),
    "throttleBurst": ({"throttleBurst": 9}, "Stage", "", "defaultRouteSettings.throttlingBurstLimit", 9),
    "domain": (DOMAIN, "DomainName", "", "domainName", "api.example.com"),
    "defaultEndpoint": (DOMAIN | {"defaultEndpoint": False}, "Api", "", "disableExecuteApiEndpoint", True),
    "certificateArn": (DOMAIN, "DomainName", "", "domainNameConfiguration.certificateArn", DOMAIN["certificateArn"]),
    "edge": (EDGE, "Distribution", "", "origins.1.domainName", "api-gateway.example.com"),
    "edgeMaxAgeS": (
        EDGE | {"edgeMaxAgeS": 7},
        "Function",
        "query-function",
        f"{VARIABLES}.SHARED_MAX_AGE_S",
        "7",
    ),
    "edgeFirewall": (EDGE | {"edgeFirewall": True}, "Distribution", "", "webAclId", FIREWALL),
    "edgeRateLimit": (
        EDGE | {"edgeFirewall": True, "edgeRateLimit": 50},
        "WebAcl",
        "",
        "rules.0.statement.rateBasedStatement.limit",
        50,
    ),
    "edgeLogDays": (
        EDGE | {"edgeLogDays": 9},
        "BucketLifecycleConfiguration",
        "edge-logs-lifecycle",
        "rules.0.expiration.days",
        9,
    ),
    "edgeDomain": (OWN_EDGE, "Distribution", "", "aliases", ["data.example.com"]),
    "edgeCertificateArn": (OWN_EDGE, "Distribution", "", "viewerCertificate.acmCertificateArn", CERTIFICATE),
    "requestLogPercent": (
        {"requestLogPercent": 50},
        "Function",
        "query-function",
        f"{VARIABLES}.REQUEST_LOG_PERCENT",
        "50",
    ),
    "metrics": ({"metrics": True}, "Function", "projector-function", f"{VARIABLES}.METRICS", "on"),
    "alarms": ({"alarms": True}, "MetricAlarm", "alarms-api-failures", "threshold", 10),
    "alarmEmails": (
        {"alarms": True, "alarmEmails": ["ops@example.com"]},
        "TopicSubscription",
        "topic-ops@example.com",
        "endpoint",
        "ops@example.com",
    ),
    "dashboard": ({"dashboard": True}, "Dashboard", "", "dashboardName", "lambda-sqlite-dev-dashboard"),
    "budgetUsd": (BUDGET, "Budget", "", "limitAmount", "25"),
    "budgetEmails": (BUDGET, "Budget", "", "notifications.0.subscriberEmailAddresses", ["finance@example.com"]),
    "routeThrottles": (
        {"routeThrottles": ["GET /ddb=3/4"]},
        "Stage",
        "",
        "routeSettings.1",
        {"routeKey": "HEAD /ddb", "throttlingRateLimit": 3, "throttlingBurstLimit": 4},
    ),
    "delivery": (PIPELINES, "Pipeline", "delivery-query-pipeline", "pipelineType", "V2"),
    "deliveryConnectionArn": (PIPELINES, "Pipeline", "", f"{SOURCE}.ConnectionArn", PIPELINES["deliveryConnectionArn"]),
    "deliveryRepository": (PIPELINES, "Pipeline", "", f"{SOURCE}.FullRepositoryId", "owner/name"),
    "deliveryBranch": (PIPELINES, "Pipeline", "", f"{SOURCE}.BranchName", "release"),
    "stateBucket": (PIPELINES, "Project", "", f"{BUILD}.1.value", "s3://state?region=us-east-1&awssdk=v2"),
    "stateKeyArn": (GITHUB | STATE, "RolePolicy", "github-look", "policy", preview_policy(IDENTITY, NAMING, KEPT)),
    "passphraseArn": (PIPELINES | STATE, "Project", "", f"{BUILD}.4.value", "/pulumi/passphrase"),
    "githubRepository": (GITHUB, "Role", "github-preview", "description", "Workflows of owner/name, pull_request"),
    "githubEnvironment": (GITHUB, "Role", "github-deploy", "description", "Workflows of owner/name, environment:prod"),
    "githubProviderArn": (
        GITHUB | {"githubProviderArn": PROVIDER},
        "Role",
        "github-preview",
        "assumeRolePolicy",
        github_trust(PROVIDER, "repo:owner/name:pull_request"),
    ),
}


def test_every_setting_has_an_effect_that_is_tested() -> None:
    guards = {"reservedCidrs", "allowedAccountIds"}  # they only stop the program, which has tests of its own
    assert set(FOLLOWS) | guards == set(project_schema())


def seen_at(seen: Graph, kind: str, name: str, path: str) -> Any:
    """The input of a node; None where there is no such node."""
    nodes = [node for node in seen.of(kind) if name in ("", node.name)]
    return nodes[0].at(path) if nodes else None


@pytest.mark.parametrize("key", FOLLOWS)
def test_the_graph_follows_the_setting(key: str) -> None:
    changes, kind, name, path, expected = FOLLOWS[key]
    assert seen_at(graph("dev"), kind, name, path) != expected
    seen = run("dev", changes)
    assert seen_at(seen, kind, name, path) == expected
    assert violations(seen) == []


def test_the_table_and_its_indexes_always_have_a_cap_so_that_it_can_be_lifted_again() -> None:
    for stack in (*STACKS, EVERYTHING):
        table = graph(stack).one("Table", "storage-table")
        assert table.at("onDemandThroughput.maxReadRequestUnits") > 0
        assert table.at("onDemandThroughput.maxWriteRequestUnits") > 0
        indexes = table.at("globalSecondaryIndexes")
        assert len(indexes) == 2
        assert all(index["onDemandThroughput"] == table.at("onDemandThroughput") for index in indexes)


def test_an_existing_network_gets_security_groups_and_nothing_else() -> None:
    seen = run("dev", VPC)
    assert {node.type.rpartition(":")[2] for node in seen.nodes if node.name.startswith("network-")} == {
        "SecurityGroup",
        "SecurityGroupEgressRule",
        "SecurityGroupIngressRule",
    }
    egress = seen.one("SecurityGroupEgressRule", "network-functions-to-dynamodb")
    assert egress.at("prefixListId") == "prefix-list-of-region"
    (arguments,) = [asked.arguments for asked in seen.lookups if asked.token.endswith(":getPrefixList")]
    assert json.loads(arguments) == {"name": "com.amazonaws.us-east-1.dynamodb"}
    assert seen.outputs["vpc_id"] == VPC["vpcId"]
    assert seen.outputs["subnet_ids"] == VPC["subnetIds"]
    assert "flow" not in seen.outputs["log_groups"]


def test_a_network_with_its_own_groups_gets_nothing() -> None:
    seen = run("dev", GROUPS)
    assert [node.type for node in seen.nodes if node.name.startswith("network")] == [
        "lambdasqlite:index:ExistingNetworkComponent"
    ]
    assert violations(seen) == []


def test_the_accounts_limit_is_asked_for_only_where_concurrency_is_reserved() -> None:
    asked = "aws:servicequotas/getServiceQuota:getServiceQuota"
    reserved = run("dev", {"commandConcurrency": 1, "queryConcurrency": -1})
    assert asked in {lookup.token for lookup in reserved.lookups}
    for switched_off in (-1, 0):
        seen = run("dev", {"commandConcurrency": -1, "queryConcurrency": switched_off})
        assert asked not in {lookup.token for lookup in seen.lookups}
    warm = run("dev", {"commandConcurrency": -1, "queryConcurrency": -1, "warmSandboxes": 1})
    assert asked in {lookup.token for lookup in warm.lookups}  # the warmer reserves one
