"""The API as a cache sees it: the query function behind the local gateway, over snapshots of generated rows.

It counts what reaches it, and does not need DynamoDB.
"""

from __future__ import annotations

import asyncio
import threading
from base64 import b64decode
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

from console.local.gateway import Gateway
from handlers.aws.dynamodb import Deadline
from handlers.query import make_handler
from handlers.routes import QUERY
from handlers.settings import Settings
from handlers.snapshots.publish import Publisher
from handlers.telemetry.usage import Usage
from tests.perf.subjects.building import GeneratedLedger
from tests.perf.subjects.measured_part import settings_of
from tests.support.local.web import served


class Call(NamedTuple):
    """A request that reached the origin, and its answer."""

    method: str
    path: str
    headers: Mapping[str, str]
    cookies: Sequence[str]
    status: int
    size_bytes: int


class Origin:
    """The query function over a ledger of so many rows.

    Attributes:
        calls: what has reached it.
        shared_max_age_s: the function's setting.
        fails: answers in its place, like the gateway's own: without Cache-Control.
        held: nothing is answered while it is not set.
        pages: how many different ones tests have asked for.
    """

    def __init__(self, folder: Path, rows: int) -> None:
        (folder / "efs").mkdir(parents=True)
        self._environ = settings_of(folder) | {"CHECK_INTERVAL_MS": "0", "REQUEST_LOG_PERCENT": "0"}
        self._ledger = GeneratedLedger(rows)
        self._publisher = Publisher(self._ledger, Settings(self._environ))
        self._handlers: dict[int, Any] = {}
        self.calls: list[Call] = []
        self.shared_max_age_s = 0
        self.fails: int | None = None
        self.held = threading.Event()
        self.held.set()
        self.url = ""
        self.pages = 0
        self.bookmark = self.publish(0)

    def publish(self, rows: int = 1) -> str:
        """Append rows and publish them; returns the bookmark."""
        self._ledger.grow(rows)
        return str(self._publisher.publish(self._ledger.head(Deadline()).bookmark, Usage()).bookmark)

    async def answer(self, event: dict[str, object]) -> object:
        """Answer an event as Lambda would, one at a time."""
        while not self.held.is_set():
            await asyncio.sleep(0.01)
        made = cast("dict[str, Any]", event)
        headers: dict[str, str] = made["headers"]
        if "authorization" in headers:  # the gateway's authorizer lets everybody in, each as somebody
            made["requestContext"]["authorizer"] = {"jwt": {"claims": {"sub": headers["authorization"]}}}
        answer = self._answered(made)
        method: str = made["requestContext"]["http"]["method"]
        body: str = answer.get("body", "")
        size_bytes = len(b64decode(body) if answer.get("isBase64Encoded") else body)
        query = f"?{made['rawQueryString']}" if made["rawQueryString"] else ""
        self.calls.append(
            Call(method, made["rawPath"] + query, headers, made.get("cookies", []), answer["statusCode"], size_bytes)
        )
        return answer

    def _answered(self, event: dict[str, Any]) -> dict[str, Any]:
        if self.fails is not None:
            return {"statusCode": self.fails, "headers": {"content-type": "application/json"}, "body": "{}"}
        age_s = self.shared_max_age_s
        if age_s not in self._handlers:
            self._handlers[age_s] = make_handler(self._environ | {"SHARED_MAX_AGE_S": str(age_s)})
        return self._handlers[age_s](event, None)

    def taken(self) -> list[Call]:
        """Return what has reached it since this was last asked."""
        calls, self.calls = self.calls, []
        return calls


@contextmanager
def origin_of(folder: Path, rows: int) -> Generator[Origin]:
    """Serve an origin on loopback."""
    origin = Origin(folder, rows)
    with served(Gateway({QUERY: origin.answer}, {}, QUERY)) as url:
        origin.url = url
        yield origin
