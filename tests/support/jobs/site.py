"""Jobs as they run on AWS: a table, a bucket, a queue and its dead letters in the emulator, and the functions beside.

Messages are taken from the queue by hand, so that a test says which comes when, how often, and what happens between.
"""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import boto3

from handlers import command, query
from handlers.gateway.router import Router
from handlers.jobs.job import Job
from handlers.jobs.job_table import JobTable
from handlers.ledger.ledger import Ledger, Range
from handlers.model.model import Row
from handlers.settings import Settings
from handlers.worker import Worker
from tests.support.api import Answer, Context, event
from tests.support.meddling import Clock, head_of, no_time_limit

NOW_S = 4_000_000_000.0  # later than now: what goes by the clock finds no job past its time
DEAD_LETTERS_ARN = "arn:aws:sqs:eu-central-1:000000000000:dead-letters"
QUEUE_ARN = "arn:aws:sqs:eu-central-1:000000000000:jobs"


def service(name: str) -> Any:
    """A client of the emulator, by the environment that the fixtures have set."""
    return cast("Any", boto3).client(name)


class JobSite:
    """Everything that a job needs, and the time, which only the test lets pass.

    Args:
        settings: variables of the functions' environment that are to be others.

    Attributes:
        now: the time in seconds since 1970.
    """

    def __init__(self, ledger: Ledger, folder: Path, **settings: str) -> None:
        self.ledger = ledger
        self.now = Clock(NOW_S)
        self.s3, self.sqs = service("s3"), service("sqs")
        self.bucket = f"jobs-{uuid.uuid4()}"
        self.s3.create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": self.s3.meta.region_name}
        )
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        self.queue_url: str = self.sqs.create_queue(QueueName=self.bucket)["QueueUrl"]
        self.environ = {
            "TABLE_NAME": ledger.table_name,
            "EFS_DIR": str(folder),
            "TMP_DIR": str(folder / "tmp"),
            "JOBS_BUCKET": self.bucket,
            "JOBS_QUEUE_URL": self.queue_url,
            "DEAD_LETTERS_ARN": DEAD_LETTERS_ARN,
            "REQUEST_LOG_PERCENT": "0",
            **settings,
        }
        self.jobs = JobTable(ledger.client, ledger.table_name, self.now)
        self._command = command.make_router(ledger, Settings(self.environ), self.now)
        self._query: Router = query.make_handler(self.environ)
        self._numbers = itertools.count()

    def worker(self) -> Worker:
        """A new sandbox of the worker."""
        return Worker(self.ledger, Settings(self.environ), self.now)

    def call(self, method: str, path: str, body: object = None, raw_query: str = "") -> Answer:
        """Send a request as the gateway does."""
        text = None if body is None else json.dumps(body)
        made = event(method, path, text, {"content-type": "application/json"}, raw_query)
        is_read = method == "GET"
        return Answer((self._query if is_read else self._command)(made, None))

    def order(self, content: bytes, **more: object) -> Job:
        """Ask for an import, without its file."""
        answer = self.call("POST", "/imports", {"format": "csv", "bytes": len(content), **more})
        assert answer.status == 201, answer.text
        return self.job(answer.json["job"]["id"])

    def put(self, job: Job, content: bytes) -> str:
        """Put a job's file, as it is. Returns its version."""
        return self.s3.put_object(Bucket=self.bucket, Key=f"imports/{job.id}", Body=content)["VersionId"]

    def upload(self, content: bytes, **more: object) -> tuple[Job, dict[str, Any]]:
        """Ask for an import and put its file. Returns it, and the message that S3 sends."""
        job = self.order(content, **more)
        return job, arrival(job, self.put(job, content))

    def job(self, job_id: str) -> Job:
        """The job as it stands in the table."""
        found = self.jobs.get(job_id, no_time_limit())
        assert found is not None
        return found

    def record(self, body: Mapping[str, Any], *, is_dead: bool = False) -> dict[str, Any]:
        """A message as Lambda hands it over."""
        return {
            "messageId": f"message-{next(self._numbers)}",
            "eventSource": "aws:sqs",
            "eventSourceARN": DEAD_LETTERS_ARN if is_dead else QUEUE_ARN,
            "body": json.dumps(body),
        }

    def deliver(
        self,
        body: Mapping[str, Any],
        worker: Worker | None = None,
        *,
        is_dead: bool = False,
        remaining_s: float = 300.0,
    ) -> bool:
        """Hand a message to a worker, a new one where none is given; tell whether it took it."""
        records = [self.record(body, is_dead=is_dead)]
        context = Context(remaining_s)
        return not (worker or self.worker())({"Records": records}, context)["batchItemFailures"]

    def messages(self) -> list[dict[str, Any]]:
        """Take what the worker has sent to the queue."""
        found = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in found]

    def finish(self, body: Mapping[str, Any], remaining_s: float = 300.0) -> None:
        """Deliver a message and all that follow, each to a new worker."""
        waiting = [dict(body)]
        while waiting:
            assert self.deliver(waiting.pop(0), remaining_s=remaining_s)
            waiting += self.messages()

    def rows(self) -> list[Row]:
        """Every row of the ledger."""
        head = head_of(self.ledger)
        if not head.seq:
            return []
        return [row for page in self.ledger.rows(Range(head.roots, 1, head.seq), no_time_limit()) for row in page]


def arrival(job: Job, version: str = "") -> dict[str, Any]:
    """The message of S3 that a job's file has come."""
    thing = {"key": f"imports/{job.id}", "versionId": version}
    return {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": thing}}]}
