"""Two ways to load rows: through the API, or straight into the ledger. Both take a batch with the same key once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from console.client.client import RETRY_FOR_S, Client, read_members
from console.client.failures import unexpected
from console.client.retry import Retry
from console.client.snapshots import published_bookmark
from console.data.ledger import Store, explain_errors
from console.errors import ConsoleError
from console.paths import PROGRAM
from handlers.aws.dynamodb import Deadline
from handlers.domain.hashes import short_hash
from handlers.domain.problem import Problem
from handlers.ledger.idempotency import Call
from handlers.model.model import Draft
from handlers.rows import MODEL
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.published import DivergedError
from handlers.telemetry.usage import Usage

PUBLISH_RETRY_FOR_S = 600.0  # a long ledger is published in several steps, and each asks to come again

T = TypeVar("T")


class Writer(Protocol):
    """A place that rows are written to."""

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
        body = {"items": [MODEL.draft_fields(draft) for draft in drafts]}
        headers = {"idempotency-key": key, "prefer": "respond-async"}
        response = self._client.post("/insert", body, headers)
        members = read_members(response)
        if members.get("inserted") != len(drafts) or "bookmark" not in members:
            raise unexpected(response, f"not {len(drafts)} rows inserted")
        return str(members["bookmark"])

    def publish(self) -> str:
        """POST /snapshots."""
        return published_bookmark(self._client.post("/snapshots", {}, retry_for_s=PUBLISH_RETRY_FOR_S))


class LedgerWriter:
    """Past the API, with AWS credentials.

    Raises:
        ConsoleError: there is no ledger, or it does not let us in.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        if store.ledger.head(Deadline()) is None:
            raise ConsoleError(f"there is no ledger in the table {store.ledger.table_name}", f"{PROGRAM} init")

    def append(self, key: str, drafts: Sequence[Draft]) -> str:
        """Append with the same idempotency record that the API would write."""
        call = Call(key, short_hash(json.dumps(drafts).encode()).hexdigest())
        with explain_errors():
            appended = _persistently(lambda: self._store.appender.append(drafts, Deadline(), call), RETRY_FOR_S)
        return str(appended.bookmark)

    def publish(self) -> str | None:
        """Build the snapshot here, if EFS is mounted here."""
        publisher = self._store.publisher
        if publisher is None:
            return None
        try:
            with explain_errors():
                head = self._store.appender.head(Deadline())
                published = _persistently(
                    lambda: publisher.publish(head.bookmark, Usage(), compact=True), PUBLISH_RETRY_FOR_S
                )
        except (OSError, sqlite3.Error, UnprovenError, DivergedError) as error:
            raise ConsoleError(f"the snapshot cannot be written: {error}", "check the folder EFS_DIR") from error
        return str(published.bookmark)


def _persistently(operation: Callable[[], T], limit_s: float) -> T:
    """Run it until it is through, as long as it asks to come again later."""
    retry = Retry(limit_s)
    while True:
        try:
            return operation()
        except Problem as problem:
            if "retry-after" not in problem.headers or not retry.pause(float(problem.headers["retry-after"])):
                raise
