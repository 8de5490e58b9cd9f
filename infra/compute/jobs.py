"""The place of jobs: a bucket for files to import, the queue of the worker's messages, and the queue of dead letters.

A file that arrives in the bucket is a message in the queue. What fails too often there is a dead letter, which the
worker takes too: it says in the job that it has failed. A letter that is no message of ours stays for a human.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.data.bucket import BucketArgs, LifecycleRule, make_bucket
from infra.data.queue import QueueArgs, make_queue
from infra.naming import Naming
from infra.policies import allow, import_announcers

IMPORTS_PART, QUEUE_PART, DEAD_LETTERS_PART = "imports", "jobs", "dead-letters"
IMPORTS = "imports/"  # what the names of files begin with; each ends in its job's id
# Lambda's own rule for queues (its developer guide, "Configuring a queue to use with Lambda").
VISIBILITY_TIMEOUTS = 6
ATTEMPTS = 3
COMPACT = (",", ":")  # as SQS gives its policies back
# As long as a message may wait in a queue, so that none finds its file gone.
FILE_DAYS = 14
# What is deleted or replaced is a version for so long: a file is gone for good after both.
VERSION_DAYS = 1
RULES: Sequence[LifecycleRule] = (
    {
        "id": "files",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "expiration": {"days": FILE_DAYS},
        "noncurrent_version_expiration": {"noncurrent_days": VERSION_DAYS},
    },
    {
        "id": "unfinished-uploads",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
    },
)


@dataclass(frozen=True, kw_only=True)
class JobsArgs:
    """The names, and how all of it is kept.

    Args:
        timeout_s: the longest run of the function that takes the messages.
        put_origins: origins whose pages may send a file by the URL that they were given.
        key_arn: encrypts bucket and queues, and has to let S3 use it; without it AWS manages the keys.
    """

    naming: Naming
    timeout_s: int
    put_origins: Sequence[str] = ()
    key_arn: pulumi.Input[str] | None = None


class JobsComponent(pulumi.ComponentResource):
    """The bucket, the queue and its dead letters, and the notification from the one to the other."""

    bucket: aws.s3.Bucket
    queue: aws.sqs.Queue
    dead_letters: aws.sqs.Queue

    def __init__(self, name: str, args: JobsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:JobsComponent", name, None, opts)
        self._name, self._args = name, args
        self._account = account_of(self)
        self._child = pulumi.ResourceOptions(parent=self)
        self.bucket = make_bucket(name, self._bucket(), self._child)
        self.dead_letters = self._dead_letters()
        self.queue, policy = self._queue()
        self._notification(policy)
        self.register_outputs({"bucket": self.bucket.bucket, "queue_url": self.queue.url})

    def _bucket(self) -> BucketArgs:
        """Return a bucket with versions: a file that is sent again does not replace the one that is being read.

        It goes with all that it holds, which are copies of what somebody has sent.
        """
        return BucketArgs(
            naming=self._args.naming,
            part=IMPORTS_PART,
            account_id=self._account.account_id,
            rules=RULES,
            is_versioned=True,
            put_origins=self._args.put_origins,
            force_destroy=True,
            key_arn=self._args.key_arn,
        )

    def _dead_letters(self) -> aws.sqs.Queue:
        sources = [self._account.arn("sqs", self._args.naming.name(QUEUE_PART))]
        args = QueueArgs(
            naming=self._args.naming,
            part=DEAD_LETTERS_PART,
            visibility_s=VISIBILITY_TIMEOUTS * self._args.timeout_s,
            takes_dead_letters=json.dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": sources}, separators=COMPACT
            ),
            key_arn=self._args.key_arn,
        )
        return make_queue(f"{self._name}-dead-letters", f"{self._name}-dead-letters-tls", args, self._child)[0]

    def _queue(self) -> tuple[aws.sqs.Queue, aws.sqs.QueuePolicy]:
        """Make the queue, into which this bucket alone may put anything without a role's right."""
        naming, account = self._args.naming, self._account
        queue_arn = account.arn("sqs", naming.name(QUEUE_PART))
        told_by = import_announcers(account, naming.bucket(IMPORTS_PART, account.account_id))
        args = QueueArgs(
            naming=naming,
            part=QUEUE_PART,
            visibility_s=VISIBILITY_TIMEOUTS * self._args.timeout_s,
            dead_letters=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": self.dead_letters.arn, "maxReceiveCount": ATTEMPTS}, separators=COMPACT
            ),
            senders=[allow(name, ["sqs:SendMessage"], [queue_arn], **of) for name, of in told_by.items()],
            key_arn=self._args.key_arn,
        )
        return make_queue(f"{self._name}-queue", f"{self._name}-senders", args, self._child)

    def _notification(self, policy: pulumi.Resource) -> None:
        """Tell the queue of each file, once its policy stands: S3 tries it out."""
        aws.s3.BucketNotification(
            f"{self._name}-arrivals",
            bucket=self.bucket.id,
            queues=[
                {
                    "id": "arrivals",
                    "queue_arn": self.queue.arn,
                    "events": ["s3:ObjectCreated:*"],
                    "filter_prefix": IMPORTS,
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
