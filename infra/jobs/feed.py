"""The database's feed: the relational function follows the table's head as the projector does, beside it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.jobs.projection import Follower, Stream, follow_the_head, limit_tasks
from infra.jobs.rights import projection_policy
from infra.naming import Naming


@dataclass(frozen=True, kw_only=True)
class FeedArgs:
    """The function that feeds, the stream that it follows, and the queue of failures with its key."""

    naming: Naming
    follower: Follower
    stream: Stream
    queue_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str] | None = None


class FeedComponent(pulumi.ComponentResource):
    """The event source, the limits of asynchronous calls, and the rights to both."""

    mapping: aws.lambda_.EventSourceMapping

    def __init__(self, name: str, args: FeedArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:FeedComponent", name, None, opts)
        policy = pulumi.Output.all(queue=args.queue_arn, key=args.key_arn, table=args.stream.table_arn).apply(
            lambda arns: projection_policy(arns["queue"], arns["key"], arns["table"])
        )
        rights = aws.iam.RolePolicy(
            f"{name}-rights",
            name="feed",
            role=args.follower.role_name,
            policy=policy,
            opts=pulumi.ResourceOptions(parent=self),
        )
        ready = pulumi.ResourceOptions(parent=self, depends_on=[rights])  # AWS tries the rights out
        limit_tasks(name, args.follower, args.queue_arn, ready)
        tags = args.naming.tags(f"{name}-stream")
        self.mapping = follow_the_head(
            name, args.follower, args.stream, queue_arn=args.queue_arn, tags=tags, opts=ready
        )
        self.register_outputs({"mapping": self.mapping.id})
