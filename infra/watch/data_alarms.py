"""Rules for the gateway, the queues, table, backups and file system, by AWS's own metrics."""

from __future__ import annotations

from dataclasses import replace

from handlers.aws.table import BY_ID
from infra.database.database import MOST_CONNECTIONS
from infra.watch.alarms import SUM_OF_ALL, AlarmRule
from infra.watch.metric import (
    AVERAGE,
    MAXIMUM,
    Metric,
    Text,
    of_api,
    of_database,
    of_files,
    of_queue,
    of_table,
    of_vault,
)
from infra.watch.prices import EFS_READ_USD, EFS_WRITE_USD, GB

FAILED_REQUESTS, FAILED_PERCENT, FEW_REQUESTS = 10, 1, 100
OPERATIONS = ("GetItem", "Query", "PutItem", "TransactWriteItems")  # all that the functions do
HOUR_S = 3600
FILES_USD_AN_HOUR = 0.5
STORED_GB = 50  # 15 USD a month
BUSY_PERCENT = 80
CONNECTED_PERCENT = 75  # sandboxes come in dozens


def gateway_rules(api_id: Text) -> dict[str, AlarmRule]:
    """Return the rules for answers of 500 and more, by their number and by their share."""
    failed, all_ = of_api("5xx", api_id), of_api("Count", api_id)
    return {
        "api-failures": AlarmRule(
            description=f"More than {FAILED_REQUESTS} requests were answered with 500 or more in 5 minutes",
            metrics={"failed": failed},
            above=FAILED_REQUESTS,
        ),
        "api-failure-rate": AlarmRule(
            description=f"More than {FAILED_PERCENT} % of {FEW_REQUESTS} requests or more failed, for 10 minutes",
            metrics={"failed": failed, "requests": all_},
            expression=f"IF(requests >= {FEW_REQUESTS}, 100 * FILL(failed, 0) / requests, 0)",
            above=FAILED_PERCENT,
            bad=2,
            periods=2,
        ),
    }


def queue_rule(queue_name: Text) -> AlarmRule:
    """Return the rule for the queue of failures."""
    return AlarmRule(
        description="The queue of failures is not empty: its messages say what failed for good",
        metrics={"messages": of_queue("ApproximateNumberOfMessagesVisible", queue_name)},
    )


def letters_rule(queue_name: Text) -> AlarmRule:
    """Return the rule for dead letters that the worker did not take.

    It counts those that are hidden too, since a letter mostly is, after each try. Their age tells nothing:
    SQS leaves out a message that was received three times (its developer guide, "Available CloudWatch metrics").
    """
    names = {"visible": "ApproximateNumberOfMessagesVisible", "hidden": "ApproximateNumberOfMessagesNotVisible"}
    return AlarmRule(
        description="Dead letters stay, for 15 minutes: they are no messages of ours, or the worker fails on them too",
        metrics={id_: of_queue(name, queue_name) for id_, name in names.items()},
        expression=SUM_OF_ALL,
        bad=3,
        periods=3,
    )


def table_rules(table_name: Text) -> dict[str, AlarmRule]:
    """Return the rules for what DynamoDB refuses and what fails in it."""
    throttled: dict[str, Metric] = {
        f"{part}_{place}": of_table(name, table_name, **dimensions)
        for part, name in (("reads", "ReadThrottleEvents"), ("writes", "WriteThrottleEvents"))
        for place, dimensions in (("table", {}), ("index", {"GlobalSecondaryIndexName": BY_ID}))
    }
    failed = {operation.lower(): of_table("SystemErrors", table_name, Operation=operation) for operation in OPERATIONS}
    return {
        "table-throttles": AlarmRule(
            description="DynamoDB refused reads or writes: a hot item, or tableMaxReads or tableMaxWrites",
            metrics=throttled,
            expression=SUM_OF_ALL,
        ),
        "table-failures": AlarmRule(
            description="DynamoDB failed more than 10 times in 5 minutes, by its own account",
            metrics=failed,
            expression=SUM_OF_ALL,
            above=10,
        ),
    }


def backup_rule(vault_name: Text) -> AlarmRule:
    """Return the rule for daily backups that fail."""
    return AlarmRule(
        description="A backup into the vault failed: the newest one is older than a day until the next succeeds",
        metrics={"failed": replace(of_vault("NumberOfBackupJobsFailed", vault_name), period_s=HOUR_S)},
    )


def files_rules(file_system_id: Text) -> dict[str, AlarmRule]:
    """Return the rules for the load on the file system, and for bytes that become expensive.

    PermittedThroughput is what may be written in a second; of a byte that is read, MeteredIOBytes has a third, since
    three times as many may be read. Source: EFS user guide, "CloudWatch metrics for Amazon EFS".
    """
    metered = of_files("MeteredIOBytes", file_system_id)
    stored = of_files("StorageBytes", file_system_id, MAXIMUM, StorageClass="Total")
    return {
        "files-operations": AlarmRule(
            description=f"Over {BUSY_PERCENT} % of the operations a second that a file system may have, for 15 minutes",
            metrics={"percent": of_files("PercentIOLimit", file_system_id, MAXIMUM)},
            above=BUSY_PERCENT,
            bad=3,
            periods=3,
        ),
        "files-throughput": AlarmRule(
            description=f"Metered bytes were over {BUSY_PERCENT} % of the throughput that EFS permits, for 15 minutes",
            metrics={"bytes": metered, "allowed": of_files("PermittedThroughput", file_system_id, AVERAGE)},
            expression="100 * bytes / PERIOD(bytes) / allowed",
            above=BUSY_PERCENT,
            bad=3,
            periods=3,
        ),
        "files-cost": _files_cost(file_system_id),
        "files-storage": AlarmRule(
            description=f"The file system holds more than {STORED_GB} GB",
            metrics={"stored": replace(stored, period_s=HOUR_S)},  # it is told every 15 minutes
            above=STORED_GB * GB,
        ),
    }


def database_rules(identifier: Text, storage_gb: int) -> dict[str, AlarmRule]:
    """Return the rules for PostgreSQL's machine, its disk and its connections.

    Args:
        storage_gb: the size of the disk.
    """
    used = f"100 - 100 * free / {storage_gb * 2**30}"
    return {
        "database-processor": AlarmRule(
            description=f"The database's processor was over {BUSY_PERCENT} % busy, for 15 minutes",
            metrics={"percent": of_database("CPUUtilization", identifier)},
            above=BUSY_PERCENT,
            bad=3,
            periods=3,
        ),
        "database-storage": AlarmRule(
            description=f"Over {BUSY_PERCENT} % of the database's {storage_gb} GB are used",
            metrics={"free": of_database("FreeStorageSpace", identifier)},
            expression=used,
            above=BUSY_PERCENT,
        ),
        "database-connections": AlarmRule(
            description=(
                f"The database had over {CONNECTED_PERCENT} % of its {MOST_CONNECTIONS} connections: "
                "relationalConcurrency caps them"
            ),
            metrics={"connections": of_database("DatabaseConnections", identifier, MAXIMUM)},
            above=MOST_CONNECTIONS * CONNECTED_PERCENT // 100,
        ),
    }


def _files_cost(file_system_id: Text) -> AlarmRule:
    """Return the rule for what the file system's bytes cost: data and metadata, written or (all the rest) read."""
    names = {"moved": "TotalIOBytes", "written": "DataWriteIOBytes", "changed": "MetadataWriteIOBytes"}
    return AlarmRule(
        description=f"Bytes to and from the file system cost more than {FILES_USD_AN_HOUR:.2f} USD in an hour",
        metrics={id_: replace(of_files(name, file_system_id), period_s=HOUR_S) for id_, name in names.items()},
        expression=(
            f"(moved * {EFS_READ_USD} + (FILL(written, 0) + FILL(changed, 0)) * {EFS_WRITE_USD - EFS_READ_USD}) / {GB}"
        ),
        above=FILES_USD_AN_HOUR,
    )
