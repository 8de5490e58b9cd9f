"""Every IAM document of the stack. Pure: from ARNs to JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from infra.naming import Naming

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


def allow(sid: str, actions: Sequence[str], resources: Sequence[str], **more: object) -> Statement:
    """A statement that allows; `more` are a policy's other elements (Principal, Condition)."""
    return {"Sid": sid, "Effect": "Allow", "Action": [*actions], "Resource": [*resources], **more}


def deny(sid: str, actions: Sequence[str], resources: Sequence[str], **more: object) -> Statement:
    """A statement that denies."""
    return {**allow(sid, actions, resources, **more), "Effect": "Deny"}


def document(*statements: Statement) -> str:
    """A policy document as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def trust(service: str, **more: object) -> str:
    """Who may take a role: one AWS service; `more` are the statement's other elements (Condition)."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}, **more}
    return document(statement)


def table_resources(table_arn: str) -> list[str]:
    """A table and its indexes."""
    return [table_arn, f"{table_arn}/index/*"]


def endpoint_policy(table_arn: str) -> str:
    """What may pass through the network's way to DynamoDB: the functions' actions on the one table."""
    return document(allow("OneTable", TABLE_WRITES, table_resources(table_arn), Principal="*"))


def runtime_policy(log_group_arn: str) -> str:
    """What every function needs before it runs at all: its log group, traces, a network interface."""
    return document(
        allow("Logs", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{log_group_arn}:*"]),
        allow("Traces", TRACES, ["*"]),
        allow("Interfaces", INTERFACES, ["*"]),
    )


def data_policy(
    table_arn: str,
    table_actions: Sequence[str],
    file_system_arn: str,
    mount_actions: Sequence[str],
    access_point_arn: str,
    *,
    partitions: Sequence[str] = (),
) -> str:
    """A function's access to the data: some actions on the table, and the file system through one access point.

    `partitions` are those of the table that it may put items into although it may not elsewhere.
    """
    through = {"StringEquals": {"elasticfilesystem:AccessPointArn": access_point_arn}}
    into = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [*partitions]}}
    statements = [
        allow("Table", table_actions, table_resources(table_arn)),
        allow("Files", mount_actions, [file_system_arn], Condition=through),
    ]
    if partitions:
        statements.append(allow("Partitions", ["dynamodb:PutItem"], [table_arn], Condition=into))
    return document(*statements)


def key_use_policy(key_arn: str, region: str) -> str:
    """Use of the stack's key, through the services that hold the data and never directly."""
    via = [f"{service}.{region}.amazonaws.com" for service in ("dynamodb", "lambda")]
    actions = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    return document(allow("Key", actions, [key_arn], Condition={"StringEquals": {"kms:ViaService": via}}))


def no_interfaces_policy(function_arn: str) -> str:
    """Network interfaces are Lambda's own affair: the function's code may not touch them."""
    by_the_code = {"ArnEquals": {"lambda:SourceFunctionArn": function_arn}}
    return document(deny("NoInterfaces", [*INTERFACES, "ec2:DetachNetworkInterface"], ["*"], Condition=by_the_code))


def file_system_policy(file_system_arn: str, writer: tuple[str, str], reader: tuple[str, str]) -> str:
    """Who may mount: each role through its own access point, over TLS; everything else is refused.

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


def key_policy(naming: Naming) -> str:
    """The stack's key: the account's IAM decides, and CloudWatch Logs may use it for this account's log groups."""
    of_log_groups = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": naming.arn("logs", "log-group:*")}}
    actions = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    logs = {"Service": f"logs.{naming.region}.amazonaws.com"}
    return document(
        allow("Account", ["kms:*"], ["*"], Principal={"AWS": naming.account_root()}),
        allow("Logs", actions, ["*"], Principal=logs, Condition=of_log_groups),
    )
