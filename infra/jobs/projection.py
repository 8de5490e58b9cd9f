"""The projector's work: the table's stream that calls it, and the queue of failures.

The queue holds batches and tasks of the projector that failed for good, and calls that no schedule could deliver. A
health check or a wake-up that fails is not in it: nothing is lost, and the clock makes the next.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.compute.function import FunctionComponent
from infra.compute.identity import IdentityComponent
from infra.data.queue import QueueArgs, make_queue
from infra.jobs.rights import projection_policy
from infra.naming import Naming

# Every append moves the head, and nothing but the head needs to be seen.
HEAD_ITEM = json.dumps({"dynamodb": {"Keys": {"pk": {"S": ["head"]}}}})
BATCH_RECORDS = 1000
# Age alone bounds them: where EFS is away a try fails fast, and any number of tries would be over within minutes.
STREAM_RETRIES, STREAM_AGE_S = -1, 3600
# Another try of maintenance would find what was damaged already made again, and write a right finding over the fault.
TASK_RETRIES, TASK_AGE_S = 0, 3600


@dataclass(frozen=True, kw_only=True)
class Stream:
    """The stream of a table, and how long its records are collected before they are handed over."""

    arn: pulumi.Input[str]
    table_arn: pulumi.Input[str]
    window_s: pulumi.Input[int]


@dataclass(frozen=True, kw_only=True)
class Follower:
    """A function behind its alias that follows a table's head, and its role's name."""

    function_name: pulumi.Input[str]
    alias_name: pulumi.Input[str]
    alias_arn: pulumi.Input[str]
    role_name: pulumi.Input[str]

    @classmethod
    def from_function(cls, function: FunctionComponent, identity: IdentityComponent) -> Follower:
        """Return a function that is there as one that follows."""
        return cls(
            function_name=function.function.name,
            alias_name=function.alias.name,
            alias_arn=function.alias.arn,
            role_name=identity.role.name,
        )


@dataclass(frozen=True, kw_only=True)
class ProjectionArgs:
    """The projector behind its alias, and the stream that it follows; without one it only runs its tasks.

    `key_arn` encrypts the queue; without it SQS manages the key.
    """

    naming: Naming
    follower: Follower
    stream: Stream | None = None
    key_arn: pulumi.Input[str] | None = None


class ProjectionComponent(pulumi.ComponentResource):
    """The event source, the limits of asynchronous calls, and the queue that both leave their failures in."""

    queue: aws.sqs.Queue
    mapping: aws.lambda_.EventSourceMapping | None

    def __init__(self, name: str, args: ProjectionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:ProjectionComponent", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.queue = self._queue()
        rights = self._rights()
        ready = pulumi.ResourceOptions(parent=self, depends_on=[rights])  # AWS tries the rights out
        limit_tasks(name, args.follower, self.queue.arn, ready)
        self.mapping = None
        if args.stream:
            tags = args.naming.tags("stream")
            self.mapping = follow_the_head(
                name, args.follower, args.stream, queue_arn=self.queue.arn, tags=tags, opts=ready
            )
        self.register_outputs({"queue_url": self.queue.url})

    def _queue(self) -> aws.sqs.Queue:
        """Make the queue. It is no queue's dead letter queue: whoever leaves something in it sends it."""
        queue = QueueArgs(naming=self._args.naming, part="failures", key_arn=self._args.key_arn)
        return make_queue(f"{self._name}-failures", f"{self._name}-tls", queue, self._child)[0]

    def _rights(self) -> aws.iam.RolePolicy:
        args = self._args
        policy = pulumi.Output.all(
            queue=self.queue.arn, key=args.key_arn, table=args.stream.table_arn if args.stream else None
        ).apply(lambda arns: projection_policy(arns["queue"], arns["key"], arns["table"]))
        return aws.iam.RolePolicy(
            f"{self._name}-rights", name="projection", role=args.follower.role_name, policy=policy, opts=self._child
        )


def limit_tasks(name: str, follower: Follower, queue_arn: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
    """Bound what Lambda does with a scheduled call that fails: into the queue, and not once more."""
    aws.lambda_.FunctionEventInvokeConfig(
        f"{name}-tasks",
        function_name=follower.function_name,
        qualifier=follower.alias_name,
        maximum_retry_attempts=TASK_RETRIES,
        maximum_event_age_in_seconds=TASK_AGE_S,
        destination_config={"on_failure": {"destination": queue_arn}},
        opts=opts,
    )


def follow_the_head(
    name: str,
    follower: Follower,
    stream: Stream,
    *,
    queue_arn: pulumi.Input[str],
    tags: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> aws.lambda_.EventSourceMapping:
    """Follow the stream from its oldest record, one batch at a time, so that one publish answers for many."""
    return aws.lambda_.EventSourceMapping(
        f"{name}-stream",
        event_source_arn=stream.arn,
        function_name=follower.alias_arn,
        starting_position="TRIM_HORIZON",
        filter_criteria={"filters": [{"pattern": HEAD_ITEM}]},
        batch_size=BATCH_RECORDS,
        maximum_batching_window_in_seconds=stream.window_s,
        parallelization_factor=1,
        function_response_types=["ReportBatchItemFailures"],
        bisect_batch_on_function_error=True,
        maximum_retry_attempts=STREAM_RETRIES,
        maximum_record_age_in_seconds=STREAM_AGE_S,
        destination_config={"on_failure": {"destination_arn": queue_arn}},
        tags=tags,
        opts=opts,
    )
