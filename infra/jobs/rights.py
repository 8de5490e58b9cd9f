"""The IAM documents of what calls the functions beside the gateway. Pure: from ARNs to JSON."""

from __future__ import annotations

from collections.abc import Sequence

from infra.account import Account
from infra.policies import Statement, allow, document, trust

RECEIVE = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
STREAM_READS = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")


def report_failures(queue_arn: str, key_arn: str | None) -> list[Statement]:
    """Allow messages into the queue of failures and, where it has a key of its own, that key's use through SQS."""
    send = allow("Failures", ["sqs:SendMessage"], [queue_arn])
    if key_arn is None:
        return [send]
    via = {"StringEquals": {"kms:ViaService": f"sqs.{key_arn.split(':')[3]}.amazonaws.com"}}
    return [send, allow("FailuresKey", ["kms:Decrypt", "kms:GenerateDataKey"], [key_arn], Condition=via)]


def projection_policy(queue_arn: str, key_arn: str | None, streamed_table_arn: str | None) -> str:
    """Let a function's failures into the queue, and its event source read the streams of a table if one is named."""
    reads = [] if streamed_table_arn is None else _stream_reads(streamed_table_arn)
    return document(*report_failures(queue_arn, key_arn), *reads)


def work_policy(queue_arns: Sequence[str], *, failures_arn: str, table_arn: str) -> str:
    """Let a function's event sources empty these queues, and read the streams of a table and report what fails.

    Where the queues have a key, its use through SQS is among what the function's role may do anyway.
    """
    messages = [allow("Messages", RECEIVE, queue_arns)] if queue_arns else []
    return document(*messages, *report_failures(failures_arn, None), *_stream_reads(table_arn))


def _stream_reads(table_arn: str) -> list[Statement]:
    """Allow what Lambda does to follow a stream, by the function's role; AWS grants the list on everything only."""
    return [
        allow("Stream", STREAM_READS, [f"{table_arn}/stream/*"]),
        allow("Streams", ["dynamodb:ListStreams"], ["*"]),
    ]


def schedules_policy(alias_arns: Sequence[str], queue_arn: str, key_arn: str | None) -> str:
    """Allow schedules to invoke these aliases, and to report what could not be delivered."""
    invoke = allow("Invoke", ["lambda:InvokeFunction"], sorted({*alias_arns}))
    return document(invoke, *report_failures(queue_arn, key_arn))


def schedules_trust(account: Account, group_arn: str) -> str:
    """Let EventBridge Scheduler take a role for the schedules of one group, and for nobody else's."""
    condition = {"StringEquals": {"aws:SourceAccount": account.account_id, "aws:SourceArn": group_arn}}
    return trust("scheduler.amazonaws.com", Condition=condition)
