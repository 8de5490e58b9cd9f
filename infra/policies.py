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
# To have a log delivered. AWS grants none of them on anything narrower than everything (source: the Step Functions
# developer guide, "Logging using CloudWatch Logs").
DELIVER_LOGS = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)
USE_TO_TELL = ("kms:Decrypt", "kms:GenerateDataKey*")


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


def refuse_plain_text(actions: Sequence[str], resources: Sequence[str], *, but_from_here: bool = False) -> Statement:
    """Return the statement that refuses whoever comes without TLS.

    Args:
        but_from_here: except from this machine's loopback, over which an emulator is spoken to without TLS.
    """
    in_the_clear: dict[str, object] = {"Bool": {"aws:SecureTransport": "false"}}
    if but_from_here:
        in_the_clear["NotIpAddress"] = {"aws:SourceIp": "127.0.0.0/8"}
    return deny("NoPlainText", actions, resources, Principal={"AWS": "*"}, Condition=in_the_clear)


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


def runtime_policy(log_group_arn: str, *, tracing: bool, in_network: bool) -> str:
    """Allow what a function needs before it runs at all: its log group, its traces, a network interface."""
    statements = [allow("Logs", WRITE_LOGS, [f"{log_group_arn}:*"])]
    if tracing:
        statements.append(allow("Traces", TRACES, ["*"]))
    if in_network:
        statements.append(allow("Interfaces", INTERFACES, ["*"]))
    return document(*statements)


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


def invoke_policy(alias_arns: Sequence[str]) -> str:
    """Allow a function to invoke these aliases."""
    return document(allow("Invoke", ["lambda:InvokeFunction"], alias_arns))


def key_use_policy(key_arn: str, stores: Sequence[str] = ()) -> str:
    """Allow the use of a key, through the services that hold the data (`stores`: further ones) and never directly."""
    region = key_arn.split(":")[3]
    via = [f"{service}.{region}.amazonaws.com" for service in ("dynamodb", "lambda", *stores)]
    actions = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    return document(allow("Key", actions, [key_arn], Condition={"StringEquals": {"kms:ViaService": via}}))


def no_interfaces_policy(function_arn: str) -> str:
    """Deny the function's code what Lambda itself does with the network interfaces."""
    by_the_code = {"ArnEquals": {"lambda:SourceFunctionArn": function_arn}}
    return document(deny("NoInterfaces", [*INTERFACES, "ec2:DetachNetworkInterface"], ["*"], Condition=by_the_code))


@dataclass(frozen=True, kw_only=True)
class Door:
    """One access point of a file system, and the roles that may mount through it; all are ARNs."""

    access_point_arn: str
    role_arns: Sequence[str]


def file_system_policy(file_system_arn: str, writers: Door, readers: Door) -> str:
    """Let each role mount through its own access point, over TLS, and refuse everything else.

    Without any policy EFS lets every client in, whatever its role says.
    """
    doors = [writers.access_point_arn, readers.access_point_arn]
    return document(
        _mount("Writers", MOUNT_AND_WRITE, file_system_arn, writers),
        _mount("Readers", MOUNT, file_system_arn, readers),
        deny(
            "NoOtherWay",
            [*MOUNT_AND_WRITE, "elasticfilesystem:ClientRootAccess"],
            [file_system_arn],
            Principal={"AWS": "*"},
            Condition={"StringNotEquals": {"elasticfilesystem:AccessPointArn": doors}},
        ),
        refuse_plain_text(["*"], [file_system_arn]),
    )


def _mount(sid: str, actions: Sequence[str], file_system_arn: str, door: Door) -> Statement:
    condition = {
        "StringEquals": {"elasticfilesystem:AccessPointArn": door.access_point_arn},
        "Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"},
    }
    return allow(sid, actions, [file_system_arn], Principal={"AWS": [*door.role_arns]}, Condition=condition)


def key_policy(
    account: Account, announcers: Mapping[str, Statement] | None = None, guests: Sequence[Statement] = ()
) -> str:
    """Leave a key to the account's IAM, and let CloudWatch Logs use it for this account's log groups.

    Args:
        announcers: who else may use it, to tell an encrypted topic or queue: principal and condition by a name.
        guests: statements that let others use it, for what each of them says.
    """
    of_log_groups = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": account.arn("logs", "log-group:*")}}
    actions = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    logs = {"Service": f"logs.{account.region}.amazonaws.com"}
    return document(
        allow("Account", ["kms:*"], ["*"], Principal={"AWS": account.root_arn()}),
        allow("Logs", actions, ["*"], Principal=logs, Condition=of_log_groups),
        *(allow(name, USE_TO_TELL, ["*"], **of) for name, of in (announcers or {}).items()),
        *guests,
    )


def announcers(account: Account, stack_name: str) -> dict[str, Statement]:
    """Return principal and condition of whoever tells a stack's topic: its alarms, and the account's budgets.

    Source: AWS Cost Management, "Creating an Amazon SNS topic for budget notifications"; Amazon SNS, "Enable
    compatibility between event sources from AWS services and encrypted topics". Budgets are in no region.
    """
    alarms = account.arn("cloudwatch", f"alarm:{stack_name}-*")
    budgets = f"arn:{account.partition}:budgets::{account.account_id}:*"
    return {
        "Alarms": _service("cloudwatch.amazonaws.com", account, alarms),
        "Budgets": _service("budgets.amazonaws.com", account, budgets),
    }


def import_announcers(account: Account, bucket_name: str) -> dict[str, Statement]:
    """Return principal and condition of whoever tells the queue of jobs: the bucket that files are sent to.

    Source: Amazon S3 user guide, "Granting permissions to publish event notification messages to a destination".
    """
    return {"Imports": _service("s3.amazonaws.com", account, f"arn:{account.partition}:s3:::{bucket_name}")}


def delivery_source_arn(account: Account, name: str) -> str:
    """Return the ARN of the source of a distribution's access logs, which is in us-east-1 wherever the stack is."""
    return f"arn:{account.partition}:logs:us-east-1:{account.account_id}:delivery-source:{name}"


def edge_guests(account: Account, source_name: str) -> list[Statement]:
    """Let CloudFront read the page, and a source's access logs be written, where the key encrypts their buckets.

    CloudFront is let in for all distributions of the account: the key is there before the distribution is, and the
    bucket's own policy lets one alone read. Source: Amazon CloudFront developer guide, "Restrict access to an Amazon
    S3 origin", on SSE-KMS; Amazon CloudWatch Logs user guide, "Logs sent to Amazon S3".
    """
    distributions = f"arn:{account.partition}:cloudfront::{account.account_id}:distribution/*"
    edge = {"Service": "cloudfront.amazonaws.com"}
    logs = _service("delivery.logs.amazonaws.com", account, delivery_source_arn(account, source_name))
    return [
        allow("Page", ["kms:Decrypt"], ["*"], Principal=edge, Condition={"ArnLike": {"aws:SourceArn": distributions}}),
        allow("AccessLogs", USE_TO_TELL, ["*"], **logs),
    ]


def _service(service: str, account: Account, arns: str) -> Statement:
    condition = {"StringEquals": {"aws:SourceAccount": account.account_id}, "ArnLike": {"aws:SourceArn": arns}}
    return {"Principal": {"Service": service}, "Condition": condition}
