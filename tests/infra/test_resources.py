"""Each resource type's key properties: what it is there for. Each check is shown to fail when the property is wrong."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest

from handlers.aws.table import BENCHMARKS, EVENTS, JOBS, VERIFICATION, create_table_arguments
from handlers.settings import VARIABLES
from infra.policies import INTERFACES
from tests.infra.contract import resource_class, statements
from tests.infra.graph import Node
from tests.infra.program import EVERYTHING, graph, run

ALARMS = "arn:aws:sns:us-east-1:123456789012:topic-topic"
FAILURES = "arn:aws:sqs:us-east-1:123456789012:projection-failures"
# Type -> the property (a path of keys), and what it has to be, on every node of the type in the stack `prod`.
KEY_PROPERTIES: dict[str, list[tuple[str, Any]]] = {
    "Alias": [],  # of KMS and of Lambda: below
    "AccessPoint": [("posixUser.gid", 1000), ("rootDirectory.path", "/data")],
    "Api": [("protocolType", "HTTP"), ("disableExecuteApiEndpoint", False)],
    "DefaultSecurityGroup": [("vpcId", "network-vpc-id")],
    "EventSourceMapping": [
        ("eventSourceArn", "arn:aws:dynamodb:us-east-1:123456789012:storage-table/stream/1"),
        ("functionName", "arn:aws:lambda:us-east-1:123456789012:projector-live"),
        ("startingPosition", "TRIM_HORIZON"),
        ("batchSize", 1000),
        ("maximumBatchingWindowInSeconds", 1),
        ("parallelizationFactor", 1),
        ("functionResponseTypes", ["ReportBatchItemFailures"]),
        ("bisectBatchOnFunctionError", True),
        ("maximumRetryAttempts", -1),  # until the record is too old
        ("maximumRecordAgeInSeconds", 3600),
        ("destinationConfig.onFailure.destinationArn", FAILURES),
    ],
    "FileSystem": [("encrypted", True), ("throughputMode", "elastic"), ("performanceMode", "generalPurpose")],
    "FileSystemPolicy": [("fileSystemId", "storage-files-id")],
    "FlowLog": [("trafficType", "REJECT"), ("vpcId", "network-vpc-id")],
    "Function": [
        ("runtime", "python3.13"),
        ("architectures", ["arm64"]),
        ("publish", True),
        ("tracingConfig.mode", "PassThrough"),
        ("loggingConfig.logFormat", "JSON"),
        ("fileSystemConfig.localMountPath", "/mnt/efs"),
        ("vpcConfig.securityGroupIds", ["network-functions-id"]),
        ("reservedConcurrentExecutions", -1),
    ],
    "FunctionEventInvokeConfig": [("qualifier", "live"), ("maximumRetryAttempts", 0)],
    "Dashboard": [("dashboardName", "lambda-sqlite-prod-dashboard")],
    "Integration": [
        ("integrationType", "AWS_PROXY"),
        ("payloadFormatVersion", "2.0"),
        ("timeoutMilliseconds", 30_000),
    ],
    "Key": [("enableKeyRotation", True), ("rotationPeriodInDays", 365)],
    "LogGroup": [("retentionInDays", 365)],
    "MetricAlarm": [
        ("comparisonOperator", "GreaterThanThreshold"),
        ("treatMissingData", "notBreaching"),
        ("alarmActions", [ALARMS]),
        ("okActions", [ALARMS]),
    ],
    "MountTarget": [("securityGroups", ["network-files-id"]), ("fileSystemId", "storage-files-id")],
    "Plan": [("name", "lambda-sqlite-prod-backups")],
    "Permission": [
        ("action", "lambda:InvokeFunction"),
        ("principal", "apigateway.amazonaws.com"),
        ("qualifier", "live"),
    ],
    "Queue": [
        ("name", "lambda-sqlite-prod-failures"),
        ("messageRetentionSeconds", 14 * 24 * 3600),
        ("redriveAllowPolicy", '{"redrivePermission":"denyAll"}'),
    ],
    "QueuePolicy": [("queueUrl", "https://sqs.us-east-1.amazonaws.com/123456789012/projection-failures")],
    "Role": [],  # below
    "RolePolicy": [],  # below
    "Route": [("authorizationType", "AWS_IAM")],
    "RouteTable": [("vpcId", "network-vpc-id"), ("routes", None)],
    "RouteTableAssociation": [("routeTableId", "network-routes-id")],
    "Schedule": [
        ("groupName", "lambda-sqlite-prod-schedules"),
        ("flexibleTimeWindow.mode", "OFF"),
        ("target.roleArn", "arn:aws:iam:us-east-1:123456789012:schedules-role"),
        ("target.deadLetterConfig.arn", FAILURES),
        ("target.retryPolicy", {"maximumRetryAttempts": 3, "maximumEventAgeInSeconds": 3600}),
    ],
    "ScheduleGroup": [("name", "lambda-sqlite-prod-schedules")],
    "SecurityGroup": [("vpcId", "network-vpc-id"), ("ingress", None), ("egress", None)],
    "SecurityGroupEgressRule": [("ipProtocol", "tcp"), ("securityGroupId", "network-functions-id")],
    "SecurityGroupIngressRule": [
        ("fromPort", 2049),
        ("toPort", 2049),
        ("securityGroupId", "network-files-id"),
        ("referencedSecurityGroupId", "network-functions-id"),
    ],
    "Selection": [
        ("resources", ["arn:aws:dynamodb:us-east-1:123456789012:storage-table"]),
        ("iamRoleArn", "arn:aws:iam:us-east-1:123456789012:backup-copy-role"),
        ("planId", "backup-plan-id"),
    ],
    "Stage": [
        ("name", "$default"),
        ("autoDeploy", True),
        ("accessLogSettings.destinationArn", "arn:aws:cloudwatch:us-east-1:123456789012:api-access"),
        ("defaultRouteSettings.throttlingRateLimit", 1000),
        ("defaultRouteSettings.throttlingBurstLimit", 2000),
    ],
    "StateMachine": [
        ("name", "lambda-sqlite-prod-rollout"),
        ("type", "STANDARD"),
        ("roleArn", "arn:aws:iam:us-east-1:123456789012:rollout-role"),
        ("loggingConfiguration.level", "ERROR"),
        ("loggingConfiguration.includeExecutionData", True),
        ("tracingConfiguration.enabled", False),
    ],
    "Subnet": [("mapPublicIpOnLaunch", False)],
    "Table": [
        ("billingMode", "PAY_PER_REQUEST"),
        ("deletionProtectionEnabled", True),
        ("pointInTimeRecovery.enabled", True),
        ("serverSideEncryption.enabled", True),
        ("streamEnabled", True),
        ("streamViewType", "NEW_IMAGE"),
        ("onDemandThroughput", {"maxReadRequestUnits": 40_000, "maxWriteRequestUnits": 40_000}),
        ("ttl", {"enabled": True, "attributeName": "expires_at"}),
    ],
    "Topic": [("name", "lambda-sqlite-prod-alarms"), ("signatureVersion", 2), ("fifoTopic", None)],
    "TopicPolicy": [("arn", ALARMS)],
    "Vault": [("kmsKeyArn", "arn:aws:kms:us-east-1:123456789012:key-key"), ("forceDestroy", False)],
    "Vpc": [("enableDnsSupport", True), ("enableDnsHostnames", True), ("cidrBlock", "10.43.0.0/24")],
    "VpcEndpoint": [
        ("vpcEndpointType", "Gateway"),
        ("serviceName", "com.amazonaws.us-east-1.dynamodb"),
        ("routeTableIds", ["network-routes-id"]),
    ],
}
OF_THE_GUARDS = {"SESSIONS_TABLE", "SESSION_KEY_ARN", "SESSION_MINUTES", "EDGE_KEY_ARN"}
OF_AN_EDGE = {"EDGE", "SHARED_MAX_AGE_S"}
OF_POSTGRES = {"DATABASE_URL", "DATABASE_PROXY", "DATABASE_AUTH", "MASTER_SECRET_ARN", "RELATIONAL_FUNCTION"}
OF_THE_WORKER = {
    *("JOBS_BUCKET", "JOBS_QUEUE_URL", "DEAD_LETTERS_ARN", "REBUILD_MACHINE_ARN", "LAKE_BUCKET", "TOPIC_ARN"),
}
CHECKED = [kind for kind, properties in KEY_PROPERTIES.items() if properties]


def wrong(node: Node) -> list[str]:
    """The key properties of a node that are not what they have to be."""
    return [path for path, expected in KEY_PROPERTIES[kind_of(node)] if node.at(path) != expected]


def kind_of(node: Node) -> str:
    return node.type.rpartition(":")[2]


def with_value(inputs: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    key, _, rest = path.partition(".")
    return inputs | {key: with_value(inputs.get(key, {}), rest, value) if rest else value}


def test_every_type_is_looked_at() -> None:
    assert {kind_of(node) for node in graph("prod").nodes if node.is_custom} == set(KEY_PROPERTIES)


@pytest.mark.parametrize("kind", CHECKED)
def test_key_properties(kind: str) -> None:
    assert {node.name: wrong(node) for node in graph("prod").of(kind) if wrong(node)} == {}


@pytest.mark.parametrize("kind", CHECKED)
def test_a_wrong_key_property_is_noticed(kind: str) -> None:
    node = graph("prod").of(kind)[0]
    for path, _ in KEY_PROPERTIES[kind]:
        assert wrong(dataclasses.replace(node, inputs=with_value(node.inputs, path, "wrong"))) == [path]


@pytest.mark.parametrize("kind", CHECKED)
def test_key_properties_exist(kind: str) -> None:
    made_by = resource_class(graph("prod").of(kind)[0])
    for path, _ in KEY_PROPERTIES[kind]:
        name = re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", path.split(".")[0])
        assert hasattr(made_by, name), name


def policy_of(name: str, stack: str = "prod") -> list[dict[str, Any]]:
    return statements(graph(stack).one("RolePolicy", name))


def actions_of(name: str, sid: str) -> set[str]:
    (statement,) = [statement for statement in policy_of(name) if statement["Sid"] == sid]
    return set(statement["Action"])


TABLE = "arn:aws:dynamodb:us-east-1:123456789012:storage-table"
READ = {"dynamodb:GetItem", "dynamodb:Query"}
WRITE = READ | {"dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}


@pytest.mark.parametrize(("function", "actions"), [("command", WRITE), ("query", READ), ("projector", READ)])
def test_each_function_has_exactly_its_actions_on_the_table(function: str, actions: set[str]) -> None:
    assert actions_of(f"{function}-data", "Table") == actions
    assert policy_of(f"{function}-data")[0]["Resource"] == [TABLE, f"{TABLE}/index/*"]


@pytest.mark.parametrize(("function", "partition"), [("query", BENCHMARKS), ("projector", VERIFICATION)])
def test_who_reads_may_put_items_into_one_partition_and_no_other(function: str, partition: str) -> None:
    puts = [statement for statement in policy_of(f"{function}-data") if "dynamodb:PutItem" in statement["Action"]]
    (statement,) = puts
    assert (statement["Action"], statement["Resource"]) == (["dynamodb:PutItem"], [TABLE])
    assert statement["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [partition]}}
    assert {statement["Sid"] for statement in policy_of("command-data")} == {"Table", "Files"}


def test_the_projector_may_note_rebuilds_and_events_where_there_are_any() -> None:
    (statement,) = [each for each in policy_of("projector-data", EVERYTHING) if each["Sid"] == "Partitions"]
    assert statement["Action"] == ["dynamodb:PutItem"]
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [VERIFICATION, JOBS, EVENTS]}
    }


@pytest.mark.parametrize(
    ("function", "door", "actions"),
    [
        ("command", "command", {"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"}),
        ("projector", "command", {"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"}),
        ("query", "query", {"elasticfilesystem:ClientMount"}),
    ],
)
def test_each_function_mounts_through_the_access_point_of_those_that_write_or_read(
    function: str, door: str, actions: set[str]
) -> None:
    point = f"arn:aws:efs:us-east-1:123456789012:storage-{door}"
    assert actions_of(f"{function}-data", "Files") == actions
    assert policy_of(f"{function}-data")[1]["Condition"] == {
        "StringEquals": {"elasticfilesystem:AccessPointArn": point}
    }
    assert graph("prod").one("Function", f"{function}-function").inputs["fileSystemConfig"]["arn"] == point


@pytest.mark.parametrize("function", ["command", "query", "projector"])
def test_a_role_logs_to_its_own_group_and_cannot_make_one(function: str) -> None:
    logs = policy_of(f"{function}-identity-runtime")[0]
    assert set(logs["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert logs["Resource"] == [f"arn:aws:cloudwatch:us-east-1:123456789012:{function}-identity-logs:*"]


@pytest.mark.parametrize("function", ["command", "query", "projector"])
def test_the_code_may_not_touch_network_interfaces(function: str) -> None:
    (denial,) = policy_of(f"{function}-no-interfaces")
    assert denial["Effect"] == "Deny"
    assert set(denial["Action"]) > set(INTERFACES)
    arn = f"arn:aws:lambda:us-east-1:123456789012:{function}-function"
    assert denial["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": arn}}


@pytest.mark.parametrize("function", ["command", "query", "projector"])
def test_the_key_is_used_through_services_only(function: str) -> None:
    (use,) = policy_of(f"{function}-identity-key")
    assert use["Resource"] == ["arn:aws:kms:us-east-1:123456789012:key-key"]
    services = use["Condition"]["StringEquals"]["kms:ViaService"]
    assert services == ["dynamodb.us-east-1.amazonaws.com", "lambda.us-east-1.amazonaws.com"]


def test_roles_trust_one_service_each() -> None:
    trusted = {
        node.name: json.loads(node.inputs["assumeRolePolicy"])["Statement"][0]["Principal"]
        for node in graph("prod").of("Role")
    }
    assert trusted == {
        "command-identity-role": {"Service": "lambda.amazonaws.com"},
        "query-identity-role": {"Service": "lambda.amazonaws.com"},
        "projector-identity-role": {"Service": "lambda.amazonaws.com"},
        "rollout-role": {"Service": "states.amazonaws.com"},
        "schedules-role": {"Service": "scheduler.amazonaws.com"},
        "network-flow": {"Service": "vpc-flow-logs.amazonaws.com"},
        "backup-copy-role": {"Service": "backup.amazonaws.com"},
        "backup-restore-role": {"Service": "backup.amazonaws.com"},
    }


def test_the_key_policy_lets_the_account_its_logs_and_its_alarms_in_and_nobody_else() -> None:
    account, logs, alarms, budgets = statements(graph("prod").one("Key"))
    assert account["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert logs["Principal"] == {"Service": "logs.us-east-1.amazonaws.com"}
    context = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert context == "arn:aws:logs:us-east-1:123456789012:log-group:*"
    for statement, service, arn in (
        (alarms, "cloudwatch", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:lambda-sqlite-prod-*"),
        (budgets, "budgets", "arn:aws:budgets::123456789012:*"),
    ):
        assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
        assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": arn}
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    without = statements(run("prod", {"alarms": False}).one("Key"))
    assert without == [account, logs]


def test_the_file_system_lets_each_role_in_through_its_point_and_refuses_everything_else() -> None:
    writer, reader, other, plain = statements(graph("prod").one("FileSystemPolicy"))
    for functions, statement in ((("command", "projector"), writer), (("query",), reader)):
        function = functions[0]
        assert statement["Effect"] == "Allow"
        roles = [f"arn:aws:iam:us-east-1:123456789012:{name}-identity-role" for name in functions]
        assert statement["Principal"] == {"AWS": roles}
        assert statement["Condition"] == {
            "StringEquals": {
                "elasticfilesystem:AccessPointArn": f"arn:aws:efs:us-east-1:123456789012:storage-{function}"
            },
            "Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"},
        }
    assert "elasticfilesystem:ClientWrite" in writer["Action"]
    assert reader["Action"] == ["elasticfilesystem:ClientMount"]
    points = [f"arn:aws:efs:us-east-1:123456789012:storage-{function}" for function in ("command", "query")]
    assert other["Effect"] == plain["Effect"] == "Deny"
    assert other["Condition"] == {"StringNotEquals": {"elasticfilesystem:AccessPointArn": points}}
    assert "elasticfilesystem:ClientRootAccess" in other["Action"]
    assert plain["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_endpoint_lets_nothing_but_this_table_through() -> None:
    (statement,) = statements(graph("prod").one("VpcEndpoint"))
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/lambda-sqlite-prod-ledger"
    assert statement["Resource"] == [arn, f"{arn}/index/*"]
    assert set(statement["Action"]) == WRITE
    assert graph("prod").one("Table").inputs["name"] == "lambda-sqlite-prod-ledger"


def test_the_functions_can_reach_the_file_system_and_dynamodb_and_nothing_else() -> None:
    rules = {node.name: node.inputs for node in graph("prod").of("SecurityGroupEgressRule")}
    files, dynamodb = rules.pop("network-functions-to-files"), rules.pop("network-functions-to-dynamodb")
    assert not rules
    assert (files["referencedSecurityGroupId"], files["fromPort"], files["toPort"]) == ("network-files-id", 2049, 2049)
    assert (dynamodb["prefixListId"], dynamodb["fromPort"], dynamodb["toPort"]) == (
        "network-dynamodb-prefix-list",
        443,
        443,
    )


def test_both_access_points_describe_the_same_directory_for_different_users() -> None:
    command, query = (graph("prod").one("AccessPoint", f"storage-{function}") for function in ("command", "query"))
    assert command.inputs["rootDirectory"] == query.inputs["rootDirectory"]
    assert command.inputs["rootDirectory"]["creationInfo"] == {
        "ownerUid": 1000,
        "ownerGid": 1000,
        "permissions": "0750",
    }
    assert (command.inputs["posixUser"]["uid"], query.inputs["posixUser"]["uid"]) == (1000, 1001)


def test_every_zone_has_a_mount_target() -> None:
    mounts = {node.inputs["subnetId"] for node in graph("prod").of("MountTarget")}
    for function in graph("prod").of("Function"):
        assert set(function.inputs["vpcConfig"]["subnetIds"]) == mounts
    assert len({node.inputs["availabilityZone"] for node in graph("prod").of("Subnet")}) == len(mounts) == 3


def test_the_table_is_the_one_that_the_handlers_define() -> None:
    table, definition = graph("dev").one("Table").inputs, create_table_arguments("lambda-sqlite-dev-ledger")
    assert table["name"] == definition["TableName"]
    assert table["billingMode"] == definition["BillingMode"]
    given = [{"AttributeName": item["name"], "AttributeType": item["type"]} for item in table["attributes"]]
    assert given == definition["AttributeDefinitions"]
    keys = [("HASH", table["hashKey"]), ("RANGE", table["rangeKey"])]
    assert [{"AttributeName": name, "KeyType": kind} for kind, name in keys] == definition["KeySchema"]
    indexes = [
        {
            "IndexName": index["name"],
            "KeySchema": [
                {"AttributeName": key["attributeName"], "KeyType": key["keyType"]} for key in index["keySchemas"]
            ],
            "Projection": {
                "ProjectionType": index["projectionType"],
                **({"NonKeyAttributes": index["nonKeyAttributes"]} if "nonKeyAttributes" in index else {}),
            },
        }
        for index in table["globalSecondaryIndexes"]
    ]
    assert indexes == definition["GlobalSecondaryIndexes"]


def test_the_functions_are_told_what_they_read_and_nothing_else() -> None:
    """Whoever has jobs, and the worker, are told more: tests/infra/jobs/test_worker.py."""
    known = {name for name, _ in VARIABLES}
    functions = graph("prod").of("Function")
    assert [function.name for function in functions] == ["command-function", "projector-function", "query-function"]
    for function in functions:
        given = function.inputs["environment"]["variables"]
        set_by_lambda = {name for name in known if name.startswith("AWS_")}
        assert (
            set(given) == known - set_by_lambda - {"TMP_DIR"} - OF_THE_WORKER - OF_THE_GUARDS - OF_AN_EDGE - OF_POSTGRES
        )
        assert given["TABLE_NAME"] == "lambda-sqlite-prod-ledger"
        assert given["EFS_DIR"] == function.inputs["fileSystemConfig"]["localMountPath"]


def test_each_functions_proof_is_as_large_as_the_setting_says_but_the_projectors_is_small() -> None:
    seen = run("prod", {"verifyMaxBytes": 12345})
    given = {node.name: node.at("environment.variables.VERIFY_MAX_BYTES") for node in seen.of("Function")}
    assert given == {"command-function": "12345", "query-function": "12345", "projector-function": "0"}


def test_the_aliases_follow_the_published_version_and_the_key() -> None:
    aliases = {node.name: node.inputs for node in graph("prod").of("Alias")}
    for function in ("command", "query", "projector"):
        live = aliases[f"{function}-live"]
        assert (live["name"], live["functionVersion"]) == ("live", "1")
        assert live["functionName"] == f"lambda-sqlite-prod-{function}"
    assert aliases["key-alias"]["targetKeyId"] == "key-key-key-id"


def named(node: Node) -> str:
    return node.name


def test_prod_keeps_its_data_and_dev_keeps_nothing() -> None:
    kept = [node for node in graph("prod").nodes if node.options.get("protect")]
    assert sorted(map(named, kept)) == [
        "backup-copy",
        "backup-copy-role",
        "backup-plan",
        "backup-restore",
        "backup-restore-role",
        "backup-table",
        "backup-vault",
        "key-key",
        "storage-files",
        "storage-table",
    ]
    assert all(node.options.get("retainOnDelete") for node in kept if not node.type.endswith(":Selection"))
    assert not any({"protect", "retainOnDelete"} & set(node.options) for node in graph("dev").nodes)
    assert graph("dev").one("Table").inputs["deletionProtectionEnabled"] is False


def test_an_unprotected_stack_lets_go_of_its_key_and_leaves_it_to_its_owner() -> None:
    assert run("prod", {"protect": False}).one("Key").options == {"retainOnDelete": True}


def test_flow_logs_can_find_their_group_before_they_write_to_it() -> None:
    write, search = policy_of("network-flow")
    assert set(write["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"}
    assert write["Resource"] == ["arn:aws:cloudwatch:us-east-1:123456789012:network-flow:*"]
    assert (search["Action"], search["Resource"]) == (["logs:DescribeLogGroups"], ["*"])


@pytest.mark.parametrize(("stack", "granted"), [("dev", False), ("everything", True)])
def test_traces_are_recorded_and_granted_only_where_they_are_asked_for(stack: str, granted: bool) -> None:
    for function in ("command", "query", "projector"):
        statements_of = [statement["Sid"] for statement in policy_of(f"{function}-identity-runtime", stack)]
        assert ("Traces" in statements_of) is granted
        mode = graph(stack).one("Function", f"{function}-function").at("tracingConfig.mode")
        assert mode == ("Active" if granted else "PassThrough")


def test_every_role_has_the_boundary() -> None:
    roles = graph("everything").of("Role")
    assert {node.inputs.get("permissionsBoundary") for node in roles} == {"arn:aws:iam::123456789012:policy/boundary"}
    assert len(roles) == 22


def test_every_resource_with_tags_has_the_owners_too() -> None:
    few = graph("everything").of("BucketObjectv2")  # S3 takes ten tags for an object
    tagged = [node.inputs["tags"] for node in graph("everything").nodes if "tags" in node.inputs and node not in few]
    assert len(tagged) > 20
    assert all(tags["Team"] == "data" and tags["CostCenter"] == "1234" for tags in tagged)


def test_a_table_of_another_name_is_the_one_that_everything_uses() -> None:
    seen = graph("everything")
    assert seen.one("Table", "storage-table").inputs["name"] == "ledger-restored"
    (statement,) = statements(seen.one("VpcEndpoint"))
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/ledger-restored"
    assert statement["Resource"] == [arn, f"{arn}/index/*"]
    tables = {function.name: function.at("environment.variables.TABLE_NAME") for function in seen.of("Function")}
    assert [tables.pop(f"{other}-function") for other in ("warmer", "sessions", "authorizer", "migrator")] == [None] * 4
    assert {*tables.values()} == {"ledger-restored"}


def test_what_is_asked_of_the_cloud() -> None:
    asked = [(lookup.token.rpartition(":")[2], json.loads(lookup.arguments)) for lookup in graph("everything").lookups]
    zones = {
        "state": "available",
        "excludeZoneIds": ["use1-az3"],
        "filters": [{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
    }
    assert ("getAvailabilityZones", zones) in asked
    assert ("getServiceQuota", {"serviceCode": "lambda", "quotaCode": "L-B99A9384"}) in asked
    about_the_account = {"getCallerIdentity", "getPartition", "getRegion"}
    about_secrets = {"getRandomPassword", "getSecretVersion"}
    assert {token for token, _ in asked} - about_the_account == {
        "getAvailabilityZones",
        "getServiceQuota",
    } | about_secrets


def test_the_provider_waits_for_an_index_that_a_large_table_gets() -> None:
    assert graph("prod").one("Table").options["customTimeouts"] == {"update": "24h"}
