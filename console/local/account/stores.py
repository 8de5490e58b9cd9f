"""Buckets and queues, made in the emulator's account as the stack's program makes them in AWS.

None of them outlives the emulator: a new account holds no file and no message, and of the table what was kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from console.local.account.clients import make_clients

ACCOUNT = "000000000000"
JOBS_BUCKET, LAKE_BUCKET = "lambda-sqlite-imports", "lambda-sqlite-lake"
JOBS, DEAD_LETTERS, NOTIFICATIONS, REBUILD = "jobs", "dead-letters", "notifications", "rebuild"
UPLOADS = "imports/"
VISIBILITY_S = 60  # not six times the worker's time as in AWS: whoever tries bad days out is there to see them end
MOST_RECEIVES = 3


class Stores:
    """The buckets and queues; made with the clients that make them, which takes a while.

    Args:
        environ: leads to the emulator; it need not answer yet.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._region = environ["AWS_REGION"]
        self._s3, self._sqs = make_clients(environ, "s3", "sqs")

    def make(self) -> dict[str, str]:
        """Make them; returns the variables that lead the functions to them, and to what only the worker calls."""
        jobs_url = self._make_queues()
        self._make_buckets()
        self._sqs.purge_queue(QueueUrl=jobs_url)  # of S3's message that it is a test, which would start a worker
        return {
            "JOBS_BUCKET": JOBS_BUCKET,
            "JOBS_QUEUE_URL": jobs_url,
            "DEAD_LETTERS_ARN": self._queue_arn(DEAD_LETTERS),
            "REBUILD_MACHINE_ARN": arn_of("states", self._region, f"stateMachine:{REBUILD}"),
            "LAKE_BUCKET": LAKE_BUCKET,
            "TOPIC_ARN": arn_of("sns", self._region, NOTIFICATIONS),
            "NOTIFICATIONS": "on",
        }

    def _make_queues(self) -> str:
        """Make the queues; returns the address of that of jobs."""
        self._make_queue(DEAD_LETTERS)
        redrive = {"deadLetterTargetArn": self._queue_arn(DEAD_LETTERS), "maxReceiveCount": MOST_RECEIVES}
        return self._make_queue(JOBS, RedrivePolicy=json.dumps(redrive))

    def _make_queue(self, name: str, **attributes: str) -> str:
        wanted = {"VisibilityTimeout": str(VISIBILITY_S), **attributes}
        return self._sqs.create_queue(QueueName=name, Attributes=wanted)["QueueUrl"]

    def _make_buckets(self) -> None:
        """Make the buckets; the arrival of a file puts a message on the queue of jobs."""
        for bucket in (JOBS_BUCKET, LAKE_BUCKET):
            self._s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": self._region})
            self._s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        wanted: dict[str, Any] = {
            "QueueArn": self._queue_arn(JOBS),
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": UPLOADS}]}},
        }
        self._s3.put_bucket_notification_configuration(
            Bucket=JOBS_BUCKET, NotificationConfiguration={"QueueConfigurations": [wanted]}
        )

    def _queue_arn(self, name: str) -> str:
        return arn_of("sqs", self._region, name)


def arn_of(service: str, region: str, name: str) -> str:
    """Return the name that something has in the emulator's account."""
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{name}"


def role_arn(name: str) -> str:
    """Return the name that a role would have there: the emulator asks for one, and looks for none."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"
