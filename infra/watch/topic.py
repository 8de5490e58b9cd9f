"""The topic that alarms and the budget tell, and who hears of it by e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.naming import Naming
from infra.watch.rights import topic_policy

SIGNATURE_VERSION = 2  # SHA-256; SNS's own default is SHA-1


@dataclass(frozen=True, kw_only=True)
class TopicArgs:
    """The addresses that are told by e-mail, once they have confirmed the first one.

    `key_arn` encrypts what SNS stores on its way, and has to let CloudWatch and AWS Budgets use it. Without it nothing
    does: neither of them may use the key that AWS manages for SNS (alias/aws/sns), so their messages would be lost.
    """

    naming: Naming
    emails: Sequence[str] = ()
    key_arn: pulumi.Input[str] | None = None


class TopicComponent(pulumi.ComponentResource):
    """A topic, its policy, and a subscription for each address."""

    topic: aws.sns.Topic

    def __init__(self, name: str, args: TopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:TopicComponent", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        account, stack_name = account_of(self), args.naming.stack_name()
        self.topic = aws.sns.Topic(
            f"{name}-topic",
            name=args.naming.name("alarms"),
            display_name=stack_name,
            kms_master_key_id=args.key_arn,
            signature_version=SIGNATURE_VERSION,
            tags=args.naming.tags("alarms"),
            opts=child,
        )
        aws.sns.TopicPolicy(
            f"{name}-policy",
            arn=self.topic.arn,
            policy=self.topic.arn.apply(lambda arn: topic_policy(account, arn, stack_name)),
            opts=child,
        )
        for email in args.emails:
            aws.sns.TopicSubscription(
                f"{name}-{email}", topic=self.topic.arn, protocol="email", endpoint=email, opts=child
            )
        self.register_outputs({"topic_arn": self.topic.arn})
