"""Two ways to load rows: through the API, or straight into the ledger. Both take a batch with the same key once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import httpx

from console.client.client import PATIENCE_S, Client, members_of, unexpected
from console.client.retry import Patience
from console.data.ledger import Store, explained
from console.errors import ConsoleError
from handlers.aws.dynamodb import Deadline
from handlers.domain.hashes import short_hash
from handlers.domain.problem import Problem
from handlers.ledger.idempotency import Call
from handlers.rows import Draft, draft_fields
from handlers.snapshots.files import UnprovenError
from handlers.telemetry.usage import Usage

PUBLISH_PATIENCE_S = 600.0  # a long ledger is published in several steps, and each asks to come again

T = TypeVar("T")


class Writer(Protocol):
    """Where rows go."""

    def append(self, key: str, drafts: Sequence[Draft]) -> str:
        """Append a batch, once for a key; returns the bookmark after it. Raises ConsoleError."""
        ...

    def publish(self) -> str | None:
        """Publish what is there; returns the snapshot's bookmark, None where this writer cannot."""
        ...


class ApiWriter:
    """Through the API, without a snapshot for each batch."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def append(self, key: str, drafts: Sequence[Draft]) -> str:
        """POST /insert."""
        body = {"items": [draft_fields(draft) for draft in drafts]}
        headers = {"idempotency-key": key, "prefer": "respond-async"}
        response = self._client.post("/insert", body, headers)
        members = members_of(response)
        if members.get("inserted") != len(drafts) or "bookmark" not in members:
            raise unexpected(response, f"not {len(drafts)} rows inserted")
        return str(members["bookmark"])

    def publish(self) -> str:
        """POST /snapshots."""
        return published_bookmark(self._client.post("/snapshots", {}, patience_s=PUBLISH_PATIENCE_S))


def published_bookmark(response: httpx.Response) -> str:
    """The bookmark of the snapshot that an answer to a write says is published. Raises ConsoleError."""
    snapshot = members_of(response).get("snapshot")
    if not isinstance(snapshot, dict):
        raise unexpected(response, "no snapshot")
    return str(snapshot.get("bookmark"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - JSON


class LedgerWriter:
    """Past the API, with AWS credentials.

    Raises:
        ConsoleError: there is no ledger, or it does not let us in.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        if store.ledger.head(Deadline()) is None:
            raise ConsoleError(f"there is no ledger in the table {store.ledger.table_name}", "python -m console init")

    def append(self, key: str, drafts: Sequence[Draft]) -> str:
        """Append with the same idempotency record that the API would write."""
        call = Call(key, short_hash(json.dumps(drafts).encode()).hexdigest())
        with explained():
            appended = _persistently(lambda: self._store.appender.append(drafts, Deadline(), call), PATIENCE_S)
        return str(appended.bookmark)

    def publish(self) -> str | None:
        """Build the snapshot here, if EFS is mounted here."""
        publisher = self._store.publisher
        if publisher is None:
            return None
        try:
            with explained():
                head = self._store.appender.head(Deadline())
                published = _persistently(lambda: publisher.publish(head, Usage()), PUBLISH_PATIENCE_S)
        except (OSError, sqlite3.Error, UnprovenError) as error:
            raise ConsoleError(f"the snapshot cannot be written: {error}", "check the folder EFS_DIR") from error
        return str(published.bookmark)


def _persistently(operation: Callable[[], T], limit_s: float) -> T:
    """Run it until it is through, as long as it asks to come again later."""
    patience = Patience(limit_s)
    while True:
        try:
            return operation()
        except Problem as problem:
            if "retry-after" not in problem.headers or not patience.pause(float(problem.headers["retry-after"])):
                raise
