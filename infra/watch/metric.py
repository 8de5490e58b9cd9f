"""Metrics as CloudWatch names them: a namespace, a name, dimensions, and how the numbers of a period become one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from handlers.telemetry.metrics import FUNCTION, NAMESPACE, PATH

Text = pulumi.Input[str]

PERIOD_S = 300
SUM, MAXIMUM, AVERAGE, SAMPLES = "Sum", "Maximum", "Average", "SampleCount"
P50, P99 = "p50", "p99"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric; `statistic` is Sum, Maximum, Average, SampleCount or a percentile such as p99."""

    namespace: str
    name: str
    dimensions: Mapping[str, Text]
    statistic: str = SUM
    period_s: int = PERIOD_S


def of_function(name: str, function_name: Text, statistic: str = SUM) -> Metric:
    """Return a metric that Lambda has of a function."""
    return Metric(namespace="AWS/Lambda", name=name, dimensions={"FunctionName": function_name}, statistic=statistic)


def own(name: str, function_name: Text, statistic: str = SUM, path: str = "") -> Metric:
    """Return a metric of the functions' own, for one path where it is told by path."""
    dimensions = {FUNCTION: function_name, PATH: path} if path else {FUNCTION: function_name}
    return Metric(namespace=NAMESPACE, name=name, dimensions=dimensions, statistic=statistic)


def of_api(name: str, api_id: Text, statistic: str = SUM) -> Metric:
    """Return a metric that the gateway has of an HTTP API."""
    return Metric(namespace="AWS/ApiGateway", name=name, dimensions={"ApiId": api_id}, statistic=statistic)


def of_table(name: str, table_name: Text, **dimensions: Text) -> Metric:
    """Return a metric that DynamoDB has of a table or, by further dimensions, of an index or an operation."""
    return Metric(namespace="AWS/DynamoDB", name=name, dimensions={"TableName": table_name, **dimensions})


def of_files(name: str, file_system_id: Text, statistic: str = SUM, **dimensions: Text) -> Metric:
    """Return a metric that EFS has of a file system or, by a further dimension, of a storage class."""
    return Metric(
        namespace="AWS/EFS", name=name, dimensions={"FileSystemId": file_system_id, **dimensions}, statistic=statistic
    )


def of_vault(name: str, vault_name: Text) -> Metric:
    """Return a metric that AWS Backup has of a vault."""
    return Metric(namespace="AWS/Backup", name=name, dimensions={"BackupVaultName": vault_name})


def of_queue(name: str, queue_name: Text, statistic: str = MAXIMUM) -> Metric:
    """Return a metric that SQS has of a queue."""
    return Metric(namespace="AWS/SQS", name=name, dimensions={"QueueName": queue_name}, statistic=statistic)


def of_machine(name: str, machine_arn: Text) -> Metric:
    """Return a metric that Step Functions has of a state machine."""
    return Metric(namespace="AWS/States", name=name, dimensions={"StateMachineArn": machine_arn})


def of_database(name: str, identifier: Text, statistic: str = AVERAGE) -> Metric:
    """Return a metric that RDS has of a database."""
    return Metric(namespace="AWS/RDS", name=name, dimensions={"DBInstanceIdentifier": identifier}, statistic=statistic)
