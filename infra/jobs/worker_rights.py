"""The IAM documents of what the worker, and who sends it work, may do themselves. Pure: from ARNs to JSON."""

from __future__ import annotations

from handlers.aws.table import LAKE
from infra.policies import TABLE_READS, TABLE_WRITES, allow, document, table_resources


def worker_table_policy(table_arn: str, *, appends: bool) -> str:
    """Allow appends where there are jobs; for the lake alone, reads of the table and a note of how far it is.

    What is told is in the stream's records: notifications alone ask the table for nothing.
    """
    if appends:
        return document(allow("Table", TABLE_WRITES, table_resources(table_arn)))
    noted = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [LAKE]}}
    return document(
        allow("Table", TABLE_READS, [table_arn]),
        allow("Progress", ["dynamodb:PutItem"], [table_arn], Condition=noted),
    )


def jobs_policy(bucket_arn: str, files: str, *, queue_arn: str, machine_arn: str) -> str:
    """Allow to read the files that were sent, to go on with a job in another message, and to start a rebuild.

    Without the right to list, S3 says of a file that is gone that it is forbidden.

    Args:
        files: what the names of the files begin with.
    """
    return document(
        allow("Files", ["s3:GetObject", "s3:GetObjectVersion"], [f"{bucket_arn}/{files}*"]),
        allow("Names", ["s3:ListBucket"], [bucket_arn]),
        allow("GoOn", ["sqs:SendMessage"], [queue_arn]),
        allow("Rebuild", ["states:StartExecution"], [machine_arn]),
    )


def lake_policy(bucket_arn: str, pages: str) -> str:
    """Allow to write pages of the ledger into the lake, and to see what is there.

    Args:
        pages: what the names of the objects begin with.
    """
    return document(
        allow("Pages", ["s3:GetObject", "s3:PutObject"], [f"{bucket_arn}/{pages}*"]),
        allow("Names", ["s3:ListBucket"], [bucket_arn]),
    )


def notifications_policy(topic_arn: str) -> str:
    """Allow to tell a topic."""
    return document(allow("Topic", ["sns:Publish"], [topic_arn]))


def uploads_policy(bucket_arn: str, files: str) -> str:
    """Allow to put files; whoever has a URL that was signed by this right puts one with it."""
    return document(allow("Uploads", ["s3:PutObject"], [f"{bucket_arn}/{files}*"]))
