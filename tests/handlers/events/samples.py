"""Events of each type, as the functions make them, and a topic of the emulator with a queue that listens."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any, cast

from handlers.aws.topic import Topic
from handlers.domain.bookmark import Bookmark
from handlers.events.event import Event, job_ended, ledger_diverged
from handlers.events.outbox import item_of
from handlers.jobs.importing import GONE

TABLE = "shop-dev"
NOW_S = 1_700_000_000.25
AT = "2023-11-14T22:13:20.250Z"


def diverged(fault: str = "Row 7 of the snapshot 1000.7 is not the ledger's", **changed: Any) -> Event:
    arguments: dict[str, Any] = {"table": TABLE, "bookmark": Bookmark(1000, 9), "fault": fault, "now_s": NOW_S}
    return ledger_diverged(**arguments | changed)


def ended(**changed: object) -> Event:
    """The event of a job, which failed unless told otherwise."""
    job = {
        "id": "01HF7YAT00000000000000000A",
        "kind": "import",
        "state": "failed",
        "name": "products.csv",
        "phase": "append",
        "created_at": "2023-11-14T22:00:00.000Z",
        "started_at": "2023-11-14T22:00:03.000Z",
        "ended_at": AT,
        "attempts": 3,
        "rows": 2000,
        "rows_done": 1200,
        "rows_rejected": 1,
        "bytes": 90_000,
        "bookmark": "1000.1200",
        "error": GONE,
    }
    return job_ended(TABLE, job | changed)


def record_of(item: Mapping[str, Any], name: str = "INSERT") -> dict[str, Any]:
    """A record of the table's stream that brings an item."""
    change = {"Keys": {key: item[key] for key in ("pk", "sk")}, "NewImage": item, "SequenceNumber": "7"}
    return {"eventName": name, "eventSource": "aws:dynamodb", "dynamodb": change}


def record(event: Event) -> dict[str, Any]:
    return record_of(item_of(event))


class Listeners:
    """A topic, and its queues.

    Args:
        url: the emulator's.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        import boto3  # noqa: PLC0415 - for those alone who talk to the emulator

        options = {"region_name": "eu-central-1", "endpoint_url": environment["AWS_ENDPOINT_URL"]}
        make = cast("Any", boto3).client
        self.topics, self._queues = make("sns", **options), make("sqs", **options)
        self.arn = self.topics.create_topic(Name=f"topic-{uuid.uuid4()}")["TopicArn"]

    def topic(self) -> Topic:
        return Topic(self.arn, self.topics)

    def subscribe(self, **policy: list[str]) -> str:
        """A new queue that gets what its filter lets through. Returns its URL."""
        url = self._queues.create_queue(QueueName=f"queue-{uuid.uuid4()}")["QueueUrl"]
        attributes = self._queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        self.topics.subscribe(
            TopicArn=self.arn,
            Protocol="sqs",
            Endpoint=attributes["QueueArn"],
            Attributes={"FilterPolicy": json.dumps(policy)} if policy else {},
        )
        return url

    def received(self, url: str) -> list[dict[str, Any]]:
        """What a queue holds, as SNS wraps it."""
        found: list[dict[str, Any]] = []
        while messages := self._queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(message["Body"]) for message in messages]
        return found

    def close(self) -> None:
        for client in (self.topics, self._queues):
            client.close()
