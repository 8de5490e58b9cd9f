"""The worker's events: messages of the jobs' queue and of its dead letters, and items of the table's stream.

Nothing inside the network can call a queue, a topic or a state machine. What is to happen there is an item of the
table, and the stream brings it to the worker.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from handlers.aws.table import EVENTS, JOB_ORDER, JOB_STATE, JOBS, PARTITION_KEY
from infra.jobs.rights import work_policy
from infra.naming import Naming

STREAM, QUEUE, DEAD_LETTERS = "stream", "queue", "dead-letters"  # the event sources
TOLD_STATES = ("failed", "succeeded")  # of a job
# Jobs at once; the least that Lambda takes. Files are checked by a processor and appended by one head.
MOST_AT_ONCE = 2
BATCH_RECORDS, WINDOW_S = 100, 1
STREAM_RETRIES, STREAM_AGE_S = -1, 3600  # age alone bounds them, as with the projector's


def _pattern(partition: str, image: Mapping[str, Sequence[object]], **more: object) -> str:
    """Return a filter of records: those of a partition whose new image has one of these texts in each attribute."""
    new = {"NewImage": {name: {"S": [*texts]} for name, texts in image.items()}} if image else {}
    return json.dumps({"dynamodb": {"Keys": {PARTITION_KEY: {"S": [partition]}}, **new}, **more})


ORDERS = _pattern(JOBS, {JOB_ORDER: [{"exists": True}]})
ENDED_JOBS = _pattern(JOBS, {JOB_STATE: TOLD_STATES})
NEW_EVENTS = _pattern(EVENTS, {}, eventName=["INSERT"])


@dataclass(frozen=True, kw_only=True)
class Followed:
    """The stream of a table, and the filters of what is let through, any of which is enough."""

    arn: pulumi.Input[str]
    table_arn: pulumi.Input[str]
    patterns: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class WorkArgs:
    """The worker behind its alias, and its event sources.

    Args:
        role_name: of the worker's role, by which Lambda reads them.
        queue_arn, dead_letters_arn: of the jobs, where there are any.
        failures_arn: the queue for records of the stream that fail for an hour.
    """

    naming: Naming
    alias_arn: pulumi.Input[str]
    role_name: pulumi.Input[str]
    stream: Followed
    failures_arn: pulumi.Input[str]
    queue_arn: pulumi.Input[str] | None = None
    dead_letters_arn: pulumi.Input[str] | None = None


class WorkComponent(pulumi.ComponentResource):
    """The event sources, and the rights to read them."""

    mappings: Mapping[str, aws.lambda_.EventSourceMapping]

    def __init__(self, name: str, args: WorkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:WorkComponent", name, None, opts)
        self._name, self._args = name, args
        rights = self._rights()
        self._ready = pulumi.ResourceOptions(parent=self, depends_on=[rights])  # AWS tries the rights out
        self.mappings = {STREAM: self._stream()}
        if args.queue_arn:
            self.mappings[QUEUE] = self._queue(QUEUE, args.queue_arn, MOST_AT_ONCE)
        if args.dead_letters_arn:
            self.mappings[DEAD_LETTERS] = self._queue(DEAD_LETTERS, args.dead_letters_arn)
        self.register_outputs({"mappings": [mapping.id for mapping in self.mappings.values()]})

    def _rights(self) -> aws.iam.RolePolicy:
        args = self._args
        policy = pulumi.Output.all(
            queues=[arn for arn in (args.queue_arn, args.dead_letters_arn) if arn],
            failures=args.failures_arn,
            table=args.stream.table_arn,
        ).apply(lambda of: work_policy(of["queues"], failures_arn=of["failures"], table_arn=of["table"]))
        return aws.iam.RolePolicy(
            f"{self._name}-rights",
            name="work",
            role=args.role_name,
            policy=policy,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _queue(
        self, part: str, queue_arn: pulumi.Input[str], most_at_once: int | None = None
    ) -> aws.lambda_.EventSourceMapping:
        """Take messages one by one, so that each has the function's whole time."""
        return aws.lambda_.EventSourceMapping(
            f"{self._name}-{part}",
            event_source_arn=queue_arn,
            function_name=self._args.alias_arn,
            batch_size=1,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": most_at_once} if most_at_once else None,
            tags=self._args.naming.tags(f"work-{part}"),
            opts=self._ready,
        )

    def _stream(self) -> aws.lambda_.EventSourceMapping:
        """Follow the stream from its oldest record. Without a batching window each record would be a call."""
        followed = self._args.stream
        return aws.lambda_.EventSourceMapping(
            f"{self._name}-{STREAM}",
            event_source_arn=followed.arn,
            function_name=self._args.alias_arn,
            starting_position="TRIM_HORIZON",
            filter_criteria={"filters": [{"pattern": pattern} for pattern in followed.patterns]},
            batch_size=BATCH_RECORDS,
            maximum_batching_window_in_seconds=WINDOW_S,
            parallelization_factor=1,
            function_response_types=["ReportBatchItemFailures"],
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=STREAM_RETRIES,
            maximum_record_age_in_seconds=STREAM_AGE_S,
            destination_config={"on_failure": {"destination_arn": self._args.failures_arn}},
            tags=self._args.naming.tags(f"work-{STREAM}"),
            opts=self._ready,
        )
