"""Every IAM document of the stack. Pure: from ARNs to JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.account import Account

Statement = Mapping[str, object]

TABLE_READS = ("dynamodb:GetItem", "dynamodb:Query")
TABLE_WRITES = (*TABLE_READS, "dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
MOUNT = ("elasticfilesystem:ClientMount",)
MOUNT_AND_WRITE = (*MOUNT, "elasticfilesystem:ClientWrite")
# What Lambda itself needs to put a function into a network (source: AWSLambdaVPCAccessExecutionRole).
INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
TRACES = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
WRITE_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")


@dataclass(frozen=True, kw_only=True)
class Access:
    """A function's rights on the data: actions on the table, and on the file system through one access point.

    `partitions` are those of the table that it may put items into although it may not elsewhere.
    """

    table_actions: Sequence[str]
    mount_actions: Sequence[str]
    partitions: Sequence[str] = ()


def allow(sid: str, actions: Sequence[str], resources: Sequence[str], **more: object) -> Statement:
    """Return a statement that allows; `more` are a policy's other elements (Principal, Condition)."""
    return {"Sid": sid, "Effect": "Allow", "Action": [*actions], "Resource": [*resources], **more}


def deny(sid: str, actions: Sequence[str], resources: Sequence[str], **more: object) -> Statement:
    """Return a statement that denies."""
    return {**allow(sid, actions, resources, **more), "Effect": "Deny"}


def document(*statements: Statement) -> str:
    """Return a policy document as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def trust(service: str, **more: object) -> str:
    """Let one AWS service take a role; `more` are the statement's other elements (Condition)."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}, **more}
    return document(statement)


def table_resources(table_arn: str) -> list[str]:
    """Return the ARNs of a table and of its indexes."""
    return [table_arn, f"{table_arn}/index/*"]


def endpoint_policy(table_arns: Sequence[str]) -> str:
    """Let the functions' actions on these tables through the network's way to DynamoDB, and nothing else."""
    resources = [resource for arn in table_arns for resource in table_resources(arn)]
    return document(allow("Tables", TABLE_WRITES, resources, Principal="*"))


def runtime_policy(log_group_arn: str, *, tracing: bool) -> str:
    """Allow what every function needs before it runs at all: its log group, a network interface, its traces."""
    traces = [allow("Traces", TRACES, ["*"])] if tracing else []
    return document(allow("Logs", WRITE_LOGS, [f"{log_group_arn}:*"]), *traces, allow("Interfaces", INTERFACES, ["*"]))


def flow_logs_policy(log_group_arn: str) -> str:
    """Allow the network's flow logs to find and write their log group; AWS grants the search on all groups only."""
    return document(
        allow("Logs", [*WRITE_LOGS, "logs:DescribeLogStreams"], [f"{log_group_arn}:*"]),
        allow("Search", ["logs:DescribeLogGroups"], ["*"]),
    )


def data_policy(access: Access, *, table_arn: str, file_system_arn: str, access_point_arn: str) -> str:
    """Allow a function its access to the data."""
    through = {"StringEquals": {"elasticfilesystem:AccessPointArn": access_point_arn}}
    into = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [*access.partitions]}}
    statements = [
        allow("Table", access.table_actions, table_resources(table_arn)),
        allow("Files", access.mount_actions, [file_system_arn], Condition=through),
    ]
    if access.partitions:
        statements.append(allow("Partitions", ["dynamodb:PutItem"], [table_arn], Condition=into))
    return document(*statements)


def key_use_policy(key_arn: str) -> str:
    """Allow the use of a key, through the services that hold the data and never directly."""
    region = key_arn.split(":")[3]
    via = [f"{service}.{region}.amazonaws.com" for service in ("dynamodb", "lambda")]
    actions = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    return document(allow("Key", actions, [key_arn], Condition={"StringEquals": {"kms:ViaService": via}}))


def no_interfaces_policy(function_arn: str) -> str:
    """Deny the function's code what Lambda itself does with the network interfaces."""
    by_the_code = {"ArnEquals": {"lambda:SourceFunctionArn": function_arn}}
    return document(deny("NoInterfaces", [*INTERFACES, "ec2:DetachNetworkInterface"], ["*"], Condition=by_the_code))


def file_system_policy(file_system_arn: str, writer: tuple[str, str], reader: tuple[str, str]) -> str:
    """Let each role mount through its own access point, over TLS, and refuse everything else.

    Without any policy EFS lets every client in, whatever its role says.
    `writer` and `reader` are the ARNs of a role and of its access point.
    """
    return document(
        _mount("Writer", MOUNT_AND_WRITE, file_system_arn, writer),
        _mount("Reader", MOUNT, file_system_arn, reader),
        deny(
            "NoOtherWay",
            [*MOUNT_AND_WRITE, "elasticfilesystem:ClientRootAccess"],
            [file_system_arn],
            Principal={"AWS": "*"},
            Condition={"StringNotEquals": {"elasticfilesystem:AccessPointArn": [writer[1], reader[1]]}},
        ),
        deny(
            "NoPlainText",
            ["*"],
            [file_system_arn],
            Principal={"AWS": "*"},
            Condition={"Bool": {"aws:SecureTransport": "false"}},
        ),
    )


def _mount(sid: str, actions: Sequence[str], file_system_arn: str, client: tuple[str, str]) -> Statement:
    role, access_point = client
    condition = {
        "StringEquals": {"elasticfilesystem:AccessPointArn": access_point},
        "Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"},
    }
    return allow(sid, actions, [file_system_arn], Principal={"AWS": role}, Condition=condition)


def key_policy(account: Account) -> str:
    """Leave a key to the account's IAM, and let CloudWatch Logs use it for this account's log groups."""
    of_log_groups = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": account.arn("logs", "log-group:*")}}
    actions = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    logs = {"Service": f"logs.{account.region}.amazonaws.com"}
    return document(
        allow("Account", ["kms:*"], ["*"], Principal={"AWS": account.root_arn()}),
        allow("Logs", actions, ["*"], Principal=logs, Condition=of_log_groups),
    )
