"""Metrics that AWS's services have, with their dimensions: those that alarms and the dashboard may name.

Sources, by namespace:
    AWS/ApiGateway: API Gateway developer guide, "Monitor CloudWatch metrics for HTTP APIs in API Gateway". (REST APIs
        spell theirs otherwise: 5XXError.)
    AWS/Backup: AWS Backup developer guide, "AWS Backup metrics with Amazon CloudWatch".
    AWS/DynamoDB: DynamoDB developer guide, "DynamoDB metrics and dimensions".
    AWS/EFS: EFS user guide, "CloudWatch metrics for Amazon EFS".
    AWS/Lambda: Lambda developer guide, "Types of metrics for Lambda functions".
    AWS/RDS: RDS user guide, "Amazon CloudWatch metrics for Amazon RDS".
    AWS/States: Step Functions developer guide, "Monitoring Step Functions metrics using Amazon CloudWatch".
    AWS/SQS: SQS developer guide, "Available CloudWatch metrics for Amazon SQS".
"""

from __future__ import annotations

from collections.abc import Mapping

from handlers.routes import SOURCES
from handlers.telemetry.metrics import BY_FUNCTION, BY_PATH, BY_VERSION, FUNCTION, NAMESPACE, PATH, VERSION

Dimensions = frozenset[str]
OPERATIONS = {"GetItem", "Query", "PutItem", "TransactWriteItems"}  # of the table that the functions use


def of(*names: str) -> Dimensions:
    return frozenset(names)


def each(names: str, *dimensions: Dimensions) -> dict[str, tuple[Dimensions, ...]]:
    return dict.fromkeys(names.split(), dimensions)


TABLE = of("TableName")
INDEX = of("TableName", "GlobalSecondaryIndexName")
UNITS = "ConsumedReadCapacityUnits ConsumedWriteCapacityUnits ReadThrottleEvents WriteThrottleEvents"
LAMBDA = "Invocations Errors Throttles Duration IteratorAge ConcurrentExecutions"
FILES = "PercentIOLimit PermittedThroughput MeteredIOBytes TotalIOBytes DataReadIOBytes DataWriteIOBytes"
MESSAGES = "ApproximateNumberOfMessages"
CHANGES = "MetadataWriteIOBytes"

# Namespace → metric → the sets of dimensions under which it is there.
METRICS: Mapping[str, Mapping[str, tuple[Dimensions, ...]]] = {
    "AWS/ApiGateway": each("4xx 5xx Count Latency IntegrationLatency", of("ApiId"), of("ApiId", "Stage")),
    "AWS/Backup": each("NumberOfBackupJobsFailed NumberOfBackupJobsCompleted", of("BackupVaultName")),
    "AWS/DynamoDB": each(UNITS, TABLE, INDEX) | each("SystemErrors", of("TableName", "Operation")),
    "AWS/EFS": each(f"{FILES} {CHANGES}", of("FileSystemId"))
    | each("StorageBytes", of("FileSystemId", "StorageClass")),
    "AWS/Lambda": each(LAMBDA, of("FunctionName")),
    "AWS/RDS": each("CPUUtilization DatabaseConnections FreeStorageSpace", of("DBInstanceIdentifier")),
    "AWS/SQS": each(f"{MESSAGES}Visible {MESSAGES}NotVisible ApproximateAgeOfOldestMessage", of("QueueName")),
    "AWS/States": each("ExecutionsFailed ExecutionsAborted ExecutionsTimedOut", of("StateMachineArn")),
    NAMESPACE: {
        **each(" ".join(BY_PATH), of(FUNCTION, PATH)),
        **each(" ".join(BY_FUNCTION), of(FUNCTION)),
        **each(" ".join(BY_VERSION), of(FUNCTION), of(FUNCTION, VERSION)),
    },
}
# The values of dimensions that are not the name of a resource.
VALUES = {
    "GlobalSecondaryIndexName": {"by_id"},
    "Operation": OPERATIONS,
    "StorageClass": {"Total", "Standard", "IA"},
    PATH: {*SOURCES, "insert"},
}
# Statistics that EFS does not have of a metric are no error: the alarm never gets data.
NO_SUM = {"PercentIOLimit", "PermittedThroughput", "StorageBytes"}
