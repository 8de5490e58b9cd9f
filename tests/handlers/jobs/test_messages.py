from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.jobs.messages import Message, MessageError, object_key, read_messages

ID = "01HF7YAT00AYEYAEJN3YJ8N6R4"


def arrival(key: str, name: str = "ObjectCreated:Put", **more: str) -> dict[str, Any]:
    return {"Records": [{"eventName": name, "s3": {"object": {"key": key, **more}}}]}


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({"job": ID, "turn": 3, "offset": 9}, [Message(ID, 3)]),
        (arrival(object_key(ID), versionId="v1"), [Message(ID, None, "v1")]),
        (arrival("imports%2F" + ID, "s3:ObjectCreated:CompleteMultipartUpload"), [Message(ID, None)]),
        ({"Service": "Amazon S3", "Event": "s3:TestEvent"}, []),
        ({"Records": []}, []),
    ],
    ids=["our own", "a file", "a file whose key is escaped", "S3's test", "nothing"],
)
def test_a_message_is_read(body: dict[str, Any], messages: list[Message]) -> None:
    assert read_messages(json.dumps(body)) == messages


@pytest.mark.parametrize(
    "body",
    [
        "no JSON",
        "[]",
        "7",
        "null",
        '"text"',
        "{}",
        '{"job": 1, "turn": 1}',
        '{"job": "a", "turn": "1"}',
        '{"Records": [{}]}',
        json.dumps(arrival(object_key(ID), "ObjectRemoved:Delete")),
        json.dumps(arrival("elsewhere/" + ID)),
    ],
)
def test_what_is_no_message_of_ours_is_shown(body: str) -> None:
    with pytest.raises(MessageError, match="not a message of a job"):
        read_messages(body)
