"""The queue against the emulator's SQS."""

from __future__ import annotations

import json
import uuid

import pytest

from handlers.aws.queue import LONGEST_DELAY_S, Queue
from handlers.aws.sdk import ServiceError
from tests.support.jobs.site import service

pytestmark = pytest.mark.usefixtures("client")  # which sets the emulator's environment


def test_a_message_comes_as_it_was_sent() -> None:
    sqs = service("sqs")
    url = sqs.create_queue(QueueName=f"queue-{uuid.uuid4()}")["QueueUrl"]
    Queue(url, "").send({"job": "1", "turn": 2})
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {"job": "1", "turn": 2}


@pytest.mark.parametrize(("delay_s", "seconds"), [(0.0, 0), (29.6, 30), (5000.0, LONGEST_DELAY_S)])
def test_a_delay_is_one_that_sqs_takes(monkeypatch: pytest.MonkeyPatch, delay_s: float, seconds: int) -> None:
    sent: list[dict[str, object]] = []

    class Client:
        def send_message(self, **arguments: object) -> None:
            sent.append(arguments)

    def make_client(*_: object, **__: object) -> Client:
        return Client()

    monkeypatch.setattr("handlers.aws.queue.make_service", make_client)
    Queue("url", "").send({}, delay_s)
    assert sent == [{"QueueUrl": "url", "MessageBody": "{}", "DelaySeconds": seconds}]


def test_a_queue_that_is_not_there_says_so() -> None:
    with pytest.raises(ServiceError) as raised:
        Queue(service("sqs").meta.endpoint_url + "/000000000000/no-queue", "").send({})
    assert "NonExistentQueue" in raised.value.code
