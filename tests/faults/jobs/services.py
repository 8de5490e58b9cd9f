"""S3, SQS, SNS and Step Functions in memory, as the worker calls them: each call is noted, and can be made to fail.

The methods are those of boto3's clients, with their errors. What a service does later, such as hand a message over, the
world around it does.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.calls.outside import OUTSIDE, Run, frame_of_caller
from tests.support.meddling import client_error


@dataclass
class Version:
    """One version of an object; None for its content: a delete marker."""

    id: str
    content: bytes | None


class MemoryS3:
    """Buckets, versioned."""

    def __init__(self) -> None:
        self.versions: dict[tuple[str, str], list[Version]] = {}
        self._numbers = itertools.count(1)

    def put(self, bucket: str, key: str, content: bytes | None) -> str:
        """Put an object, or a delete marker. Returns its version."""
        version = Version(f"v{next(self._numbers)}", content)
        self.versions.setdefault((bucket, key), []).append(version)
        return version.id

    def forget(self, bucket: str, key: str) -> None:
        """Delete every version."""
        del self.versions[bucket, key]

    def generate_presigned_url(self, *_: object, **__: object) -> str:
        return "https://bucket/object"

    def head_object(self, *, Bucket: str, Key: str, VersionId: str = "", **_: object) -> dict[str, Any]:  # noqa: N803
        version, content = self._find(Bucket, Key, VersionId, "404")
        return {"VersionId": version.id, "ContentLength": len(content)}

    def get_object(self, *, Bucket: str, Key: str, Range: str = "", VersionId: str = "") -> dict[str, Any]:  # noqa: N803
        version, content = self._find(Bucket, Key, VersionId, "NoSuchKey")
        first, _, last = Range.removeprefix("bytes=").partition("-")
        part = content[int(first or 0) : int(last or len(content)) + 1]
        shown = {"ContentRange": f"{Range}/{len(content)}"} if Range else {}
        return {"Body": io.BytesIO(part), "VersionId": version.id, "ContentLength": len(part), **shown}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **_: object) -> dict[str, Any]:  # noqa: N803
        return {"VersionId": self.put(Bucket, Key, Body)}

    def _find(self, bucket: str, key: str, version: str, missing: str) -> tuple[Version, bytes]:
        found = self.versions.get((bucket, key), [])
        wanted = (
            next((each for each in found if each.id == version), None) if version else [*found, None][-1 - bool(found)]
        )
        if wanted is None or wanted.content is None:
            raise client_error("NoSuchVersion" if version and missing != "404" else missing, 404)
        return wanted, wanted.content


@dataclass
class Letter:
    """A message of a queue."""

    id: str
    body: str
    visible_s: float
    receives: int = 0
    is_double: bool = False


@dataclass
class MemorySqs:
    """The queue of jobs, and its dead letters."""

    now: Callable[[], float]
    letters: list[Letter] = field(default_factory=list[Letter])
    dead: list[Letter] = field(default_factory=list[Letter])
    sent: int = 0

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl
        assert 0 <= DelaySeconds <= 900
        self.sent += 1
        self.letters.append(Letter(f"m{self.sent}", MessageBody, self.now() + DelaySeconds))
        return {"MessageId": f"m{self.sent}"}


@dataclass
class MemorySns:
    """A topic, which keeps what it was told."""

    told: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])

    def publish(self, **message: Any) -> dict[str, Any]:
        self.told.append(message)
        return {"MessageId": "told"}


@dataclass
class MemoryStates:
    """A state machine, which keeps the names of its executions."""

    started: dict[str, str] = field(default_factory=dict[str, str])

    def start_execution(self, *, name: str, **asked: Any) -> dict[str, Any]:
        if self.started.setdefault(name, asked["input"]) != asked["input"]:
            raise client_error("ExecutionAlreadyExists")
        return {"executionArn": f"arn:aws:states:::execution:rebuild:{name}"}


class Watched:
    """A client whose calls are calls to the outside.

    Args:
        home: the service, as a fault knows it.
        tick: told before each call: time passes.
    """

    def __init__(self, home: str, client: object, tick: Callable[[], None]) -> None:
        self._home = home
        self._client = client
        self._tick = tick

    def __getattr__(self, name: str) -> Callable[..., Any]:
        original = getattr(self._client, name)

        def ask(*given: Any, **arguments: Any) -> Any:
            self._tick()
            run = Run(lambda: original(*given, **arguments))
            return OUTSIDE.make(self._home, name, run, frame_of_caller())

        return ask
