"""The messages of the queue of jobs: that a file has come, as S3 says it, and that a job goes on, as we do.

A queue hands over a message at least once, in any order. So a message says which job, and the turn that it is for; what
is to be done stands in the job.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from handlers.jobs.job import Job

PREFIX = "imports/"
S3_EVENT = "ObjectCreated:"


class MessageError(Exception):
    """A message is none of ours."""


class Message(NamedTuple):
    """A message that speaks of a job.

    Attributes:
        turn: of the job; None: a file has come.
        version: of the object that has come.
    """

    job_id: str
    turn: int | None
    version: str = ""


def object_key(job_id: str) -> str:
    """Return where a job's file is put."""
    return PREFIX + job_id


def message_of(job: Job) -> dict[str, object]:
    """Return the message with which a job goes on."""
    return {"job": job.id, "turn": job.turn, "offset": job.done_bytes}


def read_messages(body: str) -> list[Message]:
    """Return what a message says: one thing, or nothing, or what several events of S3 say. Raises MessageError."""
    try:
        content = json.loads(body)
        if "Records" in content:
            return [_arrival(record) for record in content["Records"]]
        if content.get("Event") == "s3:TestEvent":  # sent once, when the bucket is told to speak to the queue
            return []
        job_id, turn = content["job"], content["turn"]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise MessageError(f"not a message of a job: {body[:200]!r}") from error
    if not isinstance(job_id, str) or not isinstance(turn, int):
        raise MessageError(f"not a message of a job: {body[:200]!r}")
    return [Message(job_id, turn)]


def _arrival(record: dict[str, Any]) -> Message:
    if not record["eventName"].removeprefix("s3:").startswith(S3_EVENT):
        raise KeyError(record["eventName"])
    thing = cast("dict[str, str]", record["s3"]["object"])
    key = unquote_plus(thing["key"])
    if not key.startswith(PREFIX):
        raise KeyError(key)
    return Message(key.removeprefix(PREFIX), None, thing.get("versionId", ""))
