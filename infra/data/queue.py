"""A queue of the stack's own: encrypted, reached over TLS alone, and open to nobody but the account's own IAM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Naming
from infra.policies import Statement, document, refuse_plain_text

KEPT_S = 14 * 24 * 3600  # SQS keeps nothing longer
NO_DEAD_LETTERS = '{"redrivePermission":"denyAll"}'


@dataclass(frozen=True, kw_only=True)
class QueueArgs:
    """A queue's name and all that differs between queues.

    Args:
        part: its part of the stack's names.
        visibility_s: how long a message that was received stays hidden; without it, SQS's own 30 s.
        dead_letters: which queue takes the messages that failed, and after how many times, as SQS writes it.
        takes_dead_letters: whose it takes, as SQS writes it; without it, nobody's.
        senders: statements that let AWS's services send.
        key_arn: encrypts it; without it SQS manages the key.
    """

    naming: Naming
    part: str
    visibility_s: pulumi.Input[int] | None = None
    dead_letters: pulumi.Input[str] | None = None
    takes_dead_letters: pulumi.Input[str] = NO_DEAD_LETTERS
    senders: Sequence[Statement] = ()
    key_arn: pulumi.Input[str] | None = None


def make_queue(
    name: str, policy_name: str, args: QueueArgs, opts: pulumi.ResourceOptions
) -> tuple[aws.sqs.Queue, aws.sqs.QueuePolicy]:
    """Make a queue and its policy, which have these names as resources of a component."""
    queue = aws.sqs.Queue(
        name,
        name=args.naming.name(args.part),
        message_retention_seconds=KEPT_S,
        visibility_timeout_seconds=args.visibility_s,
        sqs_managed_sse_enabled=None if args.key_arn else True,
        kms_master_key_id=args.key_arn,
        redrive_policy=args.dead_letters,
        redrive_allow_policy=args.takes_dead_letters,
        tags=args.naming.tags(args.part),
        opts=opts,
    )
    document_ = queue.arn.apply(
        lambda arn: queue_policy(arn, args.senders, but_from_here=args.naming.may_be_emulated())
    )
    return queue, aws.sqs.QueuePolicy(policy_name, queue_url=queue.url, policy=document_, opts=opts)


def queue_policy(queue_arn: str, senders: Sequence[Statement], *, but_from_here: bool) -> str:
    """Let the senders in, and refuse whoever talks to a queue without TLS, but to an emulator's."""
    return document(*senders, refuse_plain_text(["sqs:*"], [queue_arn], but_from_here=but_from_here))
