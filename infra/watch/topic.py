"""A topic, and who hears of what it is told: by e-mail, or in a queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from infra.naming import Naming
from infra.policies import Statement
from infra.watch.rights import topic_policy

SIGNATURE_VERSION = 2  # SHA-256; SNS's own default is SHA-1


@dataclass(frozen=True, kw_only=True)
class TopicArgs:
    """The topic's part of the stack's names, who tells it, and who is told.

    Args:
        announcers: AWS's own services that may tell it, as principal and condition by a name. Whoever has a role tells
            it by that role's rights.
        emails: addresses that are told once they have confirmed the first e-mail.
        queue_arns: queues that get each message in SNS's envelope; their own policies have to let the topic in.
        key_arn: encrypts what SNS stores on its way, and has to let the announcers use it. Without it nothing does:
            CloudWatch and AWS Budgets may not use the key that AWS manages for SNS (alias/aws/sns), so that their
            messages would be lost.
    """

    naming: Naming
    part: str
    announcers: Mapping[str, Statement] = field(default_factory=dict[str, Statement])
    emails: Sequence[str] = ()
    queue_arns: Sequence[str] = ()
    key_arn: pulumi.Input[str] | None = None


class TopicComponent(pulumi.ComponentResource):
    """A topic, its policy, and a subscription for each address and each queue."""

    topic: aws.sns.Topic

    def __init__(self, name: str, args: TopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:TopicComponent", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.topic = aws.sns.Topic(
            f"{name}-topic",
            name=args.naming.name(args.part),
            display_name=args.naming.stack_name(),
            kms_master_key_id=args.key_arn,
            signature_version=SIGNATURE_VERSION,
            tags=args.naming.tags(args.part),
            opts=child,
        )
        aws.sns.TopicPolicy(
            f"{name}-policy",
            arn=self.topic.arn,
            policy=self.topic.arn.apply(
                lambda arn: topic_policy(arn, args.announcers, but_from_here=args.naming.may_be_emulated())
            ),
            opts=child,
        )
        for email in args.emails:
            aws.sns.TopicSubscription(
                f"{name}-{email}", topic=self.topic.arn, protocol="email", endpoint=email, opts=child
            )
        for arn in args.queue_arns:
            aws.sns.TopicSubscription(
                f"{name}-{'-'.join(arn.split(':')[3:])}",  # region, account and name
                topic=self.topic.arn,
                protocol="sqs",
                endpoint=arn,
                opts=child,
            )
        self.register_outputs({"topic_arn": self.topic.arn})
